// Completion under the box. It never stands in the way: without it, and while an input method is at work, the box is a box.

import { $, el } from "./dom.js";
import { askOnce } from "./server.js";

const [form, box, list] = [$("form"), $("q"), $("suggestions")];
export let composing = false; // an input method is at work in the box
box.addEventListener("compositionstart", () => { composing = true; });
box.addEventListener("compositionend", () => { composing = false; suggestSoon(); });

let soon = 0;
let chosen = -1;
let completes = true;

function suggestSoon() {
  clearTimeout(soon);
  soon = setTimeout(suggest, 140);
}

async function suggest() {
  const typed = box.value.trim();
  if (!completes || !typed || composing || document.activeElement !== box) return closeSuggestions();
  let data;
  try {
    data = await askOnce(`suggest?${new URLSearchParams({ q: typed })}`);
  } catch (error) {
    completes = error.status !== 404; // completion is a courtesy: without it the page works as before
    return closeSuggestions();
  }
  if (box.value.trim() !== typed || document.activeElement !== box) return undefined;
  const found = (data.suggestions ?? data).map((item) => item.text ?? item).filter((text) => typeof text === "string" && text !== typed).slice(0, 7);
  if (!found.length) return closeSuggestions();
  chosen = -1;
  list.replaceChildren(
    ...found.map((text, i) =>
      el("li", { id: `suggestion-${i}`, role: "option", "aria-selected": "false", onmousedown: (event) => event.preventDefault(), onclick: () => take(text) }, text),
    ),
  );
  list.hidden = false;
  box.setAttribute("aria-expanded", "true");
  return undefined;
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

box.addEventListener("input", (event) => { if (!event.isComposing) suggestSoon(); });
box.addEventListener("blur", closeSuggestions);
box.addEventListener("keydown", (event) => {
  if (event.isComposing || composing || event.keyCode === 229 || list.hidden) return;
  if (event.key === "Enter" && chosen >= 0) {
    event.preventDefault();
    return take(list.children[chosen].textContent);
  }
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  list.children[chosen]?.setAttribute("aria-selected", "false");
  chosen = ((chosen + 1 + by + list.children.length + 1) % (list.children.length + 1)) - 1;
  list.children[chosen]?.setAttribute("aria-selected", "true");
  if (chosen >= 0) box.setAttribute("aria-activedescendant", `suggestion-${chosen}`);
  else box.removeAttribute("aria-activedescendant");
});
