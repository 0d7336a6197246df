// Asking the server: its key, answers of this visit kept, one kind of error for all that may go wrong.

import { state } from "./address.js";

const KEY = "wensou.key";

export const key = {
  get: () => sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY) ?? "",
  set(value, keep) {
    this.forget();
    (keep ? localStorage : sessionStorage).setItem(KEY, value);
    kept.clear();
  },
  forget() {
    sessionStorage.removeItem(KEY);
    localStorage.removeItem(KEY);
  },
};

/** The server said no. */
export class Refused extends Error {
  constructor({ code = "", message = "", hint = "" }, status) {
    super(message || `HTTP ${status}`);
    Object.assign(this, { code, hint, status });
  }
}

/** The server did not answer at all. */
export class Unreachable extends Error {}

/** Where a path lies: under the index that was chosen, where one was, or that of the article that is read. */
export function placed(path, index = state.index) {
  const name = /^(articles\/|marks|script|cite|original)/.test(path) ? index || state.of : index;
  return name ? `i/${encodeURIComponent(name)}/${path}` : path;
}

/** The response to a request, or Refused, or Unreachable; an abort passes through. */
export async function request(path, { headers = {}, index, ...options } = {}) {
  const mine = key.get();
  let response;
  try {
    response = await fetch(placed(path, index), { ...options, headers: { ...headers, ...(mine ? { Authorization: `Bearer ${mine}` } : {}) } });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Unreachable(error.message);
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => null);
  throw new Refused(said?.error ?? {}, response.status);
}

export async function ask(path, signal, index) {
  const response = await request(path, { signal, index, headers: { Accept: "application/json" } });
  const data = await response.json().catch(() => null);
  if (data === null) throw new Refused({ message: "not JSON" }, response.status);
  return data;
}

const kept = new Map(); // answers of this visit, so that going back is instant
export async function askOnce(path, signal) {
  const place = placed(path);
  if (!kept.has(place)) {
    kept.set(place, await ask(path, signal));
    if (kept.size > 60) kept.delete(kept.keys().next().value);
  }
  return kept.get(place);
}

/** Ask anew next time; without a path, everything. */
export function forget(path) {
  if (path === undefined) kept.clear();
  else kept.delete(placed(path));
}
