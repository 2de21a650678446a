/* One access and its effects, row by row; columns are the lanes that take part. */
const ROW = 22, ROWS_MAX = 120;

/* Rows in the order of time; many alike in a row become one. */
function rowsOf(chain) {
  const rows = [];
  const all = [chain.root, ...chain.effects].sort((a, b) => a.ns - b.ns || (a === chain.root ? -1 : b === chain.root ? 1 : a.seq - b.seq));
  for (const event of all) {
    const last = rows[rows.length - 1];
    if (last && last.event.lane === event.lane && last.event.label === event.label) last.times++;
    else rows.push({event, times: 1});
  }
  return rows;
}

function columnOf(event) {
  const lane = TRACE.lanes[event.lane];
  return lane ? (name(lane.machine) + (lane.device === NONE ? "" : " " + name(lane.device))) : event.machine;
}

function showChain(seq) {
  const chain = chains.get(seq);
  if (!chain) {
    const event = bySeq.get(seq);
    find("lane-said").textContent = event ? `#${event.seq} ${event.label}: nothing that is kept follows from it` : "";
    return;
  }
  const rows = rowsOf(chain), columns = [...new Set(rows.map(row => columnOf(row.event)))];
  const left = 90, gap = 96, textAt = left + columns.length * gap + 10, height = 34 + Math.min(rows.length, ROWS_MAX) * ROW + 24;
  const svg = clear("chain", Math.max(1220, textAt + 620), height), xs = new Map();
  svg.style.minWidth = Math.max(900, textAt + 500) + "px";
  arrowHead(svg, "chain-head", colourOf(chain.root.machine));
  columns.forEach((column, i) => {
    const x = left + i * gap + gap / 2, machine = column.split(" ")[0];
    xs.set(column, x);
    draw(svg, "text", {x, y: 16, "text-anchor": "middle", fill: colourOf(machine)}, column);
    draw(svg, "line", {x1: x, x2: x, y1: 24, y2: height - 24, stroke: "#e2e7ec"});
  });
  let before = null;
  rows.slice(0, ROWS_MAX).forEach(({event, times}, i) => {
    const x = xs.get(columnOf(event)), y = 38 + i * ROW;
    if (before && before.x !== x)
      draw(svg, "path", {class: "arrow", d: `M${before.x},${before.y} L${x + (x > before.x ? -6 : 6)},${y}`,
                         stroke: colourOf(chain.root.machine), "marker-end": "url(#chain-head)"});
    draw(svg, "circle", {cx: x, cy: y, r: 4.5, fill: colourOf(event.machine)});
    draw(svg, "text", {x: 0, y: y + 4, class: "soft"}, "+" + ns(event.ns - chain.root.ns));
    draw(svg, "text", {x: textAt, y: y + 4}, event.label + (times > 1 ? `  ×${count(times)}` : ""));
    before = {x, y};
  });
  if (rows.length > ROWS_MAX)
    draw(svg, "text", {x: 0, y: height - 8, class: "left"}, `${count(rows.length - ROWS_MAX)} rows more are left out`);
  const select = find("chain-choice").querySelector("select");
  if (select) select.value = String(seq);
}

/* The weightiest of each kind first: what touches many lanes tells most. */
function openChains() {
  const weight = chain => new Set(chain.effects.map(e => e.lane)).size * 1000 + Math.min(chain.effects.length, 999);
  const best = [...chains.values()].sort((a, b) => weight(b) - weight(a) || a.root.seq - b.root.seq).slice(0, 60);
  if (!best.length) {
    nothing("chain", "no access led to anything else (record with --trace all)");
    return;
  }
  const select = add(find("chain-choice"), "select");
  for (const chain of best) {
    const option = add(select, "option", `#${chain.root.seq} ${chain.root.machine}: ${chain.root.label} (${count(chain.effects.length)})`);
    option.value = String(chain.root.seq);
  }
  select.onchange = () => showChain(Number(select.value));
  add(find("chain-choice"), "button", "show over time").onclick = () => zoomToChain(chains.get(Number(select.value)));
  showChain(best[0].root.seq);
}
