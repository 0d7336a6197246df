// The list: results, their panels, the pages, and moving through them.

import { $, el, excerpt, marked, number, script, safeLink, tidy } from "./dom.js";
import { FILTERS, LAST_OFFSET, PAGE, address, go, leaves, question, state } from "./address.js";
import { WARNINGS, askOnce } from "./server.js";
import { fillWhy } from "./why.js";

const [main, hits] = [$("results"), $("hits")];
let drawn = []; // the results on show

export function showAnswer(answer) {
  const { results, total, offset } = answer;
  drawn = results;
  $("status").classList.toggle("unseen", !results.length);
  $("stage").classList.remove("speaks");
  const where = results.length && total > PAGE ? `，这里是第 ${number.format(offset + 1)} 至 ${number.format(offset + results.length)} 篇` : "";
  $("status").textContent = total
    ? `共 ${number.format(total)} 篇${where}，用时 ${number.format(Number(answer.took_ms.toPrecision(2)))} 毫秒`
    : "没有找到";
  $("notes").replaceChildren(...answer.warnings.map((text) => el("p", { class: "note" }, WARNINGS[text] ?? text)));
  if (answer.suggestions?.length) $("notes").append(meant(answer.suggestions));
  hits.start = offset + 1;
  hits.replaceChildren(...results.map((result, i) => el("li", {}, hit(result, i))));
  if (!results.length) $("notes").append(nothing(total, answer.nearest));
  $("sources").replaceChildren(
    ...[...new Set(results.map((result) => result.source).filter(Boolean))].map((source) => el("option", { value: source })),
  );
  showPages(total);
}

function meant(suggestions) {
  const links = suggestions.map((text) => el("button", { class: "quiet framed", type: "button", onclick: () => go({ q: text, page: 1 }) }, text));
  return el("p", { class: "note" }, "您是不是要找：", ...links);
}

function nothing(total, nearest) {
  const choices = [];
  const narrowed = FILTERS.some((name) => state[name].length) || state.after || state.before;
  if (total) choices.push(["回到第一页", { page: 1 }]);
  if (narrowed) choices.push(["去掉全部筛选", { source: [], author: [], tag: [], after: "", before: "", page: 1 }]);
  if (state.mode !== "hybrid") choices.push(["换成混合检索", { mode: "hybrid", page: 1 }]);
  return el(
    "div",
    { class: "state" },
    el("h2", {}, total ? "这一页没有了" : `没有找到“${state.q}”`),
    el("p", {}, total ? "结果没有这么多页。" : narrowed ? "可能是筛选太严。" : "换个说法，或者少用几个词。"),
    nearest ? el("ul", { class: "aside" }, articleLine(nearest)) : "",
    el("div", { class: "choices" }, choices.map(([label, change]) => el("button", { class: "quiet framed", type: "button", onclick: () => go(change) }, label))),
  );
}

function hit(result, i) {
  const title = result.title || `${Array.from(result.passages[0]?.text ?? "").slice(0, 24).join("")}……`;
  const lang = script(title + (result.passages[0]?.text ?? ""));
  const first = result.passages[0];
  const at = first ? `${first.start}-${first.end}` : "";
  const id = `hit-${i}`;
  const open = (event, place = at) => {
    if (leaves(event)) return;
    event.preventDefault();
    setCurrent(i);
    go({ read: result.article_id, at: place });
  };
  const link = el("a", { id, href: address({ ...state, read: result.article_id, at }), onclick: open }, title);
  const node = el("article", { class: "hit", lang, "aria-labelledby": id }, el("h2", {}, link), meta(result));
  const rest = result.passages.slice(1);
  if (first) node.append(passage(first));
  const more = el("div", { class: "more", hidden: true }, rest.map(passage));
  if (rest.length) node.append(more);
  const buttons = el("div", { class: "actions", lang: "zh-Hans" });
  const panels = [];
  if (rest.length) buttons.append(toggle(`另有 ${rest.length} 段`, more, `more-${i}`));
  const why = el("div", { class: "aside", hidden: true, lang: "zh-Hans" });
  buttons.append(toggle("为什么", why, `why-${i}`, () => fillWhy(why, question(state, true), i), "why"));
  panels.push(why);
  if (result.duplicates?.length) {
    const list = el("ul", { class: "aside", hidden: true }, result.duplicates.map(articleLine));
    buttons.append(toggle(`转载 ${result.duplicates.length}`, list, `dup-${i}`));
    panels.push(list);
  }
  const alike = el("ul", { class: "aside", hidden: true });
  buttons.append(toggle("相似文章", alike, `like-${i}`, () => fillAlike(alike, result.article_id)));
  panels.push(alike);
  node.append(buttons, ...panels);
  return node;
}

function toggle(label, target, id, fill, kind) {
  target.id = id;
  const button = el("button", { class: "quiet", type: "button", "aria-expanded": "false", "aria-controls": id, "data-kind": kind }, label);
  button.addEventListener("click", () => {
    const open = target.hidden;
    target.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open && fill && !target.hasChildNodes()) fill();
  });
  return button;
}

export function meta(article, withLink = false) {
  const by = (name, value, css, label) =>
    el("button", { type: "button", class: css, title: `只看${label}“${value}”`, onclick: () => narrow(name, value) }, value);
  const link = withLink && article.url ? safeLink(article.url) : null;
  return el(
    "p",
    { class: "meta" },
    article.source ? by("source", article.source, null, "来源") : null,
    article.author ? by("author", article.author, null, "作者") : null,
    article.published ? el("time", { datetime: article.published }, article.published) : null,
    (article.tags ?? []).slice(0, 6).map((tag) => by("tag", tag, "tag", "标签")),
    link && el("a", { href: link, rel: "noopener noreferrer", target: "_blank" }, "原文"),
  );
}

function narrow(name, value) {
  go({ [name]: [...new Set([...state[name], value])], page: 1, read: "" });
}

function passage({ text, highlights, heading }) {
  const chars = Array.from(text);
  const ranges = tidy(highlights, chars.length);
  const [from, to] = excerpt(chars, ranges);
  const under = heading && !text.includes(heading) ? el("span", { class: "under" }, heading) : null;
  return el("p", { class: "passage" }, under, from > 0 && "…", marked(chars, from, to, ranges), to < chars.length && "…");
}

function articleLine({ article_id, title, source, published }) {
  const to = { ...state, read: article_id, at: "" };
  const open = (event) => {
    if (leaves(event)) return;
    event.preventDefault();
    go({ read: article_id, at: "" });
  };
  const name = title || source || article_id;
  return el(
    "li",
    {},
    el("a", { href: address(to), onclick: open, lang: script(name) }, name),
    el("span", { class: "by" }, [title && source, published].filter(Boolean).join("　")),
  );
}

/** Fill a list that is fetched when first opened. */
async function fillAlike(list, id) {
  list.append(el("li", {}, "正在找……"));
  try {
    const data = await askOnce(`articles/${encodeURIComponent(id)}/similar`);
    const found = (data.results ?? data.articles ?? data).filter((other) => other.article_id !== id).slice(0, 6);
    list.replaceChildren(...(found.length ? found.map(articleLine) : [el("li", {}, "没有相近的文章")]));
  } catch (error) {
    list.replaceChildren(el("li", {}, `没有查成：${error.message}`));
  }
}

function showPages(total) {
  const last = Math.min(Math.ceil(total / PAGE), LAST_OFFSET / PAGE + 1);
  const nav = $("pages");
  nav.hidden = last <= 1;
  const link = (page, label, name) => el("a", { href: address({ ...state, page, read: "" }), "aria-label": name, rel: label === "下一页" ? "next" : null, onclick: (event) => turn(event, page) }, label);
  const wanted = [...new Set([1, state.page - 2, state.page - 1, state.page, state.page + 1, state.page + 2, last])].filter((page) => page >= 1 && page <= last).sort((a, b) => a - b);
  const nodes = [];
  if (state.page > 1) nodes.push(link(state.page - 1, "上一页"));
  wanted.forEach((page, i) => {
    if (i && page - wanted[i - 1] > 1) nodes.push(el("span", { "aria-hidden": "true" }, "…"));
    nodes.push(page === state.page ? el("span", { "aria-current": "page" }, String(page)) : link(page, String(page), `第 ${page} 页`));
  });
  if (state.page < last) nodes.push(link(state.page + 1, "下一页"));
  nav.replaceChildren(...nodes);
}

function turn(event, page) {
  if (leaves(event)) return;
  event.preventDefault();
  go({ page, read: "" });
  main.focus({ preventScroll: true });
}

export const current = () => hits.querySelector(".hit.current");

export function setCurrent(i, focus = false) {
  current()?.classList.remove("current");
  const node = hits.children[i]?.firstElementChild;
  if (!node) return;
  node.classList.add("current");
  if (focus) {
    node.querySelector("h2 a").focus({ preventScroll: true });
    node.scrollIntoView({ block: "nearest" });
  }
}

export function move(by) {
  const all = [...hits.querySelectorAll(".hit")];
  if (!all.length) return;
  const i = all.indexOf(current());
  const to = Math.min(Math.max(i < 0 ? (by > 0 ? 0 : all.length - 1) : i + by, 0), all.length - 1);
  if (!state.read) return setCurrent(to, true);
  setCurrent(to); // the article follows, as in a mail program
  all[to].scrollIntoView({ block: "nearest" });
  const { article_id: read, passages: [first] } = drawn[to];
  return go({ read, at: first ? `${first.start}-${first.end}` : "" }, { replace: true });
}

hits.addEventListener("focusin", (event) => {
  const node = event.target.closest(".hit");
  if (node && node !== current()) setCurrent([...hits.querySelectorAll(".hit")].indexOf(node));
});
