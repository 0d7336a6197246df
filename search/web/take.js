// Taking results away: as a table, as JSON, as references, or as a feed of the question.

import { $, button, el } from "./dom.js";
import { asked, state } from "./address.js";
import { copy, save } from "./save.js";
import { key, placed, request } from "./server.js";
import { t } from "./words.js";

const MOST = 1000; // results in a file
const KINDS = ["csv", "json", "ris"];

const path = (format, k) => `export?${asked(state, { format, k, sort: state.sort })}`;

/** The menu above the list; nothing where nothing was found. */
export function showTake(found) {
  $("take").replaceChildren();
  if (!found) return;
  const said = el("span.said", { role: "status" });
  const fetched = async (format) => {
    said.textContent = t("looking");
    try {
      save(await (await request(path(format, MOST))).blob(), `${state.q.slice(0, 40).replace(/[\\/:*?"<>|]/g, " ")}.${format}`);
      said.textContent = "";
    } catch (error) {
      said.textContent = t("failed", error.message);
    }
  };
  const feed = async () => {
    await copy(new URL(placed(path("atom", 50)), location.href).href);
    said.textContent = t("copied");
  };
  const items = [
    ...KINDS.map((format) => button(t(`take_${format}`), () => fetched(format))),
    !key.get() && button(t("take_atom"), feed), // feed readers show no key
    button(t("print"), () => print()),
  ];
  $("take").append(el("details", el("summary.quiet", t("take")), el("div.menu", items, said)));
}

addEventListener("click", (event) => {
  const open = $("take").querySelector("details[open]");
  if (open && !open.contains(event.target)) open.open = false;
});
