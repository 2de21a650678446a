/* Packets, tables, and the start of it all. */
const PACKETS_MAX = 80;
const TYPES = {0x0800: "IPv4", 0x0806: "ARP", 0x86DD: "IPv6", 0x88B5: "lab"};

function openPackets() {
  const all = TRACE.frames.map(([time, seq, cause, machine, source, target, bytes, type, from, to]) =>
    ({time, seq, cause, machine: name(machine), source: name(source), target: name(target), bytes, type, from, to}));
  const frames = all.filter(f => !hosts.length || hosts.includes(f.machine)).sort((a, b) => a.time - b.time || a.seq - b.seq);
  if (!frames.length) {
    nothing("packets", "no frame passed");
    return;
  }
  const ports = [...new Set(frames.flatMap(f => [f.source, f.target]))], shown = frames.slice(0, PACKETS_MAX);
  const left = 110, gap = 130, textAt = left + ports.length * gap, height = 40 + shown.length * ROW;
  const svg = clear("packets", Math.max(1220, textAt + 460), height);
  ports.forEach((port, i) => {
    const x = left + i * gap + 40;
    draw(svg, "text", {x, y: 16, "text-anchor": "middle", class: "lane-label", fill: colourOf(port)}, port);
    draw(svg, "line", {x1: x, x2: x, y1: 24, y2: height, stroke: "#dde3e9"});
    arrowHead(svg, "packet-head-" + i, colourOf(port));
  });
  shown.forEach((f, i) => {
    const from = ports.indexOf(f.source), to = ports.indexOf(f.target), y = 38 + i * ROW;
    draw(svg, "text", {x: 0, y: y + 4, class: "soft"}, ns(f.time));
    draw(svg, "path", {class: "packet", d: `M${left + from * gap + 40},${y} H${left + to * gap + 40}`, fill: "none", "stroke-width": 1.6,
                       stroke: colourOf(f.source), "marker-end": `url(#packet-head-${from})`, "data-from": f.source, "data-to": f.target});
    draw(svg, "text", {x: textAt, y: y + 4}, `${TYPES[f.type] || "type " + f.type.toString(16)}, ${f.bytes} bytes, ${f.from} to ${f.to}`);
  });
  const later = frames.length - shown.length + TRACE.left.frames;
  find("packet-said").textContent = later > 0 ? `${count(later)} later frames are only counted` : "";
  table("paths", ["<machine", "<from", "<to", "frames", "bytes"],
        TRACE.paths.map(([machine, source, target, number, bytes]) => [name(machine), name(source), name(target), number, bytes]));
}

function openAccesses() {
  const rows = TRACE.lanes.filter(lane => lane.reads + lane.writes > 0)
    .map(lane => [name(lane.machine), lane.device === NONE ? "(all, by its processor)" : name(lane.device), lane.reads, lane.writes, lane.elements])
    .sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : b[2] + b[3] - a[2] - a[3]));
  table("accesses", ["<machine", "<device", "reads", "writes", "elements"], rows);
  const decided = TRACE.decisions.map((numbers, i) => [name(i), ...numbers]).filter(row => row.slice(2).some(n => n > 0));
  if (!decided.length) return;
  add(find("accesses"), "h2", "Decisions of the hypervisor");
  const place = add(find("accesses"), "div");
  place.id = "decisions";
  table("decisions", ["<guest", ...DECISIONS], decided);
}

function openCosts() {
  const sums = new Map();
  for (const chain of chains.values()) {
    const words = chain.root.label.split(" "), key = `${chain.root.machine}|${words[0]} ${words[1]}`;
    const sum = sums.get(key) || {number: 0, accesses: 0, requests: 0, frames: 0, interrupts: 0, time: 0, most: 0};
    const span = Math.max(...chain.effects.map(e => e.ns)) - chain.root.ns, of = kind => chain.effects.filter(e => e.kind === kind).length;
    sum.number++;
    sum.accesses += of("access");
    sum.requests += of("disk");
    sum.frames += of("frame");
    sum.interrupts += of("interrupt");
    sum.time += span;
    sum.most = Math.max(sum.most, span);
    sums.set(key, sum);
  }
  table("costs", ["<machine", "<access", "chains", "accesses led to, each", "disk requests", "frames", "steps of interrupts", "mean time", "longest"],
        [...sums.entries()].sort((a, b) => b[1].time - a[1].time).slice(0, 40).map(([key, s]) =>
          [...key.split("|"), s.number, (s.accesses / s.number).toFixed(1), s.requests, s.frames, s.interrupts, ns(s.time / s.number), ns(s.most)]));
}

function openInterrupts() {
  const mean = ([number, sum]) => number ? ns(sum / number) : "";
  const most = ([number, , longest]) => number ? ns(longest) : "";
  const at = step => STEPS.indexOf(step);
  table("interrupts", ["<machine", "<controller", "line", "raised", "requested", "acknowledged", "entered", "ended", "waiting, mean", "longest",
                       "serving, mean", "longest", "lost", "masked", "unserved"],
        TRACE.interrupts.map(i => [i.machine, i.source, i.line, ...["raised", "requested", "acknowledged", "entered", "ended"].map(s => i.steps[at(s)]),
                                   mean(i.waiting), most(i.waiting), mean(i.serving), most(i.serving),
                                   ...["lost", "masked", "unserved"].map(s => i.steps[at(s)])]), [12, 13, 14]);
}

function openTexts() {
  table("texts", ["<when", "<machine", "<words"], TRACE.texts.map(([time, machine, text]) => [ns(time), name(machine), text]));
}

function openSummary() {
  find("summary").textContent = `${count(TRACE.records)} records in ${ns(TRACE.last - TRACE.first)} of virtual time; ` +
    `${guests.length === 1 ? "machine" : "guests"}: ${guests.join(", ") || "none"}` + (hosts.length ? `; on ${hosts.join(", ")}` : "");
  const words = {events: "records with causes", disk: "disk requests", frames: "frames", slices: "slices of the processor",
                 texts: "lines of text", lanes: "records of devices without a lane", interrupts: "steps of interrupts"};
  const left = Object.entries(words).filter(([key]) => TRACE.left[key] > 0).map(([key, what]) => `${count(TRACE.left[key])} ${what}`);
  find("left").textContent = left.length ? `Not drawn one by one, for there are too many: ${left.join(", ")}. The tables of accesses and interrupts count all.` : "";
}

openSummary();
openLanes();
openChains();
openDisk();
openPackets();
openAccesses();
openCosts();
openInterrupts();
openTexts();
document.body.dataset.drawn = "yes";
