// The page: address -> GET search -> results. The other files draw; this one says what and when.

import { $, el, framed } from "./dom.js";
import { followAddress, go, linkTo, question, state } from "./address.js";
import { pace, showForm } from "./asking.js";
import "./keys.js";
import { clearFacets, showChips, showFacets } from "./narrow.js";
import { closeReader, openReader, wide } from "./reader.js";
import { clearResults, showAnswer } from "./results.js";
import { ask, askOnce, forget } from "./server.js";
import { takeFiles } from "./upload.js";
import { explainError, problem } from "./trouble.js";
import { speak, t } from "./words.js";

const [box, main] = [$("q"), $("results")];
const SLOW = 1500; // ms after which it is said that an answer takes its time

let pending = null; // the search under way
let shown = null; // the question that the list answers
let view = ""; // the view on show beside the list
let sayEmpty = null; // while there are no articles
let several = false; // indexes are served
let tell;
const told = new Promise((resolve) => (tell = resolve)); // whether they are

async function render({ again = false, scroll = null, back = false }) {
  showForm(back);
  showChips();
  const { classList } = document.body;
  classList.toggle("home", !state.q && !state.read && !state.view);
  classList.toggle("viewing", Boolean(state.view));
  document.title = [state.view ? t(`view_${state.view}`) : state.q, t("name")].filter(Boolean).join(" · ");
  showPlaces();
  if (state.read) openReader();
  else closeReader();
  if (state.view) await showView();
  else if (view) leaveView();
  if (state.view) return;
  if (!state.q) clearList();
  else if (again || shown !== asking()) await search(again, scroll);
  else if (scroll !== null) scrollTo(0, scroll);
}

/* the list */

const asking = () => `${state.index} ${question(state)}`;

function clearList() {
  pending?.abort();
  shown = null;
  main.removeAttribute("aria-busy");
  $("stage").classList.remove("speaks");
  clearResults();
  clearFacets();
}

async function search(again, scroll) {
  pending?.abort();
  const mine = (pending = new AbortController());
  const asked = question(state);
  if (again) forget(`search?${asked}`);
  const began = performance.now();
  const quiet = setTimeout(() => main.setAttribute("aria-busy", "true"), 120);
  const patience = setInterval(() => {
    $("status").classList.remove("unseen");
    $("status").textContent = t("still_looking", Math.round((performance.now() - began) / 1000));
  }, SLOW);
  try {
    const answer = await askOnce(`search?${asked}`, mine.signal);
    if (mine !== pending) return;
    pace(performance.now() - began);
    shown = asking();
    showAnswer(answer);
    await sayEmpty?.();
    if (state.read) openReader();
    scrollTo(0, scroll ?? 0);
    showFacets();
  } catch (error) {
    if (mine !== pending || error.name === "AbortError") return;
    shown = null;
    showError(error);
  } finally {
    clearTimeout(quiet);
    clearInterval(patience);
    if (mine === pending) main.removeAttribute("aria-busy");
  }
}

function showError(error) {
  clearResults();
  clearFacets();
  $("stage").classList.add("speaks");
  $("status").textContent = explainError(error)[0];
  $("status").classList.add("unseen");
  $("notes").replaceChildren(problem(error, () => {
    (state.q ? main : box).focus(); // what was pressed goes
    return state.q ? render({ again: true }) : begin();
  }));
}

/* the other views, loaded when they are first looked at */

const VIEWS = { overview: () => import("./overview.js"), health: () => import("./health.js") };

async function showView() {
  const name = state.view;
  const node = $("view");
  node.hidden = false;
  if (view !== name) clearList();
  view = name;
  await told;
  if (state.view !== name) return;
  if (several && !state.index) {
    const choices = [...$("index").options].slice(1).map(({ value }) => framed(value, () => go({ index: value })));
    node.replaceChildren(el("div.state", el("h2", t(`view_${name}`)), el("p", t("choose_index")), el("div.choices", choices)));
    return;
  }
  const { draw } = await VIEWS[name]();
  if (state.view === name) await draw(node);
}

function leaveView() {
  view = "";
  $("view").hidden = true;
  $("view").replaceChildren();
}

function showPlaces() {
  for (const link of document.querySelectorAll("[data-view]")) {
    const to = linkTo({ view: link.dataset.view, read: "", at: "" });
    link.setAttribute("href", to.href);
    link.onclick = to.onclick;
    if (state.view === link.dataset.view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Of several indexes one can be chosen; all are asked by default. */
function showIndexes(indexes) {
  const select = $("index");
  several = Boolean(indexes);
  if (!indexes || select.options.length) return;
  select.append(...["", ...Object.keys(indexes)].map((name) => el("option", { value: name, selected: name === state.index }, name || t("all_indexes"))));
  select.hidden = false;
}

$("index").addEventListener("change", (event) => go({ index: event.target.value, of: "" }));

/* begin */

async function begin() {
  render({});
  try {
    const { articles, chunks, committed_at: when, indexes } = await ask("stats", null, "");
    $("holdings").textContent = t("holdings", articles, chunks) + (when ? t("updated", when.slice(0, 10)) : "");
    showIndexes(indexes);
    tell();
    const writes = await takeFiles(begin);
    sayEmpty = articles ? null : async () => (await import("./first.js")).firstRun($("notes"), $("stage"), writes);
    if (!state.view) await sayEmpty?.();
  } catch (error) {
    tell();
    if (!state.q && !state.read && !state.view) showError(error);
  }
}

speak();
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.append(el("form", { method: "dialog" }, el("h2", dialog.ariaLabel), el("button.quiet", t("close"))), el("div", { id: `${dialog.id}-body` }));
}
new ResizeObserver(() => document.documentElement.style.setProperty("--top", `${$("top").offsetHeight}px`)).observe($("top"));
followAddress(render);
begin();
if (!state.q && !state.read && !state.view && wide.matches) box.focus();
