// The box and what stands under it: asking while one types, and settling what was typed into the history.

import { $ } from "./dom.js";
import { NO_FILTERS, go, leaves, state } from "./address.js";
import { closeSuggestions, composing } from "./complete.js";

const [form, box] = [$("form"), $("q")];
const [LEAST, MOST] = [150, 700]; // ms between the last key and the question
let typing = false; // the box is ahead of the address
let instant = false; // the newest entry of the history was made by typing, so the next letters replace it
let soon = 0;
let wait = LEAST;

/** Ask no faster than the server answers. */
export function pace(took) {
  wait = Math.min(Math.max(LEAST, took * 1.5), MOST);
}

/** A Chinese character is a word; of other letters two are wanted. */
const ask = (more) => go({ q: box.value.trim(), view: "" }, more);
const enough = (text) => /[^\x00-\u02ff]/.test(text) || text.length > 1;

function askSoon() {
  clearTimeout(soon);
  soon = setTimeout(() => {
    const q = box.value.trim();
    if (composing || q === state.q || !enough(q)) return;
    typing = true;
    ask({ replace: instant });
    instant = true;
    typing = false;
  }, wait);
}

box.addEventListener("input", (event) => { if (!event.isComposing && !composing) askSoon(); });
box.addEventListener("compositionstart", () => clearTimeout(soon));
box.addEventListener("compositionend", askSoon);
box.addEventListener("blur", () => { instant = false; });

form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(soon);
  const q = box.value.trim();
  if (composing) return null;
  if (!q) return box.focus();
  const known = instant && q === state.q; // it is asked already, by typing
  box.blur();
  closeSuggestions();
  return known || ask();
});

/** Put what the address says into the form. */
export function showForm(back) {
  if (back) clearTimeout(soon);
  if (!typing && !composing) box.value = state.q;
  if (!typing) closeSuggestions();
  for (const radio of form.elements.mode) radio.checked = radio.value === state.mode;
  form.elements.sort.value = state.sort;
  form.elements.index.value = state.index;
}

for (const radio of form.elements.mode) {
  radio.addEventListener("change", () => {
    if (state.q) go({ mode: radio.value });
    else state.mode = radio.value;
  });
}
form.elements.sort.addEventListener("change", () => {
  if (state.q) go({ sort: form.elements.sort.value });
  else state.sort = form.elements.sort.value;
});

document.querySelector(".brand").addEventListener("click", (event) => {
  if (leaves(event)) return;
  event.preventDefault();
  go({ ...NO_FILTERS, q: "", mode: "hybrid", sort: "relevance", view: "" });
  box.focus();
});
