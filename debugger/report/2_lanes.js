/* Lanes over time: density of all accesses, dots for what is kept, arrows along causality. */
const LANE_HEIGHT = 46, LANE_LEFT = 130, LANE_WIDTH = 1240, ARROWS_MAX = 400, DOTS_MAX = 3000, DEVICES_MAX = 14,
      ARROW_GAP = 9;

/* The switch's ports are one lane, and so are interrupt controllers that hang together. */
function part(device) {
  if (hosts.length && (guests.includes(device) || device === "uplink")) return "switch";
  return /^pic[01]$/.test(device) ? "interrupts" : device;
}

function chooseLanes() {
  const lanes = [];
  const put = (label, machine, lane) => {
    if (lane && !lanes.some(other => other.label === label)) lanes.push({label, machine, members: [lane]});
  };
  const isPhysical = machine => hosts.length ? hosts.includes(machine) : guests.includes(machine);
  for (const guest of guests)
    put(guest, guest, TRACE.lanes.find(lane => lane.device === NONE && name(lane.machine) === guest));
  /* What sectors and frames pass through tells more than what is merely read often. */
  const weight = own => own.length + (own.some(e => e.kind === "disk" || e.kind === "frame") ? 1e12 : 0);
  const rest = TRACE.lanes.filter(lane => lane.device !== NONE && isPhysical(name(lane.machine)))
    .map(lane => ({lane, used: lane.reads + lane.writes + weight(events.filter(e => TRACE.lanes[e.lane] === lane))}))
    .filter(item => item.used > 0).sort((a, b) => b.used - a.used);
  for (const {lane} of rest.slice(0, DEVICES_MAX)) {
    const label = (hosts.length ? "host " : "") + part(name(lane.device));
    const same = lanes.find(other => other.label === label);
    if (same) same.members.push(lane);
    else put(label, name(lane.machine), lane);
  }
  /* A guest's own virtual devices, interrupt controllers and frames belong to its lane. */
  for (const lane of TRACE.lanes) {
    const own = lanes.find(l => guests.includes(l.machine) && l.label === l.machine && l.machine === name(lane.machine));
    if (own && !lanes.some(l => l.members.includes(lane))) own.members.push(lane);
  }
  lanes.forEach((lane, index) => { lane.y = 10 + index * LANE_HEIGHT; });
  return {lanes, leftOut: Math.max(0, rest.length - DEVICES_MAX)};
}

const {lanes, leftOut: lanesLeftOut} = chooseLanes();
const laneOf = event => lanes.find(lane => lane.members.includes(TRACE.lanes[event.lane]));
for (const event of events) event.at = laneOf(event);
const whole = {from: TRACE.first, to: Math.max(TRACE.last, TRACE.first + 1)};
const view = {from: whole.from, to: whole.to};
const xOf = time => LANE_LEFT + (time - view.from) / (view.to - view.from) * (LANE_WIDTH - LANE_LEFT);

function drawDensity(svg, lane) {
  const bins = TRACE.lanes[TRACE.lanes.indexOf(lane.members[0])].bins, top = Math.max(1, ...bins);
  const colour = colourOf(lane.machine);
  bins.forEach((value, i) => {
    const from = TRACE.first + i * TRACE.bin, to = from + TRACE.bin;
    if (!value || to < view.from || from > view.to) return;
    const x = Math.max(LANE_LEFT, xOf(from)), width = Math.max(1, Math.min(LANE_WIDTH, xOf(to)) - x);
    const height = 4 + 22 * Math.log1p(value) / Math.log1p(top);
    draw(svg, "rect", {x, y: lane.y + 34 - height, width, height, fill: colour, opacity: .22});
  });
}

function drawSlices(svg) {
  TRACE.slices.forEach(([from, machine], i) => {
    const to = i + 1 < TRACE.slices.length ? TRACE.slices[i + 1][0] : TRACE.last;
    const lane = lanes.find(l => l.label === name(machine));
    if (!lane || to < view.from || from > view.to) return;
    const x = Math.max(LANE_LEFT, xOf(from));
    draw(svg, "rect", {class: "slice", x, y: lane.y + 36, height: 4, fill: colourOf(lane.machine), opacity: .7,
                       width: Math.max(.4, Math.min(LANE_WIDTH, xOf(to)) - x)});
  });
}

function drawArrow(svg, from, to, colour) {
  const x1 = xOf(from.ns), x2 = xOf(to.ns), y1 = from.at.y + 20, y2 = to.at.y + 20 + (to.at.y > from.at.y ? -5 : 5);
  const bend = Math.max(12, Math.min(60, Math.abs(x2 - x1) / 2)), middle = (y1 + y2) / 2;
  draw(svg, "path", {class: "arrow", d: `M${x1},${y1} C${x1 + bend},${middle} ${x2 - bend},${middle} ${x2},${y2}`,
                     stroke: colour, "marker-end": `url(#head-${Math.max(0, guests.indexOf(from.machine))})`,
                     "data-from": from.seq, "data-to": to.seq});
}

/* Spread over all of them. */
const sample = (list, most) => list.length <= most ? list
  : Array.from({length: most}, (_, i) => list[Math.floor(i * list.length / most)]);

/* One arrow for each cause, lane and kind: further ones would lie on it. */
function arrowsInView() {
  const seen = new Set(), arrows = [];
  for (const chain of chains.values())
    for (const effect of chain.effects) {
      const key = `${chain.root.seq} ${effect.lane} ${effect.kind}`;
      if (!chain.root.at || !effect.at || chain.root.at === effect.at || seen.has(key)) continue;
      if (effect.ns < view.from || chain.root.ns > view.to) continue;
      seen.add(key);
      arrows.push([chain.root, effect]);
    }
  return arrows;
}

/* Of arrows between the same two lanes that would lie on each other at this zoom, one. */
function apart(arrows) {
  const places = new Set();
  return arrows.filter(([from, to]) => {
    const place = `${from.at.y} ${to.at.y} ${Math.round(xOf(to.ns) / ARROW_GAP)}`;
    return !places.has(place) && places.add(place);
  });
}

const timeText = (t, tick) => tick >= 1e9 ? (t / 1e9).toFixed(0) + " s"
  : (t / 1e6).toFixed(tick < 1e3 ? 6 : tick < 1e6 ? 3 : tick < 1e7 ? 1 : 0) + " ms";

function drawAxis(svg, bottom) {
  const span = view.to - view.from, step = 10 ** Math.floor(Math.log10(span / 4));
  const tick = [1, 2, 5].map(n => n * step).find(n => span / n <= 12) || 10 * step;
  for (let t = Math.ceil(view.from / tick) * tick; t <= view.to; t += tick) {
    draw(svg, "line", {x1: xOf(t), x2: xOf(t), y1: 6, y2: bottom, stroke: "#e8ecf0"});
    const anchor = xOf(t) > LANE_WIDTH - 24 ? "end" : "middle";
    draw(svg, "text", {x: xOf(t), y: bottom + 14, "text-anchor": anchor, class: "soft"}, timeText(t, tick));
  }
}

function drawLanes() {
  const bottom = 10 + lanes.length * LANE_HEIGHT, svg = clear("lanes", LANE_WIDTH + 10, bottom + 20);
  guests.forEach((guest, i) => arrowHead(svg, "head-" + i, colourOf(guest)));
  drawAxis(svg, bottom);
  for (const lane of lanes) {
    const group = draw(svg, "g", {class: "lane", "data-name": lane.label});
    draw(group, "line", {x1: 0, x2: LANE_WIDTH, y1: lane.y + 42, y2: lane.y + 42, stroke: "#dde3e9"});
    draw(group, "text", {x: 0, y: lane.y + 24, class: "lane-label", fill: colourOf(lane.machine)}, lane.label);
    drawDensity(group, lane);
  }
  drawSlices(svg);
  const arrows = arrowsInView(), drawn = sample(apart(arrows), ARROWS_MAX);
  for (const [from, to] of drawn) drawArrow(svg, from, to, colourOf(from.machine));
  const dots = events.filter(e => e.at && e.ns >= view.from && e.ns <= view.to);
  for (const event of sample(dots, DOTS_MAX)) {
    const dot = draw(svg, "circle", {class: "mark", cx: xOf(event.ns), cy: event.at.y + 20, r: 2.6,
                                     fill: colourOf(event.machine)});
    dot.onclick = () => showChain(event.cause || event.seq);
    draw(dot, "title", {}, `#${event.seq} ${event.label}`);
  }
  const parts = [];
  if (arrows.length > drawn.length) parts.push(`${count(arrows.length - drawn.length)} arrows more: zoom in`);
  if (dots.length > DOTS_MAX) parts.push(`${count(dots.length - DOTS_MAX)} dots more: zoom in`);
  if (lanesLeftOut) parts.push(`${lanesLeftOut} devices that were used least have no lane`);
  find("lane-said").textContent = `${ns(view.to - view.from)} from ${ns(view.from)} on` + parts.map(p => "; " + p).join("");
}

function zoomTo(from, to) {
  const span = Math.min(Math.max(to - from, 200), whole.to - whole.from);
  view.from = Math.min(Math.max(from, whole.from), whole.to - span);
  view.to = view.from + span;
  drawLanes();
}
function zoomBy(factor, centre) {
  zoomTo(centre - (centre - view.from) * factor, centre + (view.to - centre) * factor);
}
function zoomToChain(chain) {
  const last = Math.max(...chain.effects.map(e => e.ns)), span = Math.max(last - chain.root.ns, 1000);
  zoomTo(chain.root.ns - span * .15, last + span * .15);
}

/* At first: where arrows are, if that is a small part of the run. */
function zoomToArrows() {
  const times = arrowsInView().map(([, effect]) => effect.ns).sort((a, b) => a - b);
  const from = times[Math.floor(times.length * .1)], to = times[Math.floor(times.length * .9)];
  if (times.length < 4 || to - from > (whole.to - whole.from) / 4) drawLanes();
  else zoomTo(from - (to - from) * .15, to + (to - from) * .15);
}

function openLanes() {
  const middle = () => (view.from + view.to) / 2, span = () => view.to - view.from, svg = find("lanes");
  const timeAt = x => view.from + (x * (LANE_WIDTH + 10) / svg.clientWidth - LANE_LEFT) / (LANE_WIDTH - LANE_LEFT) * span();
  for (const [words, act] of [["whole run", () => zoomTo(whole.from, whole.to)], ["+", () => zoomBy(.4, middle())],
                              ["−", () => zoomBy(2.5, middle())], ["←", () => zoomTo(view.from - span() / 2, view.to - span() / 2)],
                              ["→", () => zoomTo(view.from + span() / 2, view.to + span() / 2)]])
    add(find("zoom"), "button", words).onclick = act;
  svg.addEventListener("wheel", e => {
    e.preventDefault();
    zoomBy(e.deltaY > 0 ? 1.3 : .77, timeAt(e.offsetX));
  }, {passive: false});
  let held = null;
  svg.addEventListener("pointerdown", e => { held = {x: e.offsetX, from: view.from, to: view.to}; });
  addEventListener("pointerup", () => { held = null; });
  svg.addEventListener("pointermove", e => {
    if (!held || e.buttons !== 1 || Math.abs(e.offsetX - held.x) < 3) return;
    const moved = (held.x - e.offsetX) / svg.clientWidth * (held.to - held.from);
    zoomTo(held.from + moved, held.to + moved);
  });
  zoomToArrows();
}
