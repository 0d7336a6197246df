// What there is: themes in the plane, articles by month and source; what is asked for is lit up among it.

import { el, framed, script, svg } from "./dom.js";
import { go, linkTo, state } from "./address.js";
import { bars } from "./histogram.js";
import { articleLine } from "./hit.js";
import { askOnce } from "./server.js";
import { problem } from "./trouble.js";
import { dayRange, number, t } from "./words.js";

const LISTED = 12; // of what is lit up
const SOURCES = 18; // named
let drawn = []; // what the view on show is made of

export async function draw(node) {
  const q = state.q ? `?${new URLSearchParams({ q: state.q })}` : "";
  if (!node.querySelector(".overview")) node.replaceChildren(el("div.overview", el("p.quiet-line", t("looking"))));
  try {
    const [counts, found] = await Promise.all([askOnce("overview"), askOnce(`themes${q}`)]);
    if (state.view !== "overview") return;
    const what = [counts, found, state.source.join(), state.after, state.before];
    if (node.querySelector(".map") && what.every((part, i) => part === drawn[i])) return; // what is open and focused stays
    drawn = what;
    node.replaceChildren(el("div.overview", head(counts), map(found, counts), months(counts)));
  } catch (error) {
    node.replaceChildren(problem(error, () => draw(node)));
  }
}

function head(counts) {
  const sources = Object.keys(counts.sources).length;
  const dated = Object.values(counts.all_months).reduce((sum, count) => sum + count, 0);
  const what = [t("overview_of", counts.articles), sources > 0 && t("overview_sources", sources), dated < counts.articles && t("dated", dated)];
  return el("header", el("h2", t("view_overview")), el("p", what.filter(Boolean).join(t("comma"))), lit() && el("p", litWords(), framed(t("all_again"), () => go({ q: "", source: [], after: "", before: "" }))));
}

/* what is lit up: by the question, a source, a time */

const lit = () => Boolean(state.q || state.source.length || state.after || state.before);

const litWords = () => t("lit", [state.q && `“${state.q}”`, ...state.source, dayRange(state)].filter(Boolean).join("，"));

function isLit({ article_id, source, published }, hits) {
  if (state.q && !hits.has(article_id)) return false;
  if (state.source.length && !state.source.includes(source)) return false;
  if (state.after && !(published >= state.after)) return false;
  return !(state.before && !(published <= state.before));
}

/* themes */

const across = (share) => 20 + 560 * share; // of a plane that is 600 wide

function map({ themes, points, hits }, { articles }) {
  if (!themes.length) return el("p.quiet-line", t("themes_none"));
  const inSample = new Set(points.map((point) => point.article_id));
  const found = new Set(hits.map((point) => point.article_id));
  const all = [...points, ...hits.filter((point) => !inSample.has(point.article_id))].sort((a, b) => a.theme - b.theme);
  const shining = (state.q ? hits : all).filter((point) => isLit(point, found));
  const titles = new Map(all.map((point) => [point.article_id, point]));
  const size = Math.max(3.5, Math.min(8, 90 / Math.sqrt(all.length)));
  const dot = (point) => {
    const on = !lit() || isLit(point, found);
    const node = svg("circle", { class: on ? "dot" : "dot off", cx: across(point.x), cy: across(point.y), r: lit() && on ? size * 1.4 : size });
    const name = [point.title, point.source, point.published].filter(Boolean).join("　");
    return svg("a", { ...linkTo({ read: point.article_id, at: "" }), "aria-label": name, tabindex: "-1" }, svg("title", name), coloured(node, point.theme));
  };
  const label = ({ label: at }) => at && svg("text", { x: across(at.x), y: across(at.y), lang: "zh-Hans" }, at.text);
  const dim = all.filter((point) => lit() && !isLit(point, found));
  const bright = (lit() ? shining : all).map(dot);
  const plane = svg("svg.plane", { viewBox: "0 0 600 600", role: "group", "aria-label": t("themes_plane"), onkeydown: roam }, dim.map(dot), bright, themes.map(label));
  (bright[0] ?? plane.querySelector("a")).tabIndex = 0;
  return el("section.map", plane, lit() ? litList(shining) : themeList(themes, titles, points.length < articles && points.length));
}

/** The plane is one stop of the Tab key; arrows go through its points, theme by theme. */
function roam(event) {
  const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
  const points = [...event.currentTarget.querySelectorAll("a")];
  const next = by && points[points.indexOf(event.target) + by];
  if (!next) return;
  event.preventDefault();
  event.target.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

function themeList(themes, titles, sample) {
  const item = (theme, i) =>
    el("li",
      el("details",
        el("summary", coloured(el("i.dot"), i), el("span", { lang: "zh-Hans" }, theme.words.join("　") || t("theme_unnamed")), el("span.count", number(theme.size))),
        el("ul", theme.nearest.map((id) => articleLine(titles.get(id)))),
      ),
    );
  return el("div", el("h3", sample ? t("themes_sampled", sample) : t("themes")), el("ol.themes", themes.map(item)));
}

function litList(points) {
  return el("div", el("h3", t("lit_articles", points.length)), el("ul.alike", points.slice(0, LISTED).map(articleLine)), state.q && el("p", el("a", linkTo({ view: "" }), t("to_list"))));
}

/* months by source */

function months(counts) {
  const all = bars(counts.all_months);
  if (!counts.articles) return null;
  const named = Object.keys(counts.months);
  const whole = Object.fromEntries(Object.keys(counts.all_months).map((month) => [month, 0])); // the same bars for each
  const by = named.map((source) => bars({ ...whole, ...counts.months[source] }).map((bar) => bar.count));
  const most = Math.max(...all.map((bar) => bar.count));
  const columns = all.map((bar, at) => {
    const parts = by.map((own) => own[at]);
    const rest = bar.count - parts.reduce((sum, part) => sum + part, 0);
    const stack = [...parts, rest].map((part, i) => {
      const piece = coloured(el("i"), i < named.length ? i : null);
      piece.style.height = `${(100 * part) / most}%`;
      return piece;
    });
    const on = (!state.after || bar.before >= state.after) && (!state.before || bar.after <= state.before);
    const label = `${bar.label}　${t("articles", bar.count)}`;
    return el("button", { type: "button", class: on ? "stack" : "stack off", disabled: !bar.count, title: label, "aria-label": label, onclick: () => go({ after: bar.after, before: bar.before }) }, stack.reverse());
  });
  const pick = (source, i) =>
    el("button", { type: "button", lang: script(source), "aria-pressed": String(state.source.includes(source)), onclick: () => go({ source: state.source.includes(source) ? [] : [source] }) }, coloured(el("i"), i), source, " ", el("span.count", number(counts.sources[source])));
  return el(
    "section",
    el("h3", t(named.length ? "by_month_and_source" : "by_month_alone")),
    all.length > 1 && el("div.stacks", columns),
    all.length > 1 && el("p.ends", el("span", all[0].label), el("span", all.at(-1).label)),
    el("p.legend", Object.keys(counts.sources).slice(0, SOURCES).map((source, i) => pick(source, i < named.length ? i : null))),
  );
}

/** A colour for the number of a theme or source; grey for none. */
function coloured(node, i) {
  if (i === null || i === undefined) node.classList.add("grey");
  else node.style.setProperty("--hue", (14 + 137.5 * i) % 360);
  return node;
}
