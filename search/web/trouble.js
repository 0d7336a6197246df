// What may go wrong, in words, with what can be done about it: no state is a dead end.

import { el, framed } from "./dom.js";
import { Refused, Unreachable, ask, forget, key } from "./server.js";
import { known, t } from "./words.js";

/** [title, advice] for whatever went wrong; a fault of this page is no trouble of the server's and goes on up. */
export function explainError(error) {
  if (error instanceof Unreachable) return t("trouble_offline");
  if (!(error instanceof Refused)) throw error;
  if (error.status === 401) return t(key.get() ? "trouble_key_expired" : "trouble_401");
  const names = [error.code, error.status, error.status >= 500 ? "fault" : "other"];
  return t(names.map((name) => `trouble_${name}`).find(known));
}

/** What went wrong, what to do, and what the server said of it; `retry` asks again. */
export function problem(error, retry) {
  const [title, advice] = explainError(error);
  const said = error instanceof Refused && error.status !== 401 ? error : null;
  const node = el("div.state",
    el("h2", title),
    advice && el("p", advice),
    said && el("p.said", { lang: "" }, said.message),
    said?.hint && el("p.said", { lang: "" }, el("code", said.hint)),
  );
  if (error.status === 401) node.append(keyForm(retry));
  else if (retry) node.append(el("div.choices", framed(t("again"), retry)));
  if (error instanceof Unreachable && retry) waitForServer(node, retry);
  return node;
}

function keyForm(retry) {
  const input = el("input", { type: "password", name: "key", autocomplete: "current-password", required: true, "aria-label": t("key"), placeholder: t("key") });
  const keep = el("input", { type: "checkbox", name: "keep" });
  const submit = (event) => {
    event.preventDefault();
    key.set(input.value.trim(), keep.checked);
    forget();
    retry?.();
  };
  return el(
    "form",
    { class: "key-form", onsubmit: submit },
    input,
    el("button.go", { type: "submit" }, t("key_use")),
    el("label", keep, " ", t("key_keep")),
  );
}

/** Ask every two seconds whether the server is back, for as long as the message is on show, and go on by itself. */
function waitForServer(node, retry) {
  const line = el("p.waiting", { role: "status" }, t("waiting"));
  node.append(line);
  const look = async () => {
    if (!node.isConnected) return;
    try {
      await ask("healthz");
    } catch (error) {
      if (error instanceof Unreachable) {
        setTimeout(look, 2000);
        return;
      }
    }
    if (node.isConnected) retry();
  };
  setTimeout(look, 2000);
}
