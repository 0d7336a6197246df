// The first run: an empty index explains itself.

import { el } from "./dom.js";
import { t } from "./words.js";

export function firstRun(notes, stage) {
  stage.classList.add("speaks");
  notes.replaceChildren(el("div.state", el("h2", t("first_title")), el("p", t("first_how")), el("p", el("code", "wensou index DIR --index INDEX"))));
}
