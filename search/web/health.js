// How the index is: its commit, what it was made with, what was skipped or cleaned and why, what found nothing.

import { el } from "./dom.js";
import { linkTo, state } from "./address.js";
import { ask } from "./server.js";
import { problem } from "./trouble.js";
import { number, t } from "./words.js";

const SHOWN = 10; // runs of the builder

export async function draw(node) {
  try {
    const report = await ask("report");
    if (state.view !== "health") return;
    node.replaceChildren(el("div.health", el("h2", t("view_health")), condition(report), facts(report.stats), ...builds(report.builds), questions(report.empty_questions ?? [])));
  } catch (error) {
    node.replaceChildren(problem(error, () => draw(node)));
  }
}

function condition({ state: found, trouble }) {
  const good = found === "equal" && !trouble;
  return el("p", { class: good ? "note good" : "note" }, good ? t("health_good") : (t("states")[found] ?? found), trouble && el("span.said", { lang: "" }, ` ${trouble}`));
}

function list(rows) {
  return el("dl.fields", rows.filter(([, value]) => value || value === 0).map(([name, value]) => el("div", el("dt", name), el("dd", value))));
}

const when = (text) => (text ? text.slice(0, 16).replace("T", " ") : "");

function facts(stats) {
  const megabytes = (stats.bytes / 1e6).toFixed(1);
  return list([
    [t("fact_articles"), number(stats.articles)],
    [t("fact_chunks"), stats.dead_chunks ? t("with_dead", number(stats.chunks), number(stats.dead_chunks)) : number(stats.chunks)],
    [t("fact_commit"), `${stats.commit}　${when(stats.committed_at)}`],
    [t("fact_segments"), number(stats.segments)],
    [t("fact_bytes"), `${megabytes} MB`],
    [t("fact_encoder"), `${stats.encoder}　${t("dimensions", stats.dim)}`],
    [t("fact_fingerprint"), el("code", stats.fingerprint)],
  ]);
}

function builds(runs) {
  if (!runs.length) return [el("p.quiet-line", t("no_builds"))];
  const names = ["added", "changed", "unchanged", "removed", "skipped"];
  const row = (run) => el("tr", el("td", when(run.at)), el("td", String(run.commit)), names.map((name) => el("td", number(run[name] ?? 0))), el("td", t("seconds", run.seconds)));
  const table = el(
    "div",
    { class: "wide", tabindex: "0", role: "region", "aria-label": t("builds") },
    el("table", el("thead", el("tr", ["run_at", "fact_commit", ...names.map((name) => `run_${name}`), "run_seconds"].map((name) => el("th", { scope: "col" }, t(name))))), el("tbody", runs.slice(0, SHOWN).map(row))),
  );
  const last = runs.find((run) => run.skipped || Object.keys(run.repairs ?? {}).length) ?? runs[0];
  return [el("h3", t("builds")), table, ...skipped(last), ...cleaned(last)];
}

function tallied(counts, names) {
  return list(Object.entries(counts).map(([name, count]) => [names[name] ?? name, number(count)]));
}

function skipped(run) {
  if (!run.skipped) return [el("p.quiet-line", t("nothing_skipped"))];
  const items = (run.skipped_first ?? []).map((one) => el("li", el("code", one.where), " ", t("reasons")[one.reason] ?? one.reason, one.detail && el("span.by", one.detail)));
  return [
    el("h3", t("skipped_title", run.skipped)),
    tallied(run.skipped_by_reason ?? {}, t("reasons")),
    el("details", el("summary", t("skipped_which", items.length)), el("ul.alike", items)),
  ];
}

function cleaned(run) {
  if (!Object.keys(run.repairs ?? {}).length) return [];
  const examples = (run.examples ?? []).map((one) => el("li", el("del", { lang: "zh" }, one.before), " → ", el("ins", { lang: "zh" }, one.after || t("removed")), el("span.by", t("steps")[one.step] ?? one.step)));
  return [el("h3", t("cleaned")), tallied(run.repairs, t("steps")), examples.length > 0 && el("details", el("summary", t("cleaned_examples", examples.length)), el("ul.alike.changes", examples))];
}

/** Questions that found nothing, where the server keeps them. */
function questions(found) {
  if (!found.length) return null;
  return el("section", el("h3", t("empty_questions")), el("ul.alike", found.slice(0, 50).map((one) => el("li", el("a", linkTo({ q: one.query, view: "" }), one.query), one.count > 1 && el("span.by", t("times", one.count))))));
}
