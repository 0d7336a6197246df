// Completion at the box, by characters or pinyin. It never stands in the way: without it, and while an input method
// is at work, the box is a box.

import { $, el } from "./dom.js";
import { askOnce } from "./server.js";

const [form, box, list] = [$("form"), $("q"), $("suggestions")];
export let composing = false; // an input method is at work in the box
box.addEventListener("compositionstart", () => { composing = true; closeSuggestions(); });
box.addEventListener("compositionend", () => { composing = false; suggestSoon(); });

let soon = 0;
let chosen = -1;

function suggestSoon() {
  clearTimeout(soon);
  soon = setTimeout(suggest, 120);
}

async function suggest() {
  const typed = box.value.trim();
  if (!typed || composing || document.activeElement !== box) return closeSuggestions();
  let data;
  try {
    data = await askOnce(`suggest?${new URLSearchParams({ q: typed })}`);
  } catch {
    return closeSuggestions(); // completion is a courtesy: without it the page works as before
  }
  if (box.value.trim() !== typed || document.activeElement !== box || composing) return;
  const found = data.suggestions.filter((text) => text !== typed).slice(0, 7);
  if (!found.length) return closeSuggestions();
  chosen = -1;
  list.replaceChildren(
    ...found.map((text, i) =>
      el("li", { id: `suggestion-${i}`, role: "option", "aria-selected": "false", onmousedown: (event) => event.preventDefault(), onclick: () => take(text) }, text),
    ),
  );
  list.hidden = false;
  return box.setAttribute("aria-expanded", "true");
}

export function closeSuggestions() {
  clearTimeout(soon);
  list.hidden = true;
  chosen = -1;
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
}

function take(text) {
  box.value = text;
  closeSuggestions();
  form.requestSubmit();
}

box.addEventListener("input", (event) => { if (!event.isComposing && !composing) suggestSoon(); });
box.addEventListener("blur", closeSuggestions);
box.addEventListener("keydown", (event) => {
  if (event.isComposing || composing || event.keyCode === 229 || list.hidden) return;
  if (event.key === "Enter" && chosen >= 0) {
    event.preventDefault();
    take(list.children[chosen].textContent);
    return;
  }
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  list.children[chosen]?.setAttribute("aria-selected", "false");
  chosen = ((chosen + 1 + by + list.children.length + 1) % (list.children.length + 1)) - 1;
  list.children[chosen]?.setAttribute("aria-selected", "true");
  list.children[chosen]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (chosen >= 0) box.setAttribute("aria-activedescendant", `suggestion-${chosen}`);
  else box.removeAttribute("aria-activedescendant");
});
