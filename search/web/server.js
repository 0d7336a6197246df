// Asking the server, and words for what may go wrong.

import { el } from "./dom.js";

const MESSAGES = {
  bad_query: ["这个问题没法查", "写一个词或者一句话，一千字以内。"],
  bad_option: ["这个条件没法查", "看看网址里的筛选条件和页码。"],
  bad_request: ["这个条件没法查", "看看网址里的筛选条件和页码。"],
  not_found: ["没有这一篇", "它可能已经从索引里删掉了。"],
  index_missing: ["还没有索引", "先用 wensou index 把文章读进来。"],
  index_mismatch: ["索引和现在的设置对不上", "需要重建索引。"],
  index_corrupt: ["索引坏了", "需要重建索引，或者恢复到上一次提交。"],
  self_check_failed: ["索引没通过自检", "需要重建索引。"],
  encoder_unavailable: ["语义模型用不了", "在它恢复以前，索引没法查。"],
};
const BY_STATUS = { 401: ["需要钥匙", "这个服务要凭钥匙访问。"], 429: ["问得太快了", "歇几秒再试。"], 503: ["服务还没准备好", "过一会儿再试。"] };

export const WARNINGS = { "no word in the query to look for": "问题里没有可以对的字词，下面只按意思来找。" };

/** [title, advice] for whatever went wrong. */
export function explainError(error) {
  if (!(error instanceof Refused)) return ["连不上服务", "看看它是否还在运行，再试一次。"];
  return MESSAGES[error.code] ?? BY_STATUS[error.status] ?? (error.status >= 500 ? ["服务出了问题", "过一会儿再试。"] : ["没有查成", ""]);
}

class Refused extends Error {
  constructor({ code = "", message = "", hint = "" }, status) {
    super(message || `HTTP ${status}`);
    Object.assign(this, { code, hint, status });
  }
}

export async function ask(path, signal) {
  const response = await fetch(path, { signal, headers: { Accept: "application/json" } });
  const data = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(data?.error ?? {}, response.status);
  if (data === null) throw new Refused({ message: "not JSON" }, response.status);
  return data;
}

const kept = new Map(); // answers of this visit, so that going back is instant
export async function askOnce(path, signal) {
  if (!kept.has(path)) {
    kept.set(path, await ask(path, signal));
    if (kept.size > 40) kept.delete(kept.keys().next().value);
  }
  return kept.get(path);
}

/** Ask anew next time. */
export function forget(path) {
  kept.delete(path);
}

/** What went wrong, what to do, and what the server said of it. */
export function problem(error, retry) {
  const [title, advice] = explainError(error);
  const said = error instanceof Refused ? error : null;
  return el(
    "div",
    { class: "state" },
    el("h2", {}, title),
    advice && el("p", {}, advice),
    said && el("p", { class: "said", lang: "" }, said.message),
    said?.hint && el("p", { class: "said", lang: "" }, el("code", {}, said.hint)),
    retry && el("div", { class: "choices" }, el("button", { class: "quiet framed", type: "button", onclick: retry }, "再试一次")),
  );
}
