// Nodes and text. Nothing is ever parsed as HTML; offsets count code points, so texts are cut as Array.from(text).

export const $ = (id) => document.getElementById(id);

/** A node: `tag.class.class`, attributes and listeners (onclick: ...) if any, children; strings become text, never markup. */
export const el = (name, ...rest) => fill((tag) => document.createElement(tag), name, rest);

/** The same in SVG. */
export const svg = (name, ...rest) => fill((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag), name, rest);

const given = (value) => value !== null && value !== undefined && value !== false;

function fill(make, name, rest) {
  const [tag, ...classes] = name.split(".");
  const node = make(tag);
  if (classes.length) node.classList.add(...classes);
  const attributes = rest[0]?.constructor === Object ? rest.shift() : {};
  for (const [key, value] of Object.entries(attributes)) {
    if (!given(value)) continue;
    if (typeof value === "function") node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...rest.flat().filter((child) => given(child) && child !== ""));
  return node;
}

/** A button of the quiet kind. */
export function button(label, onclick, attributes = {}) {
  return el("button.quiet", { type: "button", onclick, ...attributes }, label);
}

const TRADITIONAL = /[們這個來說時為國學會對發動從還過開點實後現經關業見長東車門問間電話讓與書樣麼]/gu;

/** zh-Hant for text in traditional script, so that its glyphs are drawn as its readers know them. */
export function script(text) {
  const sample = text.slice(0, 2000);
  return (sample.match(TRADITIONAL)?.length ?? 0) > sample.length / 50 ? "zh-Hant" : "zh-Hans";
}

/** Only http(s) addresses become links. */
export function safeLink(address) {
  try {
    return /^https?:$/.test(new URL(address).protocol) ? address : null;
  } catch {
    return null;
  }
}

/** Sorted, in bounds, not overlapping. */
export function tidy(ranges, length) {
  const tidied = [];
  for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const from = Math.max(start, tidied.at(-1)?.[1] ?? 0);
    const to = Math.min(end, length);
    if (from < to) tidied.push([from, to]);
  }
  return tidied;
}

/** `chars[from:to]` as text, with each of the tidy `ranges` wrapped by `wrap(start, end)`. */
function cut(chars, from, to, ranges, wrap) {
  const nodes = [];
  let at = from;
  for (const [start, end] of ranges) {
    if (end <= from || start >= to) continue;
    const [s, e] = [Math.max(start, from), Math.min(end, to)];
    if (s > at) nodes.push(chars.slice(at, s).join(""));
    nodes.push(wrap(s, e));
    at = e;
  }
  if (at < to) nodes.push(chars.slice(at, to).join(""));
  return nodes;
}

/** `chars[from:to]` as text nodes and <mark>s, each with the `attributes` of where it begins. */
export function marked(chars, from, to, ranges, attributes = () => ({})) {
  return cut(chars, from, to, ranges, (s, e) => el("mark", attributes(s), chars.slice(s, e).join("")));
}

/** With the nearest sentence in another tint. */
export function tinted(chars, from, to, ranges, sentence) {
  if (!sentence) return marked(chars, from, to, ranges);
  const [start, end] = [Math.max(from, sentence[0]), Math.min(to, sentence[1])];
  if (start >= end) return marked(chars, from, to, ranges);
  return [
    ...marked(chars, from, start, ranges),
    el("span.nearest", marked(chars, start, end, ranges)),
    ...marked(chars, end, to, ranges),
  ];
}

const STOP = new Set("。！？；!?;\n");

/** The part of a long passage that holds most of what was found, from a sentence's beginning where one is near. */
export function excerpt(chars, ranges) {
  const room = innerWidth < 704 ? 100 : 150;
  if (chars.length <= room * 1.25) return [0, chars.length];
  let [best, most] = [0, -1];
  for (const [start] of ranges) {
    const held = ranges.reduce((sum, [s, e]) => sum + (s >= start && s < start + room * 0.8 ? Math.min(e, start + room * 0.8) - s : 0), 0);
    if (held > most) [best, most] = [start, held];
  }
  let from = Math.min(best, chars.length - room * 0.8);
  const floor = Math.max(0, from - 45);
  let at = Math.floor(from);
  while (at > floor && !STOP.has(chars[at - 1])) at -= 1;
  from = at > floor || floor === 0 ? at : Math.max(0, Math.floor(from) - 12);
  let to = Math.min(chars.length, from + room);
  for (let i = to; i < Math.min(chars.length, to + 25); i += 1) if (STOP.has(chars[i])) { to = i + 1; break; }
  return [from, chars.length - to < 12 ? chars.length : to];
}
