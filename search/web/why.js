// Why a result stands where it stands: one plain sentence, opening to the numbers.

import { el } from "./dom.js";
import { english, listed, t } from "./words.js";

/** The server's own sentence, in English made of its parts. */
export function sentence({ explain }) {
  if (!explain) return t("why_none");
  if (!english) return explain.reason;
  const parts = Object.entries(explain.parts).map(([name, words]) => t("why_parts")[name] + listed(words.map((word) => `“${word}”`)));
  return parts.join("; ").replace(/^./, (first) => first.toUpperCase());
}

const two = (value) => Number(value ?? 0).toFixed(2);

function bar(share) {
  const fill = el("span.fill");
  fill.style.width = `${100 * Math.min(Math.max(share || 0, 0), 1)}%`;
  return fill;
}

function leg(css, name, { score, rank }, share) {
  return el(
    "div",
    { class: `leg ${css}` },
    el("span", name),
    el("span.track", bar(share)),
    el("span.figure", el("b", two(share)), el("span", t("why_score", two(score))), el("span", rank ? t("why_rank", rank) : t("why_unranked"))),
  );
}

/** The numbers, as nodes. */
export function numbers({ bm25, dense, weight, normalised, alignment: order }, score) {
  const mixed = weight * normalised.bm25 + (1 - weight) * normalised.dense;
  const sum = order ? mixed + order.weight * (order.value - mixed) : mixed;
  const said = (name, ...values) => t(name, ...values.map(two));
  const nodes = [
    leg("bm25", t("mode_bm25"), bm25, normalised.bm25),
    leg("dense", t("mode_dense"), dense, normalised.dense),
    el("p.sum",
      said("why_sum", weight, normalised.bm25, 1 - weight, normalised.dense, mixed),
      order && said("why_order", 1 - order.weight, mixed, order.weight, order.value, sum),
      Math.abs(score - sum) > 0.005 && said("why_final", score),
    ),
  ];
  const terms = Object.entries(bm25.terms ?? {}).sort((x, y) => y[1] - x[1]).slice(0, 16);
  const most = Math.max(...terms.map(([, score]) => score), 0.001);
  if (terms.length) {
    nodes.push(el("div.terms", terms.map(([term, score]) => el("span.term", term, el("i", two(score)), bar(score / most)))));
  }
  return nodes;
}
