// Files dropped on the page, where writing is allowed: read by the server and written, each with its progress.

import { $, el } from "./dom.js";
import { Refused, Unreachable, ask, forget, request } from "./server.js";
import { listed, t } from "./words.js";

const AT_ONCE = 100; // articles in one request
const PAUSE = 500; // ms between two looks at a job
let done = () => {}; // set by takeFiles
let busy = false;

/** Where the key may write, files can be dropped anywhere; `after` is called when some were taken. Tells whether. */
export async function takeFiles(after) {
  done = after;
  const { writes } = await ask("rights").catch(() => ({ writes: false }));
  document.body.classList.toggle("writable", writes);
  return writes;
}

/** A button that opens the files of this computer. */
export function picker() {
  const input = el("input.unseen", { type: "file", multiple: true, "aria-label": t("upload_pick"), onchange: () => upload([...input.files]) });
  return el("label.go.pick", t("upload_pick"), input);
}

const open = () => document.body.classList.contains("writable");

for (const name of ["dragenter", "dragover"]) {
  addEventListener(name, (event) => {
    if (!open() || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
}
addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
addEventListener("drop", (event) => {
  document.body.classList.remove("dropping");
  if (!open() || !event.dataTransfer?.files.length) return;
  event.preventDefault();
  upload([...event.dataTransfer.files]);
});

/** One file after the other; a file that fails is said and the others go on. */
async function upload(files) {
  if (busy || !files.length) return;
  busy = true;
  const bar = el("progress", { max: files.length, value: 0, "aria-label": t("uploading") });
  const lines = files.map((file) => el("li", file.name, " ", el("span.by", { role: "status" }, t("upload_waits"))));
  $("upload-body").replaceChildren(bar, el("ul", lines));
  if (!$("upload").open) $("upload").showModal();
  let taken = 0;
  for (const [i, file] of files.entries()) {
    const say = (text) => { lines[i].lastChild.textContent = text; };
    try {
      taken += await one(file, say);
    } catch (error) {
      say(t("failed", error.message));
    }
    bar.value = i + 1;
  }
  busy = false;
  if (!taken) return;
  forget();
  done();
}

/** Read, write, and say how it went; how many articles were taken. */
async function one(file, say) {
  say(t("upload_reads"));
  const read = await request(`read?${new URLSearchParams({ name: file.name })}`, { method: "POST", body: file, headers: { "Content-Type": "application/octet-stream" } });
  const { articles, skipped } = await read.json();
  for (let at = 0; at < articles.length; at += AT_ONCE) {
    const part = articles.slice(at, at + AT_ONCE);
    const tell = (written) => say(t("upload_writes", at + Math.min(written, part.length), articles.length));
    tell(0);
    const response = await request("articles?wait=true", { method: "POST", body: JSON.stringify(part), headers: { "Content-Type": "application/json" } });
    await ended(await response.json(), tell, say);
  }
  const left = skipped.map((item) => t("reasons")[item.reason] ?? item.reason);
  say([articles.length > 0 && t("upload_took", articles.length), left.length > 0 && t("upload_skipped", listed([...new Set(left)]))].filter(Boolean).join("　") || t("upload_none"));
  return articles.length;
}

/** Until a job is done, across a stop of the server; one that fails or is taken back is an error. */
async function ended(job, tell, say) {
  while (job.state !== "done") {
    if (job.state === "failed") throw new Refused(job.error, 422);
    if (job.state === "cancelled") throw new Error(t("upload_cancelled"));
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    try {
      job = await ask(`jobs/${job.job}`);
      if (job.trouble) say(job.trouble);
      else tell(job.progress?.articles ?? 0);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      say(t("trouble_offline")[0]);
    }
  }
}
