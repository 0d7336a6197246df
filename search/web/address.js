// The address bar holds the state, so that every view can be shared and the back button works.

export const PAGE = 10;
export const LAST_OFFSET = 10000;
export const FILTERS = ["source", "author", "tag"];
const MODES = ["hybrid", "bm25", "dense"];

function readAddress() {
  const given = new URLSearchParams(location.search);
  const day = (name) => (/^\d{4}-\d{2}-\d{2}$/.test(given.get(name) ?? "") ? given.get(name) : "");
  return {
    q: (given.get("q") ?? "").trim(),
    mode: MODES.includes(given.get("mode")) ? given.get("mode") : "hybrid",
    ...Object.fromEntries(FILTERS.map((name) => [name, given.getAll(name).filter(Boolean)])),
    after: day("after"),
    before: day("before"),
    page: Math.min(Math.max(1, Number.parseInt(given.get("page") ?? "1", 10) || 1), LAST_OFFSET / PAGE + 1),
    read: given.get("read") ?? "",
    at: /^\d+-\d+$/.test(given.get("at") ?? "") ? given.get("at") : "",
  };
}

function filtersTo(params, s) {
  for (const name of FILTERS) for (const value of s[name]) params.append(name, value);
  if (s.after) params.set("after", s.after);
  if (s.before) params.set("before", s.before);
}

export function address(s) {
  const params = new URLSearchParams();
  if (s.q) params.set("q", s.q);
  if (s.mode !== "hybrid") params.set("mode", s.mode);
  filtersTo(params, s);
  if (s.page > 1) params.set("page", s.page);
  if (s.read) params.set("read", s.read);
  if (s.read && s.at) params.set("at", s.at);
  const text = params.toString();
  return text ? `?${text}` : location.pathname;
}

export function question(s, explain) {
  const params = new URLSearchParams({ q: s.q, k: PAGE, offset: (s.page - 1) * PAGE, mode: s.mode, group: "article" });
  filtersTo(params, s);
  if (explain) params.set("explain", "true");
  return params.toString();
}

export const state = readAddress();
let changed = () => {}; // set by followAddress
const scrolls = new Map(); // history entry -> scroll position
let entry = history.state?.entry ?? 0;

/** Change what the address says and draw it; the same address again asks the server again. */
export function go(change, { replace = false } = {}) {
  const next = { ...state, ...change };
  const to = address(next);
  if (to === (location.search || location.pathname) && !replace) return changed({ again: true });
  if (!replace) {
    scrolls.set(entry, scrollY);
    entry += 1;
  }
  history[replace ? "replaceState" : "pushState"]({ entry }, "", to);
  Object.assign(state, next);
  return changed({});
}

addEventListener("popstate", (event) => {
  scrolls.set(entry, scrollY);
  entry = event.state?.entry ?? 0;
  Object.assign(state, readAddress());
  changed({ scroll: scrolls.get(entry) ?? 0 });
});
history.scrollRestoration = "manual";
history.replaceState({ entry }, "");

/** `draw({again, scroll})` is called whenever the state changes. */
export function followAddress(draw) {
  changed = draw;
}

/** Whether a click should be left to the browser: a new tab, a new window. */
export function leaves(event) {
  return event.metaKey || event.ctrlKey || event.shiftKey || event.button > 0;
}
