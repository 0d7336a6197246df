// The first run: an empty index explains itself and, where writing is allowed, takes files.

import { el } from "./dom.js";
import { t } from "./words.js";
import { picker } from "./upload.js";

export function firstRun(notes, stage, writes) {
  stage.classList.add("speaks");
  notes.replaceChildren(
    el(
      "div.state",
      el("h2", t("first_title")),
      writes && el("p", t("first_drop")),
      writes && el("p", picker()),
      el("p", t("first_how")),
      el("p", el("code", "wensou index DIR --index INDEX")),
    ),
  );
}
