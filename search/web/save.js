// Out of the page: onto the clipboard, into a file, into another tab.

import { el } from "./dom.js";

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return;
  } catch {
    // beyond https and this machine browsers have no clipboard; the old way still works there
  }
  const area = el("textarea.unseen", { "aria-hidden": "true" });
  area.value = text;
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

function link(blob, attributes, hash = "") {
  const url = URL.createObjectURL(blob);
  const node = el("a", { href: url + hash, ...attributes });
  document.body.append(node);
  node.click();
  node.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

export const save = (blob, name) => link(blob, { download: name });
export const openBlob = (blob, hash) => link(blob, { target: "_blank", rel: "noopener" }, hash);
