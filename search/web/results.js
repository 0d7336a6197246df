// The list: what is said above it, the results, where chance begins, the pages, and moving through them.

import { $, el, framed } from "./dom.js";
import { LAST_OFFSET, NO_FILTERS, PAGE, go, linkTo, narrowed, state, wording } from "./address.js";
import { hit } from "./hit.js";
import { showTake } from "./take.js";
import { dayRange, t } from "./words.js";

const [main, hits] = [$("results"), $("hits")];
let drawn = []; // the results on show

export function showAnswer(answer) {
  const { results, total, offset } = answer;
  drawn = results;
  $("stage").classList.remove("speaks");
  $("status").classList.toggle("unseen", !results.length);
  $("status").textContent = summary(answer, results.length);
  $("notes").replaceChildren(...notes(answer));
  if (!results.length) $("notes").append(nothing(total));
  hits.start = offset + 1;
  hits.replaceChildren(...lines(results));
  showPages(total);
  showTake(results.length);
}

function summary({ total, offset, took_ms }, shown) {
  if (!total) return shown ? t("none_sure") : t("none");
  const range = shown && total > PAGE ? t("range", offset + 1, Math.min(offset + shown, Math.max(total, offset + shown))) : "";
  return t("found", total, range, String(Number(took_ms.toPrecision(2))));
}

function notes(answer) {
  const nodes = answer.warnings.map((text) => el("p.note", t("warnings")[text] ?? text));
  if (answer.confident === false && answer.results.length) nodes.unshift(el("p.note.unsure", t("unsure", wording(state))));
  if (answer.suggestions?.length) {
    nodes.push(el("p.note.plain", t("meant"), answer.suggestions.map((text) => framed(text, () => go({ q: text })))));
  }
  for (const { text, after, before } of answer.offers ?? []) {
    if (state.after === after && state.before === before) continue;
    nodes.push(el("p.note.plain", t("offer", text), framed(dayRange({ after, before }), () => go({ after, before }))));
  }
  return nodes;
}

/** Results as list items; a line before the first by chance, or by date before the first that is far from the question. */
function lines(results) {
  const first = results.findIndex((result) => result.chance);
  return results.map((result, i) => el("li", i === first && el("p.chance-line", t(state.sort === "date" ? "far" : "chance")), hit(result, i, setCurrent)));
}

function nothing(total) {
  const choices = [];
  if (total) choices.push([t("first_page"), { page: 1 }]);
  if (narrowed(state)) choices.push([t("clear_filters"), NO_FILTERS]);
  if (state.mode !== "hybrid") choices.push([t("use_hybrid"), { mode: "hybrid" }]);
  return el("div.state",
    el("h2", total ? t("no_such_page") : t("nothing", wording(state))),
    el("p", total ? t("no_such_page_why") : t(narrowed(state) ? "nothing_narrowed" : "nothing_why")),
    el("div.choices", choices.map(([label, change]) => framed(label, () => go(change)))),
  );
}

function showPages(total) {
  const last = Math.min(Math.ceil(total / PAGE), LAST_OFFSET / PAGE + 1);
  const nav = $("pages");
  nav.hidden = last <= 1;
  const turn = () => main.focus({ preventScroll: true });
  const link = (page, label, more = {}) => el("a", { ...linkTo({ page, read: "" }, turn), ...more }, label);
  const wanted = [...new Set([1, state.page - 2, state.page - 1, state.page, state.page + 1, state.page + 2, last])].filter((page) => page >= 1 && page <= last).sort((a, b) => a - b);
  const nodes = [];
  if (state.page > 1) nodes.push(link(Math.min(state.page - 1, last), t("previous"), { rel: "prev" }));
  wanted.forEach((page, i) => {
    if (i && page - wanted[i - 1] > 1) nodes.push(el("span", { "aria-hidden": "true" }, "…"));
    nodes.push(page === state.page ? el("span", { "aria-current": "page" }, String(page)) : link(page, String(page), { "aria-label": t("page", page) }));
  });
  if (state.page < last) nodes.push(link(state.page + 1, t("next"), { rel: "next" }));
  nav.replaceChildren(...nodes);
}

export function clearResults() {
  drawn = [];
  $("status").textContent = "";
  $("notes").replaceChildren();
  hits.replaceChildren();
  $("pages").hidden = true;
  showTake(0);
}

export const shownResults = () => drawn;
export const current = () => hits.querySelector(".hit.current");
const all = () => [...hits.querySelectorAll(".hit")];

export function setCurrent(i, focus = false) {
  current()?.classList.remove("current");
  const node = all()[i];
  if (!node) return;
  node.classList.add("current");
  if (focus) {
    node.querySelector("h2 a").focus({ preventScroll: true });
    node.scrollIntoView({ block: "nearest" });
  }
}

export function move(by) {
  const nodes = all();
  if (!nodes.length) return;
  const i = nodes.indexOf(current());
  const to = Math.min(Math.max(i < 0 ? (by > 0 ? 0 : nodes.length - 1) : i + by, 0), nodes.length - 1);
  if (!state.read) {
    setCurrent(to, true);
    return;
  }
  setCurrent(to); // the article follows, as in a mail program
  nodes[to].scrollIntoView({ block: "nearest" });
  const { article_id: read, passages: [first] } = drawn[to];
  go({ read, at: first ? `${first.start}-${first.end}` : "" }, { replace: true });
}

hits.addEventListener("focusin", (event) => {
  const node = event.target.closest(".hit");
  if (node && node !== current()) setCurrent(all().indexOf(node));
});
