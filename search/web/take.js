// Taking results away: as a table, as JSON, as references, or as a feed of the question.

import { $, button, el } from "./dom.js";
import { asked, state } from "./address.js";
import { copy, save } from "./save.js";
import { ask, placed, request } from "./server.js";
import { explainError } from "./trouble.js";
import { t } from "./words.js";

const MOST = 1000; // results in a file
const KINDS = ["csv", "json", "ris"];

/** The menu above the list; nothing where nothing was found. */
export function showTake(found) {
  $("take").replaceChildren();
  if (!found) return;
  const one = $("index").hidden || state.index; // of the indexes is asked
  const said = el("p.said", { role: "status" }, !one && t("take_one"));
  const act = (name, does, done = "") => button(t(name), async () => {
    said.textContent = t("looking");
    try {
      await does();
      said.textContent = done;
    } catch (error) {
      said.textContent = t("failed", explainError(error)[0]);
    }
  });
  const file = async (format) => {
    const found = await request(`export?${asked(state, { format, k: MOST, sort: state.sort })}`);
    save(await found.blob(), `${state.q.slice(0, 40).replace(/[\/:*?"<>|]/g, " ")}.${format}`);
  };
  const feed = async () => {
    const { address } = await ask(`feed?${asked(state, { sort: state.sort })}`);
    await copy(new URL(placed(address), location.href).href);
  };
  const items = one ? [...KINDS.map((format) => act(`take_${format}`, () => file(format))), act("take_atom", feed, t("take_atom_done"))] : [];
  $("take").append(el("details", el("summary.quiet", t("take")), el("div.menu", items, button(t("print"), () => print()), said)));
}

addEventListener("click", (event) => {
  const open = $("take").querySelector("details[open]");
  if (open && event.isTrusted && !open.contains(event.target)) open.open = false; // a file is saved by a click of ours
});
