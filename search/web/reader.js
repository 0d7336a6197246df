// Reading: an article beside the list, or over it on a narrow screen, with all that was found in it.

import { $, button, el, marked, script, tidy } from "./dom.js";
import { go, state, wording } from "./address.js";
import { openCitation } from "./cite.js";
import { aside } from "./fields.js";
import { meta } from "./hit.js";
import { minimap } from "./minimap.js";
import { current, setCurrent, shownResults } from "./results.js";
import { askOnce } from "./server.js";
import { problem } from "./trouble.js";
import { t } from "./words.js";

const reader = $("reader");
let opener = null; // what had the focus before
let reading = null; // {id, result, script, question, article, marks, places, scroll}: what is open, once it is drawn
export const wide = matchMedia("(min-width: 68rem)");

export async function openReader() {
  const id = state.read;
  if (!reading) opener = document.activeElement;
  document.body.classList.add("reading");
  reader.hidden = false;
  const question = wording(state);
  const result = shownResults().find((other) => other.article_id === id); // its passages are tinted
  setCurrent(shownResults().indexOf(result));
  if (reading?.id === id && reading.result === result && reading.script === state.script && reading.question === question && knows(state.at)) {
    cover();
    if (reading.scroll) showPlace();
    return;
  }
  const before = reading?.id === id ? reading.scroll?.scrollTop : undefined;
  const mine = (reading = { id, result, script: state.script, question });
  cover();
  const busy = setTimeout(() => fill(el("p.page", t("opening"))), 150);
  try {
    const [article, marks, converted] = await Promise.all([
      askOnce(`articles/${encodeURIComponent(id)}`),
      question ? askOnce(`marks?${new URLSearchParams({ id, q: question })}`).catch(() => ({ title: [], text: [] })) : { title: [], text: [] },
      state.script ? askOnce(`script?${new URLSearchParams({ id, to: state.script })}`) : null,
    ]);
    clearTimeout(busy);
    if (reading !== mine) return;
    Object.assign(reading, { article, marks: tidy(marks.text, Infinity) });
    reading.places = placesOf(result);
    draw(converted ? { ...article, ...converted } : article, marks.title);
    if (before !== undefined) reading.scroll.scrollTop = before;
    showPlace(before === undefined);
  } catch (error) {
    clearTimeout(busy);
    if (reading !== mine) return;
    fill(el("div.page", problem(error, () => { reading = null; openReader(); })));
  }
  if (before === undefined && !(wide.matches && document.activeElement?.closest("input, #view"))) reader.focus({ preventScroll: true });
}

const span = (at) => (at ? at.split("-").map(Number) : null);

const drawn = (here, places) => [...places.map(({ start, end }) => [start, end]), ...reading.marks].some(([s, e]) => s === here[0] && e === here[1]);

/** Whether a place is one that is drawn: a passage or a mark. */
function knows(at) {
  const here = span(at);
  return !here || !reading.places || drawn(here, reading.places);
}

/** The passages found in this article, and the place the address names, as code point spans of its text. */
function placesOf(result) {
  const found = (result?.passages ?? []).map(({ start, end, focus, page }) => ({ start, end, page, nearest: focus ? [start + focus[0], start + focus[1]] : null }));
  const here = span(state.at);
  if (here && here[1] > here[0] && !drawn(here, found)) found.push({ start: here[0], end: here[1], nearest: null });
  return found.sort((a, b) => a.start - b.start);
}

/* drawing */

function fill(...nodes) {
  reader.replaceChildren(bar(), el("div.reader-body", el("div.scroll", { tabindex: "0", role: "region", "aria-label": t("article") }, nodes)));
}

function bar() {
  const scripts = ["", "hans", "hant"].map((to) =>
    button(t(`script_${to || "own"}`), () => go({ script: to }, { replace: true }), { "aria-pressed": String(state.script === to) }),
  );
  return el("div.reader-bar",
    button(state.q ? t("to_results") : t("to_home"), leaveReader),
    el("span.spacer"),
    el("span.count", { id: "place", role: "status" }),
    button("↑", () => stepMark(-1), { id: "place-up", "aria-label": t("mark_before"), hidden: true }),
    button("↓", () => stepMark(1), { id: "place-down", "aria-label": t("mark_after"), hidden: true }),
    el("span.scripts", { role: "group", "aria-label": t("script") }, scripts),
    button(t("cite"), cite, { id: "cite" }),
    button(t("print"), () => print(), { id: "print" }),
  );
}

function draw(article, titleMarks) {
  const chars = Array.from(article.text);
  const title = Array.from(article.title);
  const { places, marks } = reading;
  const edges = [...new Set(places.flatMap(({ start, end, nearest }) => [start, end, ...(nearest ?? [])]))].sort((a, b) => a - b);
  const body = el("div.body");
  let at = 0;
  for (const line of article.text.split("\n")) {
    const to = at + Array.from(line).length;
    if (line.trim()) body.append(el("p", paragraph(chars, at, to, edges)));
    at = to + 1;
  }
  const lang = state.script ? `zh-${state.script === "hans" ? "Hans" : "Hant"}` : script(article.text);
  fill(
    el(
      "article",
      { class: "page", lang },
      title.length > 0 && el("h2", marked(title, 0, title.length, tidy(titleMarks, title.length))),
      meta(article, true),
      body,
      aside(article, places),
    ),
  );
  reading.scroll = reader.querySelector(".scroll");
  reading.now = -1;
  if (marks.length || places.length) reader.querySelector(".reader-body").append(minimap(reading.scroll, marks.length, goToMark, stepMark));
}

/** One line of the text, cut where passages begin and end (they may overlap); each piece knows its passages. */
function paragraph(chars, from, to, edges) {
  const { places, marks } = reading;
  const nodes = [];
  const cuts = [from, ...edges.filter((edge) => edge > from && edge < to), to];
  for (let i = 0; i + 1 < cuts.length; i += 1) {
    const [s, e] = [cuts[i], cuts[i + 1]];
    const of = places.flatMap((place, n) => (place.start <= s && e <= place.end ? [n] : []));
    const near = places.some(({ nearest }) => nearest && nearest[0] <= s && e <= nearest[1]);
    const piece = marked(chars, s, e, marks, (at) => ({ "data-mark": marks.findIndex(([first, end]) => first <= at && at < end) }));
    nodes.push(...(of.length ? [el("span", { class: near ? "found nearest" : "found", "data-places": of.join(" ") }, piece)] : piece));
  }
  return nodes;
}

/* places */

/** Tint the place that the address names, or else the first passage and bring it into sight. */
function showPlace(move = true) {
  const here = span(state.at);
  const { places, marks } = reading;
  const mark = here ? marks.findIndex(([s, e]) => s === here[0] && e === here[1]) : -1;
  const place = mark >= 0 ? -1 : Math.max(0, places.findIndex(({ start, end }) => here && start === here[0] && end === here[1]));
  const pieces = [...reader.querySelectorAll(".found")];
  const now = pieces.filter((piece) => piece.dataset.places.split(" ").includes(String(place)));
  for (const piece of pieces) piece.classList.toggle("now", now.includes(piece));
  const found = mark >= 0 ? [...reader.querySelectorAll(`mark[data-mark="${mark}"]`)] : now;
  for (const node of reader.querySelectorAll("mark.here")) node.classList.remove("here");
  if (mark >= 0) for (const node of found) node.classList.add("here");
  reading.now = mark >= 0 ? mark : marks.findIndex(([s]) => places[place] && s >= places[place].start) - 1;
  showCount(mark);
  if (move) bringIntoSight(found);
}

function showCount(mark) {
  const { length } = reading.marks;
  $("place").textContent = length ? (mark >= 0 ? t("mark_of", mark + 1, length) : t("marks", length)) : "";
  const strip = reader.querySelector("[role=slider]");
  strip?.setAttribute("aria-valuenow", mark + 1);
  const [start, end] = reading.marks[mark] ?? [0, 0];
  const around = Array.from(reading.article.text).slice(Math.max(0, start - 10), end && end + 10).join("");
  strip?.setAttribute("aria-valuetext", `${$("place").textContent} ${around}`);
  $("place-up").hidden = $("place-down").hidden = length < 1;
}

function bringIntoSight(nodes) {
  const { scroll } = reading;
  if (!nodes.length) return;
  const { top } = scroll.getBoundingClientRect();
  const [first, last] = [nodes[0].getBoundingClientRect().top - top, nodes.at(-1).getBoundingClientRect().bottom - top];
  if (first < 8 || Math.min(last, first + scroll.clientHeight / 2) > scroll.clientHeight - 8) scroll.scrollTop += first - Math.max(24, scroll.clientHeight * 0.22);
}

function goToMark(n) {
  const [start, end] = reading.marks[n];
  go({ at: `${start}-${end}` }, { replace: true });
}

export function stepMark(by) {
  const length = reading?.marks?.length;
  if (!length) return;
  goToMark((Math.max(reading.now + by, by < 0 && reading.now < 0 ? length - 1 : 0) + length) % length);
}

export function cite() {
  if (!reading?.article) return;
  const here = span(state.at);
  const place = reading.places.find(({ start, end }) => here && here[0] >= start && here[1] <= end) ?? reading.places[0];
  const picked = String(getSelection()).trim();
  const passage = place ? Array.from(reading.article.text).slice(place.start, place.end).join("").trim() : "";
  openCitation(reading.article, picked || passage, place?.page);
}

/* leaving */

export function leaveReader() {
  go({ read: "", at: "", script: "" });
}

export function closeReader() {
  if (!reading) return;
  reading = null;
  document.body.classList.remove("reading");
  cover();
  reader.hidden = true;
  reader.replaceChildren();
  (current()?.querySelector("h2 a") ?? opener)?.focus({ preventScroll: true });
}

/** On a narrow screen the article covers the rest, which is then out of reach; on a wide one it stands beside. */
function cover() {
  const covered = Boolean(reading) && !wide.matches;
  for (const id of ["skip", "top", "narrow", "results", "view", "foot"]) $(id).inert = covered;
  reader.setAttribute("role", covered ? "dialog" : "complementary");
  if (covered) reader.setAttribute("aria-modal", "true");
  else reader.removeAttribute("aria-modal");
}

wide.addEventListener("change", cover);
