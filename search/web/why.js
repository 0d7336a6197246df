// Why a result stands where it stands: both legs, the mix, and what each term brought.

import { el } from "./dom.js";
import { askOnce } from "./server.js";

export async function fillWhy(panel, asked, i) {
  panel.append("正在算……");
  try {
    const answer = await askOnce(`search?${asked}`);
    const explain = answer.results[i]?.explain;
    panel.replaceChildren(...(explain ? whyNodes(explain) : ["没有说明"]));
  } catch (error) {
    panel.replaceChildren(`没有查成：${error.message}`);
  }
}

const two = (value) => Number(value ?? 0).toFixed(2);

function bar(share) {
  const fill = el("span", { class: "fill" });
  fill.style.width = `${100 * Math.min(Math.max(share || 0, 0), 1)}%`;
  return fill;
}

function whyNodes({ bm25, dense, weight, normalised }) {
  const leg = (css, name, { score, rank }, share) =>
    el(
      "div",
      { class: `leg ${css}` },
      el("span", {}, name),
      el("span", { class: "track" }, bar(share)),
      el("span", { class: "figure" }, el("b", {}, two(share)), el("span", {}, `原分 ${two(score)}`), el("span", {}, rank ? `排第 ${rank}` : "没有对上")),
    );
  const nodes = [leg("bm25", "关键词", bm25, normalised.bm25), leg("dense", "语义", dense, normalised.dense)];
  const [a, b] = [weight * normalised.bm25, (1 - weight) * normalised.dense];
  nodes.push(
    el(
      "p",
      { class: "sum" },
      `得分 = ${two(weight)} × ${two(normalised.bm25)} + ${two(1 - weight)} × ${two(normalised.dense)} = `,
      el("b", {}, two(a + b)),
    ),
  );
  const terms = Object.entries(bm25.terms ?? {}).sort((x, y) => y[1] - x[1]).slice(0, 16);
  const most = Math.max(...terms.map(([, score]) => score), 0.001);
  if (terms.length) {
    nodes.push(el("div", { class: "terms" }, terms.map(([term, score]) => el("span", { class: "term" }, term, el("i", {}, two(score)), bar(score / most)))));
  }
  return nodes;
}
