// An article as a citation by GB/T 7714, alone or after the passage that is quoted.

import { $, el, framed } from "./dom.js";
import { copy } from "./save.js";
import { askOnce } from "./server.js";
import { t } from "./words.js";

export async function openCitation(article, quote, page) {
  const dialog = $("citation");
  const body = $("citation-body");
  body.replaceChildren(t("opening"));
  dialog.showModal();
  try {
    const { citation } = await askOnce(`cite?${new URLSearchParams({ id: article.article_id, ...(page ? { page } : {}) })}`);
    const quoted = quote ? `“${quote.replace(/\s+/gu, " ")}”\n${citation}` : "";
    body.replaceChildren(...block(citation, t("copy_citation")), ...(quoted ? block(quoted, t("copy_passage")) : []));
    body.querySelector("button").focus();
  } catch (error) {
    body.replaceChildren(t("failed", error.message));
  }
}

function block(text, label) {
  const done = el("span.said", { role: "status" });
  const act = async () => {
    await copy(text);
    done.textContent = t("copied");
  };
  return [el("blockquote", { lang: "zh" }, text), el("p", framed(label, act), " ", done)];
}
