/* What the numbers mean, and small helpers. TRACE is written by debugger/trace_report_page.c. */
"use strict";
const NONE = 255;
const KINDS = ["access", "wire", "interrupt", "effect", "disk", "frame", "text", "schedule"];
const STEPS = ["", "raised", "lowered", "requested", "acknowledged", "entered", "ended", "injected", "masked",
               "lost", "unserved"];
const DECISIONS = ["none", "emulate", "map", "pass", "deny", "share"];
const PALETTE = ["#2a6fbb", "#d1662c", "#3a8f5c", "#8a5bb5", "#b8902a", "#c04a6f", "#3b9aa3", "#7a6a55"];
const HOST_COLOUR = "#56616d";
const SVG = "http://www.w3.org/2000/svg";

const name = index => index === NONE ? "" : TRACE.names[index];
const events = TRACE.events.map(([seq, cause, ns, kind, lane, machine, label]) =>
  ({seq, cause, ns, kind: KINDS[kind], lane, machine: name(machine), label})).sort((a, b) => a.seq - b.seq);
const bySeq = new Map(events.map(event => [event.seq, event]));

/* Machines with a processor are guests (or the one machine); what is left is the host. */
const guests = TRACE.lanes.filter(lane => lane.device === NONE && lane.reads + lane.writes > 0)
                          .map(lane => name(lane.machine));
const hosts = [...new Set(TRACE.lanes.map(lane => name(lane.machine)))]
                          .filter(machine => machine && !guests.includes(machine));
const colourOf = machine => guests.includes(machine) ? PALETTE[guests.indexOf(machine) % PALETTE.length] : HOST_COLOUR;

/* Chains: an access without a cause, and all that names it. */
const chains = new Map();
for (const event of events) {
  if (!event.cause || !bySeq.has(event.cause)) continue;
  if (!chains.has(event.cause)) chains.set(event.cause, {root: bySeq.get(event.cause), effects: []});
  chains.get(event.cause).effects.push(event);
}

function ns(value) {
  if (value < 10000) return Math.round(value) + " ns";
  if (value < 10000000) return (value / 1000).toFixed(1) + " µs";
  return value < 10000000000 ? (value / 1000000).toFixed(1) + " ms" : (value / 1000000000).toFixed(2) + " s";
}
const count = value => value.toLocaleString("en-US");

/* An element with attributes; texts never become markup. */
function draw(parent, tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}
function add(parent, tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  parent.append(element);
  return element;
}
const find = id => document.getElementById(id);
function clear(id, width, height) {
  const svg = find(id);
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  return svg;
}
function nothing(id, words) {
  const svg = clear(id, 600, 30);
  draw(svg, "text", {x: 0, y: 20, class: "soft"}, words);
}
function arrowHead(svg, id, colour) {
  const marker = draw(draw(svg, "defs"), "marker", {id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7,
                                                    markerHeight: 7, orient: "auto"});
  draw(marker, "path", {d: "M0,0 L8,4 L0,8 z", fill: colour});
}

/* heads: words with "<" in front are texts, the others numbers. */
function table(id, heads, rows, flags) {
  const at = find(id);
  at.replaceChildren();
  if (!rows.length) {
    add(at, "p", "none", "nothing");
    return;
  }
  const element = add(at, "table"), head = add(add(element, "thead"), "tr"), body = add(element, "tbody");
  for (const word of heads) add(head, "th", word.replace("<", ""), word.startsWith("<") ? "word" : "");
  for (const row of rows) {
    const line = add(body, "tr");
    row.forEach((cell, i) => {
      const isWord = heads[i].startsWith("<"), isFlag = flags && flags.includes(i) && cell > 0;
      add(line, "td", typeof cell === "number" ? count(cell) : cell, (isWord ? "word" : "") + (isFlag ? "flag" : ""));
    });
  }
}
