// Narrowing: what is filtered, always in sight and one click from gone, and counts to filter by.

import { $, button, el, script } from "./dom.js";
import { FILTERS, NO_FILTERS, PAGE, asked, go, state } from "./address.js";
import { histogram } from "./histogram.js";
import { askOnce } from "./server.js";
import { dayRange, number, t } from "./words.js";

const FEW = 7; // values shown before all are asked for
const wholly = new Set(); // facets of which all values are shown
let pending = null;

/* what is filtered */

export function showChips() {
  const chips = [];
  const chip = (label, change, lang) =>
    chips.push(el("button", { type: "button", class: "chip", lang, "aria-label": t("drop", label), onclick: () => go(change) }, label));
  for (const word of state.within) chip(t("within_chip", word), { within: state.within.filter((other) => other !== word) });
  for (const name of FILTERS) {
    for (const value of state[name]) chip(value, { [name]: state[name].filter((other) => other !== value) }, script(value));
  }
  if (state.after || state.before) chip(dayRange(state), { after: "", before: "" });
  if (chips.length > 1) chips.push(button(t("clear_filters"), () => go(NO_FILTERS)));
  $("chips").replaceChildren(...chips);
  $("filter-count").textContent = chips.length > 1 ? chips.length - 1 : chips.length || "";
}

/* what there is to filter by */

export async function showFacets() {
  pending?.abort();
  const mine = (pending = new AbortController());
  try {
    const facets = await askOnce(`facets?${asked(state, { k: PAGE, offset: (state.page - 1) * PAGE })}`, mine.signal);
    if (mine !== pending) return;
    draw(facets);
  } catch (error) {
    if (mine !== pending || error.name === "AbortError") return;
    draw({}); // the list stands without its counts; what is filtered stays in sight
  }
}

export function clearFacets() {
  pending?.abort();
  $("facets").replaceChildren();
}

function draw(facets) {
  const focused = document.activeElement?.id;
  const groups = [dates(facets.month), ...FILTERS.map((name) => values(name, facets[name] ?? {}))].filter(Boolean);
  $("facets").replaceChildren(...groups);
  $("facets").append(el("p.quiet-line", t(groups.length ? "counted" : "nothing_to_narrow")));
  if (focused && $("facets").querySelector(`[id="${CSS.escape(focused)}"]`)) $(focused).focus({ preventScroll: true });
}

function group(name, ...children) {
  return el("section.facet", { "aria-labelledby": `facet-${name}` }, el("h2", { id: `facet-${name}` }, t(`facet_${name}`)), ...children);
}

function dates(months = {}) {
  if (!Object.keys(months).length && !state.after && !state.before) return null;
  const choose = (after, before) => go({ after, before });
  const day = (name) =>
    el("input", { type: "date", id: `day-${name}`, max: "9999-12-31", value: state[name], "aria-label": t(`brush_${name}`), onchange: (event) => choose(name === "after" ? event.target.value : state.after, name === "before" ? event.target.value : state.before) });
  return group("month", histogram(months, state, choose), el("p.days", day("after"), el("span", { "aria-hidden": "true" }, "–"), day("before")));
}

function values(name, counts) {
  const chosen = state[name];
  const rest = Object.keys(counts).filter((value) => !chosen.includes(value));
  const names = [...chosen, ...rest];
  if (!names.length) return null;
  const shown = wholly.has(name) ? names : names.slice(0, Math.max(FEW, chosen.length));
  const items = shown.map((value, i) => {
    const change = { [name]: chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value] };
    const id = `${name}-${i}`;
    const box = el("input", { type: "checkbox", id: `pick-${id}`, checked: chosen.includes(value), onchange: () => go(change) });
    return el("li", el("label", box, el("span.value", { lang: script(value) }, value), el("span.count", number(counts[value] ?? 0))));
  });
  const more = names.length > shown.length || wholly.has(name);
  const turn = () => {
    if (!wholly.delete(name)) wholly.add(name);
    showFacets();
  };
  return group(name, el("ul", items), more && button(wholly.has(name) ? t("fewer") : t("all_values", names.length), turn, { id: `all-${name}` }));
}

/* on a small screen the panel opens on demand */

export function showPanel(open) {
  $("narrow").classList.toggle("open", open);
  $("filter-toggle").setAttribute("aria-expanded", String(open));
}

$("filter-toggle").addEventListener("click", () => showPanel(!$("narrow").classList.contains("open")));

$("within-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const word = $("within").value.trim();
  if (!word || event.isComposing) return;
  $("within").value = "";
  go({ within: [...new Set([...state.within, word])] });
});
