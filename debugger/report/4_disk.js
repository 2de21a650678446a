/* The disk's surface as rings, and the head's path over the requests. */
function diskRequests() {
  const rows = TRACE.disk.map(([time, seq, cause, machine, source, owner, isWrite, lba, sectors, cylinder, head, sector]) =>
    ({time, seq, cause, machine: name(machine), source: name(source), owner: name(owner), isWrite, lba, sectors, cylinder, head, sector}));
  const owners = new Map(rows.filter(row => row.owner).map(row => [row.cause, row.owner]));
  const physical = rows.filter(row => !row.owner && (!hosts.length || hosts.includes(row.machine)));
  const first = physical.length ? physical[0].source : "";
  for (const row of physical)
    row.owner = owners.get(row.cause) || (bySeq.get(row.cause) || {}).machine || row.machine;
  return physical.filter(row => row.source === first).sort((a, b) => a.time - b.time || a.seq - b.seq);
}

function drawSurface(requests, most, owners) {
  const svg = clear("surface", 400, 400), rings = new Map(), outer = 190, inner = 46;
  const radius = cylinder => outer - cylinder / most * (outer - inner);
  for (const r of requests)
    rings.set(`${r.owner} ${r.cylinder}`, {owner: r.owner, cylinder: r.cylinder,
                                         count: ((rings.get(`${r.owner} ${r.cylinder}`) || {}).count || 0) + r.sectors});
  draw(svg, "circle", {cx: 200, cy: 200, r: outer + 6, fill: "#eef1f4", stroke: "#c8d0d8"});
  const width = Math.min(10, Math.max(2, (outer - inner) / most));
  for (const ring of rings.values())
    draw(draw(svg, "circle", {class: "cylinder", cx: 200, cy: 200, r: radius(ring.cylinder), fill: "none",
                              stroke: colourOf(ring.owner), "stroke-width": width, opacity: .75,
                              "data-guest": ring.owner, "data-cylinder": ring.cylinder}),
         "title", {}, `${ring.owner}: cylinder ${ring.cylinder}, ${count(ring.count)} sectors`);
  draw(svg, "circle", {cx: 200, cy: 200, r: inner - 8, fill: "#ffffff", stroke: "#c8d0d8"});
  draw(svg, "circle", {cx: 200, cy: 200, r: 9, fill: "#8793a0"});
  /* The head's path: once around from the first request to the last. */
  const points = requests.map((r, i) => {
    const angle = (i / Math.max(1, requests.length)) * 2 * Math.PI - Math.PI / 2, at = radius(r.cylinder);
    return `${(200 + at * Math.cos(angle)).toFixed(1)},${(200 + at * Math.sin(angle)).toFixed(1)}`;
  });
  draw(svg, "polyline", {class: "head-path", points: points.join(" "), fill: "none", stroke: "#1d2733", "stroke-width": 1,
                         opacity: requests.length > 500 ? .25 : .6});
  const legend = find("disk-legend");
  for (const owner of owners) {
    const item = add(legend, "span"), box = add(item, "i");
    box.style.background = colourOf(owner);
    item.append(`${owner}: ${count(requests.filter(r => r.owner === owner).length)} requests`);
  }
}

function drawHeadPath(requests, most) {
  const width = 800, height = 340, left = 52, svg = clear("path", width, height);
  const x = i => left + i / Math.max(1, requests.length - 1) * (width - left - 14), y = c => 26 + c / most * (height - 62);
  for (let i = 0; i <= 4; i++) {
    const cylinder = Math.round(most * i / 4);
    draw(svg, "line", {x1: left, x2: width, y1: y(cylinder), y2: y(cylinder), stroke: "#e8ecf0"});
    draw(svg, "text", {x: left - 8, y: y(cylinder) + 4, "text-anchor": "end", class: "soft"}, cylinder);
  }
  draw(svg, "text", {x: left, y: height - 6, class: "soft"}, `request 1, at ${ns(requests[0].time)}`);
  draw(svg, "text", {x: width - 4, y: height - 6, "text-anchor": "end", class: "soft"},
       `request ${count(requests.length)}, at ${ns(requests[requests.length - 1].time)}`);
  draw(svg, "text", {x: left, y: 10, class: "soft"}, "cylinder");
  draw(svg, "polyline", {class: "head-path", points: requests.map((r, i) => `${x(i).toFixed(1)},${y(r.cylinder).toFixed(1)}`).join(" "),
                         fill: "none", stroke: "#9aa5b1", "stroke-width": 1});
  const size = requests.length > 800 ? 1.5 : requests.length > 150 ? 2.5 : 4;
  requests.forEach((r, i) => {
    const dot = draw(svg, "circle", {class: "mark", cx: x(i), cy: y(r.cylinder), r: size, fill: r.isWrite ? "#ffffff" : colourOf(r.owner),
                                     stroke: colourOf(r.owner), "stroke-width": 1.3});
    dot.onclick = () => showChain(r.cause);
    draw(dot, "title", {}, `${r.owner} ${r.isWrite ? "writes" : "reads"} ${r.sectors} at C/H/S ${r.cylinder}/${r.head}/${r.sector}, ${ns(r.time)}`);
  });
}

function openDisk() {
  const requests = diskRequests();
  if (!requests.length) {
    nothing("surface", "no disk was read or written");
    return;
  }
  const most = Math.max(16, Math.ceil(Math.max(...requests.map(r => r.cylinder)) * 1.1));
  const owners = [...new Set(requests.map(r => r.owner))];
  drawSurface(requests, most, owners);
  drawHeadPath(requests, most);
  let moved = 0;
  requests.forEach((r, i) => { moved += i ? Math.abs(r.cylinder - requests[i - 1].cylinder) : 0; });
  find("disk-said").textContent = `${count(requests.length)} requests of ${requests[0].machine} ${requests[0].source}, ` +
    `${count(moved)} cylinders of head movement; filled: read, hollow: written` +
    (TRACE.left.disk ? `; ${count(TRACE.left.disk)} later requests are left out` : "");
}
