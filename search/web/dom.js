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

/** A button of the quiet kind, and one with an edge. */
export const button = (label, onclick, attributes = {}) => el("button.quiet", { type: "button", onclick, ...attributes }, label);
export const framed = (label, onclick) => button(label, onclick, { class: "quiet framed" });

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

/** `chars[from:to]` as text nodes and, for each of the tidy `ranges`, a <mark> with the `attributes` of where it begins. */
export function marked(chars, from, to, ranges, attributes = () => ({})) {
  const nodes = [];
  let at = from;
  for (const [start, end] of ranges) {
    const [s, e] = [Math.max(start, from), Math.min(end, to)];
    if (s >= e) continue;
    if (s > at) nodes.push(chars.slice(at, s).join(""));
    nodes.push(el("mark", attributes(s), chars.slice(s, e).join("")));
    at = e;
  }
  if (at < to) nodes.push(chars.slice(at, to).join(""));
  return nodes;
}

/** With the nearest sentence in another tint. */
export function tinted(chars, from, to, ranges, sentence) {
  const [start, end] = sentence ? [Math.max(from, sentence[0]), Math.min(to, sentence[1])] : [to, to];
  if (start >= end) return marked(chars, from, to, ranges);
  return [
    ...marked(chars, from, start, ranges),
    el("span.nearest", marked(chars, start, end, ranges)),
    ...marked(chars, end, to, ranges),
  ];
}

export const STOP = new Set("。！？；!?;\n");
const NEAREST = 1; // what the nearest sentence counts for, in characters that are marked: the words come first

/** The part of a long passage that holds most of what was found, from a sentence's beginning where one is near. */
export function excerpt(chars, ranges, nearest) {
  const room = innerWidth < 704 ? 100 : 150;
  if (chars.length <= room * 1.25) return [0, chars.length];
  const reach = room * 0.8;
  const counts = [...ranges.map(([start, end]) => [start, end - start]), ...(nearest ? [[nearest[0], NEAREST]] : [])];
  const held = (at) => counts.reduce((sum, [start, count]) => sum + (start >= at && start < at + reach ? count : 0), 0);
  const best = counts.reduce((found, [start]) => (held(start) > held(found) ? start : found), 0);
  const last = Math.floor(Math.min(best, chars.length - reach));
  let from = last;
  while (from > Math.max(0, last - 45) && !STOP.has(chars[from - 1])) from -= 1;
  if (from > 0 && !STOP.has(chars[from - 1])) from = Math.max(0, last - 12);
  let to = Math.min(chars.length, from + room);
  for (let i = to; i < Math.min(chars.length, to + 25); i += 1) if (STOP.has(chars[i])) { to = i + 1; break; }
  return [from, chars.length - to < 12 ? chars.length : to];
}
