// The keyboard, from end to end. Keys belong to the input method first, to a field next.

import { $, el } from "./dom.js";
import { go, state } from "./address.js";
import { closeSuggestions, composing } from "./complete.js";
import { cite, leaveReader, stepMark } from "./reader.js";
import { current, move } from "./results.js";
import { rows, t } from "./words.js";

const box = $("q");

const press = (kind) => () => current()?.querySelector(`[data-kind=${kind}]`)?.click();
const onList = {
  "/": () => { box.focus(); box.select(); },
  j: () => move(1),
  k: () => move(-1),
  e: press("why"),
  m: press("more"),
  f: () => { $("within").focus(); },
  s: () => { if (state.q) go({ sort: state.sort === "date" ? "relevance" : "date" }); },
  "?": () => help(),
};
const inReader = { n: () => stepMark(1), p: () => stepMark(-1), c: () => cite() };

addEventListener("keydown", (event) => {
  if (event.isComposing || composing || event.keyCode === 229) return;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const typing = event.target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select");
  if (event.key === "Escape") {
    const menu = $("take").querySelector("[open] > summary");
    if (!$("suggestions").hidden) closeSuggestions();
    else if (menu) { menu.parentNode.open = false; menu.focus(); }
    else if (typing) typing.blur();
    else if (state.read) leaveReader();
    else if (state.view) go({ view: "" });
    else return;
    event.preventDefault();
    return;
  }
  if (typing === box && event.key === "ArrowDown" && !event.defaultPrevented) {
    event.preventDefault();
    move(1);
    return;
  }
  if (typing) return;
  const covered = $("results").inert; // an article lies over the list
  const does = (state.read && inReader[event.key]) || (!covered && onList[event.key]);
  if (!does) return;
  event.preventDefault();
  does();
});

/* help */

export function help() {
  const keys = rows("keys").map(([names, does]) => el("div", el("dt", names.split(" ").map((key) => el("kbd", key))), el("dd", does)));
  const signs = rows("signs").map(([sign, does]) => el("div", el("dt", el("code", sign)), el("dd", does)));
  $("help-body").replaceChildren(el("dl", keys), el("h2", t("signs_title")), el("dl", signs));
  $("help").showModal();
}

$("help-open").addEventListener("click", help);
