// Reading: an article beside the list, or over it on a narrow screen, with the passages that were found.

import { $, el, marked, script, tidy } from "./dom.js";
import { go, state } from "./address.js";
import { current, meta } from "./results.js";
import { askOnce, problem } from "./server.js";

const reader = $("reader");
let results = () => []; // what the list shows; set by readFrom
let reading = null; // {id, places}: the article that is open and the passages found in it
export const wide = matchMedia("(min-width: 68rem)");

export async function openReader() {
  const id = state.read;
  const fresh = reading?.id !== id;
  document.body.classList.add("reading");
  cover();
  reader.hidden = false;
  if (!fresh) return placeIn();
  reading = { id };
  const busy = setTimeout(() => reader.replaceChildren(readerBar(), el("div", { class: "page" }, el("p", {}, "正在打开……"))), 150);
  try {
    const article = await askOnce(`articles/${encodeURIComponent(id)}`);
    if (reading?.id !== id) return;
    clearTimeout(busy);
    showArticle(article);
  } catch (error) {
    if (reading?.id !== id) return;
    clearTimeout(busy);
    reader.replaceChildren(readerBar(), el("div", { class: "page" }, problem(error)));
  }
  reader.focus({ preventScroll: true });
}

function readerBar() {
  return el(
    "div",
    { class: "reader-bar" },
    el("button", { class: "quiet", type: "button", onclick: leaveReader }, state.q ? "← 回到结果" : "← 回到首页"),
    el("span", { class: "spacer" }),
    el("span", { class: "count", id: "place" }),
    el("button", { class: "quiet", type: "button", id: "place-up", "aria-label": "上一处", hidden: true, onclick: () => step(-1) }, "↑"),
    el("button", { class: "quiet", type: "button", id: "place-down", "aria-label": "下一处", hidden: true, onclick: () => step(1) }, "↓"),
  );
}

/** The passages found in this article, and the place the address names, as code point spans of its text. */
function placesOf(article) {
  const result = results().find((other) => other.article_id === article.article_id);
  const found = (result?.passages ?? []).map(({ start, end, highlights }) => ({
    start,
    end,
    marks: highlights.map(([s, e]) => [start + s, start + e]),
  }));
  const [start, end] = state.at ? state.at.split("-").map(Number) : [0, 0];
  if (end > start && !found.some((place) => place.start === start)) found.push({ start, end, marks: [] });
  return found.sort((a, b) => a.start - b.start);
}

function showArticle(article) {
  const chars = Array.from(article.text);
  const places = placesOf(article);
  const marks = tidy(places.flatMap((place) => place.marks), chars.length);
  const edges = [...new Set(places.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  const body = el("div", { class: "body" });
  let at = 0;
  for (const line of article.text.split("\n")) {
    const to = at + Array.from(line).length;
    if (line.trim()) body.append(el("p", {}, paragraph(chars, at, to, edges, places, marks)));
    at = to + 1;
  }
  reading.places = places;
  reader.replaceChildren(
    readerBar(),
    el("article", { class: "page", lang: script(article.text) }, article.title && el("h2", {}, article.title), meta(article, true), body),
  );
  reader.scrollTop = 0;
  placeIn();
}

/** One line of the text, cut where passages begin and end (they may overlap); each piece knows its passages. */
function paragraph(chars, from, to, edges, places, marks) {
  const nodes = [];
  const cuts = [from, ...edges.filter((edge) => edge > from && edge < to), to];
  for (let i = 0; i + 1 < cuts.length; i += 1) {
    const [s, e] = [cuts[i], cuts[i + 1]];
    const of = places.flatMap((place, n) => (place.start <= s && e <= place.end ? [n] : []));
    const piece = marked(chars, s, e, marks);
    nodes.push(...(of.length ? [el("span", { class: "found", "data-places": of.join(" ") }, piece)] : piece));
  }
  return nodes;
}

/** Which of the places the address names: the one that begins there, else the first. */
function placeNow() {
  const start = state.at ? Number(state.at.split("-")[0]) : -1;
  return Math.max(0, reading.places.findIndex((place) => place.start === start));
}

/** Tint that passage and bring it into sight. */
function placeIn() {
  if (!reading?.places) return;
  const now = placeNow();
  const pieces = [...reader.querySelectorAll(".found")];
  const mine = pieces.filter((piece) => piece.dataset.places.split(" ").includes(String(now)));
  for (const piece of pieces) piece.classList.toggle("now", mine.includes(piece));
  const several = reading.places.length > 1;
  $("place").textContent = several ? `${now + 1} / ${reading.places.length} 处` : "";
  $("place-up").hidden = $("place-down").hidden = !several;
  if (!mine.length) return;
  const top = reader.getBoundingClientRect().top;
  const [first, last] = [mine[0].getBoundingClientRect().top - top, mine.at(-1).getBoundingClientRect().bottom - top];
  if (first < 56 || last > reader.clientHeight) reader.scrollTop += first - Math.max(56, reader.clientHeight * 0.22);
}

function step(by) {
  const { places } = reading;
  const { start, end } = places[(placeNow() + by + places.length) % places.length];
  go({ at: `${start}-${end}` }, { replace: true });
}

export function leaveReader() {
  go({ read: "", at: "" });
}

export function closeReader() {
  if (!reading) return;
  reading = null;
  document.body.classList.remove("reading");
  cover();
  reader.hidden = true;
  reader.replaceChildren();
  current()?.querySelector("h2 a")?.focus({ preventScroll: true });
}

/** On a narrow screen the article covers the rest, which is then out of reach; on a wide one it stands beside. */
function cover() {
  const covered = Boolean(reading ?? state.read) && !wide.matches;
  $("top").inert = $("results").inert = $("foot").inert = covered;
  reader.setAttribute("role", covered ? "dialog" : "complementary");
  if (covered) reader.setAttribute("aria-modal", "true");
  else reader.removeAttribute("aria-modal");
}

wide.addEventListener("change", cover);

/** `list()` gives the results on show, whose passages are marked in an article that is opened. */
export function readFrom(list) {
  results = list;
}
