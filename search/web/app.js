// The page: address -> GET search -> results. The other files draw; this one decides what and when.

import { $, el, number } from "./dom.js";
import { FILTERS, followAddress, go, leaves, question, state } from "./address.js";
import { closeSuggestions, composing } from "./complete.js";
import { closeReader, leaveReader, openReader, readFrom, wide } from "./reader.js";
import { current, move, showAnswer } from "./results.js";
import { ask, askOnce, explainError, forget, problem } from "./server.js";

const [form, box, main, hits] = [$("form"), $("q"), $("results"), $("hits")];

let pending = null; // the search under way
let shown = null; // what the list shows: {key, answer}

async function render({ again = false, scroll = null }) {
  closeSuggestions();
  showForm();
  document.body.classList.toggle("home", !state.q && !state.read);
  document.title = state.q ? `${state.q} · 文搜` : "文搜";
  if (!state.q) clearList();
  else if (again || shown?.key !== question(state)) await search(again, scroll);
  else if (scroll !== null) scrollTo(0, scroll);
  if (state.read) openReader();
  else closeReader();
}

function showForm() {
  if (document.activeElement !== box || !composing) box.value = state.q;
  for (const radio of form.elements.mode) radio.checked = radio.value === state.mode;
  $("after").value = state.after;
  $("before").value = state.before;
  $("source").value = "";
  $("chips").replaceChildren(
    ...FILTERS.flatMap((name) => state[name].map((value) => chip(value, name, `不限${{ source: "来源", author: "作者", tag: "标签" }[name]}`))),
  );
  const active = FILTERS.reduce((sum, name) => sum + state[name].length, 0) + Boolean(state.after) + Boolean(state.before);
  $("filter-count").textContent = active || "";
  if (active && innerWidth > 704) showFilters(true); // on a small screen the count on the button says enough
}

function chip(value, name, does) {
  const drop = () => go({ [name]: state[name].filter((other) => other !== value), page: 1, read: "" });
  return el("button", { type: "button", class: "chip", "aria-label": `${value}，${does}`, onclick: drop }, value);
}

function showFilters(open) {
  $("filters").hidden = !open;
  $("filter-toggle").setAttribute("aria-expanded", String(open));
}

function clearList() {
  pending?.abort();
  shown = null;
  main.removeAttribute("aria-busy");
  $("stage").classList.remove("speaks");
  $("status").textContent = "";
  $("notes").replaceChildren();
  hits.replaceChildren();
  $("pages").hidden = true;
}

async function search(again, scroll) {
  pending?.abort();
  const mine = (pending = new AbortController());
  const key = question(state);
  if (again) forget(`search?${key}`);
  const slow = setTimeout(() => {
    main.setAttribute("aria-busy", "true");
    if (!shown) $("status").textContent = "正在找……";
  }, 120);
  try {
    const answer = await askOnce(`search?${key}`, mine.signal);
    if (mine !== pending) return;
    shown = { key, answer };
    showAnswer(answer);
    scrollTo(0, scroll ?? 0);
  } catch (error) {
    if (mine !== pending || error.name === "AbortError") return;
    shown = null;
    showError(error);
  } finally {
    clearTimeout(slow);
    if (mine === pending) main.removeAttribute("aria-busy");
  }
}

function showError(error) {
  $("stage").classList.add("speaks");
  $("status").textContent = explainError(error)[0];
  $("status").classList.add("unseen");
  hits.replaceChildren();
  $("pages").hidden = true;
  $("notes").replaceChildren(problem(error, () => (state.q ? render({ again: true }) : begin())));
}

/* ---- keys ---- */

addEventListener("keydown", (event) => {
  if (event.isComposing || composing || event.keyCode === 229) return; // the key belongs to the input method
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest?.("input:not([type=radio]), textarea, select");
  if (event.key === "Escape") {
    if (!$("suggestions").hidden) closeSuggestions();
    else if (state.read) leaveReader();
    else if (typing) typing.blur();
    else return;
    event.preventDefault();
    return;
  }
  if (typing) return;
  const does = {
    "/": () => { if (!main.inert) { box.focus(); box.select(); } },
    j: () => move(1),
    k: () => move(-1),
    e: () => current()?.querySelector("[data-kind=why]")?.click(),
  }[event.key];
  if (!does || (main.inert && event.key !== "Escape")) return;
  event.preventDefault();
  does();
});

/* ---- the form ---- */

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (composing) return;
  const source = $("source").value.trim();
  const q = box.value.trim();
  if (!q) return box.focus();
  box.blur();
  go({
    q,
    mode: form.elements.mode.value,
    source: source ? [...new Set([...state.source, source])] : state.source,
    after: $("after").value,
    before: $("before").value,
    page: 1,
    read: "",
    at: "",
  });
});

for (const radio of form.elements.mode) {
  radio.addEventListener("change", () => {
    if (state.q) go({ mode: radio.value, page: 1, read: "", at: "" });
    else state.mode = radio.value;
  });
}
$("filter-toggle").addEventListener("click", () => showFilters($("filters").hidden));
document.querySelector(".brand").addEventListener("click", (event) => {
  if (leaves(event)) return;
  event.preventDefault();
  go({ q: "", mode: "hybrid", source: [], author: [], tag: [], after: "", before: "", page: 1, read: "", at: "" });
  showFilters(false);
  box.focus();
});

/* ---- begin ---- */

async function begin() {
  render({});
  try {
    const { articles, chunks, committed_at: when } = await ask("stats");
    const day = typeof when === "string" && when ? `，更新于 ${when.slice(0, 10)}` : "";
    $("holdings").textContent = `${number.format(articles)} 篇文章，${number.format(chunks)} 个段落${day}`;
  } catch (error) {
    if (!state.q && !state.read) showError(error);
  }
}

const topHeight = new ResizeObserver(() => document.documentElement.style.setProperty("--top", `${$("top").offsetHeight}px`));
topHeight.observe($("top"));
followAddress(render);
readFrom(() => shown?.answer.results ?? []);
begin();
if (!state.q && !state.read && wide.matches) box.focus();
