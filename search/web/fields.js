// What stands below an article: its fields, its file, and the articles most like it.

import { el, framed, safeLink } from "./dom.js";
import { fillAlike } from "./hit.js";
import { save, openBlob } from "./save.js";
import { request } from "./server.js";
import { t } from "./words.js";

export function aside(article, places) {
  const rows = [
    [t("facet_source"), article.source],
    [t("facet_author"), article.author],
    [t("field_published"), article.published],
    [t("facet_tag"), (article.tags ?? []).join("、")],
    ...Object.entries(article.meta ?? {}).map(([name, value]) => [t("field_names")[name] ?? name, value]),
    [t("field_length"), t("characters", Array.from(article.text).length)],
    [t("field_id"), article.article_id],
  ].filter(([, value]) => value);
  const list = el("dl.fields", rows.map(([name, value]) => el("div", el("dt", name), el("dd", value))));
  const link = safeLink(article.url);
  if (link) list.append(el("div", el("dt", t("field_url")), el("dd", el("a", { href: link, rel: "noopener noreferrer", target: "_blank" }, link))));
  if (article.path) {
    const page = places.find((place) => place.page)?.page;
    list.append(el("div", el("dt", t("field_path")), el("dd", article.path.split(/[\\/]/).at(-1), " ", framed(t("original_file"), (event) => openOriginal(event.target, article, page)))));
  }
  const alike = el("ul.alike");
  fillAlike(alike, article.article_id);
  return el(
    "footer",
    { class: "about", lang: document.documentElement.lang },
    el("section", el("h3", t("fields")), list),
    el("section.no-print", el("h3", t("similar")), alike),
  );
}

/** A PDF or an image opens at its page, all else is saved. */
async function openOriginal(node, article, page) {
  node.disabled = true;
  try {
    const response = await request(`original?${new URLSearchParams({ id: article.article_id })}`);
    const blob = await response.blob();
    if (/^(application\/pdf|image\/(png|jpeg|webp))$/.test(blob.type)) openBlob(blob, page ? `#page=${page}` : "");
    else save(blob, article.path.split(/[\\/]/).at(-1));
  } catch (error) {
    node.after(el("span.said", " ", error.status === 404 ? t("original_gone") : t("failed", error.message)));
  } finally {
    node.disabled = false;
  }
}
