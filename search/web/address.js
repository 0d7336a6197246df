// The address holds the state: every view can be shared, Back works.

export const PAGE = 10;
export const LAST_OFFSET = 10000;
export const FILTERS = ["source", "author", "tag", "number"];
export const NO_FILTERS = { source: [], author: [], tag: [], number: [], within: [], after: "", before: "" };
const MODES = ["hybrid", "bm25", "dense"];
const VIEWS = ["overview", "health"];
const SCRIPTS = ["hans", "hant"];
const NUMBER = "document_number="; // as a `meta` filter

const among = (values, value, otherwise) => (values.includes(value) ? value : otherwise);

function readAddress() {
  const given = new URLSearchParams(location.search);
  const day = (name) => (/^\d{4}-\d{2}-\d{2}$/.test(given.get(name) ?? "") ? given.get(name) : "");
  const many = (name) => [...new Set(given.getAll(name).map((value) => value.trim()).filter(Boolean))];
  return {
    q: (given.get("q") ?? "").trim(),
    within: many("within"),
    index: given.get("index") ?? "",
    mode: among(MODES, given.get("mode"), "hybrid"),
    sort: among(["date"], given.get("sort"), "relevance"),
    ...Object.fromEntries(FILTERS.map((name) => [name, many(name)])),
    after: day("after"),
    before: day("before"),
    page: Math.min(Math.max(1, Number.parseInt(given.get("page") ?? "1", 10) || 1), LAST_OFFSET / PAGE + 1),
    read: given.get("read") ?? "",
    of: given.get("of") ?? "", // the index that the article lies in, where several are asked
    at: /^\d+-\d+$/.test(given.get("at") ?? "") ? given.get("at") : "",
    script: among(SCRIPTS, given.get("script"), ""),
    view: among(VIEWS, given.get("view"), ""),
  };
}

function put(params, s, names) {
  for (const name of names) if (s[name]) params.set(name, s[name]);
}

export function address(s) {
  const params = new URLSearchParams();
  put(params, s, ["q", "index"]);
  for (const word of s.within) params.append("within", word);
  if (s.mode !== "hybrid") params.set("mode", s.mode);
  if (s.sort !== "relevance") params.set("sort", s.sort);
  for (const name of FILTERS) for (const value of s[name]) params.append(name, value);
  put(params, s, ["after", "before", "view", "read"]);
  if (s.page > 1) params.set("page", s.page);
  if (s.read) put(params, s, ["at", "script", "of"]);
  const text = params.toString();
  return text ? `?${text}` : location.pathname;
}

/** What is asked: the words in the box, and those that every result must hold. */
export function wording(s) {
  return [s.q, ...s.within.map((word) => `"${word.replaceAll('"', "")}"`)].filter(Boolean).join(" ");
}

/** The question and its filters as the API takes them; `more` is added. */
export function asked(s, more = {}) {
  const params = new URLSearchParams({ q: wording(s), mode: s.mode });
  for (const name of ["source", "author", "tag"]) for (const value of s[name]) params.append(name, value);
  for (const value of s.number) params.append("meta", NUMBER + value);
  put(params, s, ["after", "before"]);
  for (const [name, value] of Object.entries(more)) params.set(name, value);
  return params.toString();
}

/** A page of results. */
export function question(s) {
  const sort = s.sort === "relevance" ? {} : { sort: s.sort };
  return asked(s, { k: PAGE, offset: (s.page - 1) * PAGE, group: "article", explain: "true", focus: "true", ...sort });
}

export const narrowed = (s) => FILTERS.some((name) => s[name].length) || s.within.length > 0 || Boolean(s.after || s.before);

export const state = readAddress();
let changed = () => {}; // set by followAddress
const scrolls = new Map(); // history entry -> scroll position
let entry = history.state?.entry ?? 0;

const WITHIN = ["page", "read", "at", "of", "script", "view"]; // what may change while the list stays

/** The state after a change; another list begins at its first page, with nothing opened. */
function after(change) {
  const other = Object.keys(change).some((name) => !WITHIN.includes(name));
  return { ...state, ...(other ? { page: 1, read: "", at: "" } : {}), ...change };
}

/** Change what the address says and draw it; the same address again asks the server again. */
export function go(change, { replace = false } = {}) {
  const next = after(change);
  const to = address(next);
  const here = location.search || location.pathname;
  Object.assign(state, next);
  if (to === here && !replace) return changed({ again: true });
  if (!replace) {
    scrolls.set(entry, scrollY);
    entry += 1;
  }
  history[replace ? "replaceState" : "pushState"]({ entry }, "", to);
  return changed({});
}

addEventListener("popstate", (event) => {
  scrolls.set(entry, scrollY);
  entry = event.state?.entry ?? 0;
  Object.assign(state, readAddress());
  changed({ scroll: scrolls.get(entry) ?? 0, back: true });
});
history.scrollRestoration = "manual";
history.replaceState({ entry }, "");

/** `draw({again, scroll, back})` is called whenever the state changes. */
export function followAddress(draw) {
  changed = draw;
}

/** Whether a click should be left to the browser: a new tab, a new window. */
export function leaves(event) {
  return event.metaKey || event.ctrlKey || event.shiftKey || event.button > 0;
}

/** Attributes of a link that changes the state here and opens as an address elsewhere. */
export function linkTo(change, before = () => {}) {
  return {
    href: address(after(change)),
    onclick: (event) => {
      if (leaves(event)) return;
      event.preventDefault();
      before();
      go(change);
    },
  };
}
