// What the page says, in Chinese and in English: words.json has every word in both. `t(name)` gives those in use.

const LANGUAGE = "wensou.language";
const WORDS = await (await fetch(new URL("words.json", import.meta.url))).json();
const asked = new URLSearchParams(location.search).get("language") ?? localStorage.getItem(LANGUAGE);
export const english = asked === "en";

const figures = new Intl.NumberFormat("en");
export const number = (value) => figures.format(value);

export const known = (name) => name in WORDS;

/** A template with its gaps filled: {0} is the first argument, {0:one|many} the word that goes with its number. */
function filled(text, args) {
  return text.replace(/\{(\d)(?::([^|}]*)\|([^}]*))?\}/g, (_, i, one, many) => {
    const given = args[i];
    if (one !== undefined) return given === 1 ? one : many;
    return typeof given === "number" ? number(given) : (given ?? "");
  });
}

/** The words called `name`, with arguments in their gaps; some are a pair, or a table of other words. */
export function t(name, ...args) {
  if (!known(name)) throw new Error(`no words for ${name}`);
  const [chinese, other = chinese] = WORDS[name];
  const words = english ? other : chinese;
  return args.length ? filled(words, args) : words;
}

/** The days that are filtered by, "" for none. */
export function dayRange({ after, before }) {
  if (after && before) return t("days", after, before);
  return after ? t("days_after", after) : before && t("days_before", before);
}

/** Several words in a row, as the language has it. */
export const listed = (words) => words.join(t("and"));

/** Rows of what stands for itself and what it does. */
export const rows = (name) => WORDS[name].map(([sign, chinese, other]) => [sign, english ? other : chinese]);

/** Put the words into the page as it was delivered, which speaks Chinese, and offer the other language. */
export function speak() {
  document.documentElement.lang = english ? "en" : "zh-Hans";
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const attribute of ["aria-label", "placeholder"]) {
    for (const node of document.querySelectorAll(`[data-t-${attribute}]`)) node.setAttribute(attribute, t(node.getAttribute(`data-t-${attribute}`)));
  }
  const turn = document.getElementById("language");
  turn.textContent = t("other_language");
  turn.lang = english ? "zh-Hans" : "en";
  turn.addEventListener("click", () => {
    localStorage.setItem(LANGUAGE, english ? "zh" : "en");
    location.reload();
  });
}
