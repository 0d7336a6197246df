// One result: title, fields, its best passages, why it is here, reprints, similar articles.

import { STOP, button, el, excerpt, marked, safeLink, script, tidy, tinted } from "./dom.js";
import { go, linkTo, state } from "./address.js";
import { askOnce } from "./server.js";
import { numbers, sentence } from "./why.js";
import { listed, t } from "./words.js";

/** `chosen(i)` is called when result number `i` of the list is opened. */
export function hit(result, i, chosen) {
  const first = result.passages[0];
  const at = first ? `${first.start}-${first.end}` : "";
  const id = `hit-${i}`;
  const text = first?.text ?? "";
  const title = Array.from(result.title || `${Array.from(text).slice(0, 24).join("")}……`);
  const marks = result.title ? tidy(result.title_highlights ?? [], title.length) : [];
  const link = el("a", { id, ...linkTo({ read: result.article_id, at, of: result.index ?? "" }, () => chosen(i)) }, marked(title, 0, title.length, marks));
  const css = result.chance ? "hit by-chance" : "hit";
  const node = el("article", { class: css, lang: script(title.join("") + text), "aria-labelledby": id }, el("h2", link), meta(result));
  const rest = result.passages.slice(1);
  if (first) node.append(passage(first));
  const more = el("div.more", { hidden: true }, rest.map(passage));
  if (rest.length) node.append(more);
  node.append(...panels(result, i, rest.length ? more : null));
  return node;
}

/** The row of buttons under a result and what they open. */
function panels(result, i, more) {
  const row = el("div.actions", { lang: document.documentElement.lang });
  const opened = [];
  const add = (label, panel, name, fill) => {
    row.append(toggle(label, panel, `${name}-${i}`, fill, name));
    if (panel !== more) opened.push(panel);
  };
  const why = el("div.aside", { hidden: true, lang: document.documentElement.lang });
  add(sentence(result), why, "why", () => why.append(...(result.explain ? numbers(result.explain, result.score) : [t("why_none")])));
  if (more) add(t("more_passages", more.childElementCount), more, "more");
  if (result.duplicates?.length) {
    const sources = [...new Set(result.duplicates.map((copy) => copy.source).filter(Boolean))];
    add(t("reprints", result.duplicates.length) + (sources.length ? t("of", listed(sources.slice(0, 3))) : ""), el("ul.aside", { hidden: true }, result.duplicates.map(articleLine)), "reprints");
  }
  const alike = el("ul.aside", { hidden: true });
  add(t("similar"), alike, "similar", () => fillAlike(alike, result.article_id));
  return [row, ...opened];
}

function toggle(label, target, id, fill, kind) {
  target.id = id;
  const open = () => {
    const hidden = !target.hidden;
    target.hidden = hidden;
    node.setAttribute("aria-expanded", String(!hidden));
    if (!hidden && fill && !target.hasChildNodes()) fill();
  };
  const node = button(label, open, { class: kind === "why" ? "quiet reason" : "quiet", "aria-expanded": "false", "aria-controls": id, "data-kind": kind });
  return node;
}

/** Source, author, day, tags: each narrows the list to its like. */
export function meta(article, withLink = false) {
  const by = (name, value, css) =>
    el("button", { type: "button", class: css, title: t("only", value), onclick: () => go({ [name]: [...new Set([...state[name], value])], view: "" }) }, value);
  const link = withLink && article.url ? safeLink(article.url) : null;
  return el("p.meta",
    article.index && el("span", article.index),
    article.source ? by("source", article.source) : null,
    article.author ? by("author", article.author) : null,
    article.published ? el("time", { datetime: article.published }, article.published) : null,
    (article.tags ?? []).slice(0, 6).map((tag) => by("tag", tag, "tag")),
    link && el("a", { href: link, rel: "noopener noreferrer", target: "_blank" }, t("original_page")),
  );
}

function passage({ text, highlights, focus, heading, page }) {
  const chars = Array.from(text);
  const ranges = tidy(highlights, chars.length);
  const [from, to] = excerpt(chars, ranges, focus);
  const inside = (at) => !STOP.has(chars[at - 1]); // of a sentence
  const under = heading && !text.includes(heading) ? el("span.under", heading) : null;
  return el("p.passage",
    page ? el("span.leaf", t("leaf", page)) : null,
    under,
    from > 0 && inside(from) && "…",
    tinted(chars, from, to, ranges, focus),
    to < chars.length && inside(to) && "…",
  );
}

/** A line of a list of articles, which opens it. */
export function articleLine({ article_id, title, source, published }) {
  const name = title || source || article_id;
  return el(
    "li",
    el("a", { lang: script(name), ...linkTo({ read: article_id, at: "" }) }, name),
    el("span.by", [title && source, published].filter(Boolean).join("　")),
  );
}

/** Fill a list with the articles most like one. */
export async function fillAlike(list, id) {
  list.append(el("li", t("looking")));
  try {
    const { results } = await askOnce(`articles/${encodeURIComponent(id)}/similar?k=6`);
    list.replaceChildren(...(results.length ? results.map(articleLine) : [el("li", t("similar_none"))]));
  } catch (error) {
    list.replaceChildren(el("li", t("failed", error.message)));
  }
}
