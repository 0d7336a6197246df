// Articles by month as bars that can be brushed: drag over them, or move the two ends with the arrow keys.

import { el } from "./dom.js";
import { t } from "./words.js";

const MOST_BARS = 72; // of more months, years are shown

const pad = (n) => String(n).padStart(2, "0");
const monthNumber = (month) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
const lastDay = (year, month) => new Date(Date.UTC(year, month, 0)).getUTCDate();

/** Bars without gaps from the first month to the last: [{label, after, before, count}]. */
export function bars(counts) {
  const months = Object.keys(counts).filter((month) => /^\d{4}-\d{2}$/.test(month)).sort();
  if (!months.length) return [];
  const [first, last] = [monthNumber(months[0]), monthNumber(months.at(-1))];
  const yearly = last - first + 1 > MOST_BARS;
  const all = [];
  const [from, to] = yearly ? [Math.floor(first / 12), Math.floor(last / 12)] : [first, last];
  for (let n = from; n <= to; n += 1) {
    const [year, month] = yearly ? [n, 0] : [Math.floor(n / 12), (n % 12) + 1];
    const y = String(year).padStart(4, "0");
    all.push({
      label: yearly ? t("year", String(year)) : t("month", String(year), String(month), pad(month)),
      after: yearly ? `${y}-01-01` : `${y}-${pad(month)}-01`,
      before: yearly ? `${y}-12-31` : `${y}-${pad(month)}-${pad(lastDay(year, month))}`,
      count: 0,
    });
  }
  for (const month of months) all[Math.floor(monthNumber(month) / (yearly ? 12 : 1)) - from].count += counts[month];
  return all;
}

/** The chart; `choose(after, before)` is called with the days that were brushed, or two empty texts for all. */
export function histogram(counts, { after, before }, choose) {
  const all = bars(counts);
  if (all.length < 2) return null;
  const most = Math.max(...all.map((bar) => bar.count));
  let from = after ? Math.max(0, all.findIndex((bar) => bar.before >= after)) : 0;
  let to = before ? Math.max(from, all.findLastIndex((bar) => bar.after <= before)) : all.length - 1;
  let outside = Boolean((after && after > all.at(-1).before) || (before && before < all[0].after));
  const columns = all.map(({ count }) => {
    const column = el("span.column", el("i"));
    column.firstChild.style.height = count ? `${Math.max(6, (100 * count) / most)}%` : "0";
    return column;
  });
  const ends = ["after", "before"].map((name) =>
    el("span.end", { id: `brush-${name}`, role: "slider", tabindex: "0", "aria-label": t(`brush_${name}`), "aria-valuemin": "0", "aria-valuemax": String(all.length - 1) }),
  );
  const caption = el("p.caption");
  const track = el("div.brush", { role: "group", "aria-label": t("by_month") }, columns, ends);
  const commit = () => {
    if (from === 0 && to === all.length - 1) choose("", "");
    else choose(all[from].after, all[to].before);
  };

  const draw = () => {
    columns.forEach((column, i) => column.classList.toggle("in", !outside && i >= from && i <= to));
    [from, to].forEach((at, i) => {
      ends[i].style.left = `${(100 * (at + i)) / all.length}%`;
      ends[i].setAttribute("aria-valuenow", String(at));
      ends[i].setAttribute("aria-valuetext", all[at].label);
    });
    for (const end of ends) end.hidden = outside;
    const count = all.slice(from, to + 1).reduce((sum, bar) => sum + bar.count, 0);
    const days = from === to ? all[from].label : t("days", all[from].label, all[to].label);
    caption.replaceChildren(el("span", outside ? "" : days), el("span", t("articles", outside ? 0 : count)));
  };

  brushing(track, all.length, (a, b, done) => {
    [from, to, outside] = [Math.min(a, b), Math.max(a, b), false];
    draw();
    if (done) commit();
  });
  let soon = 0;
  ends.forEach((end, i) =>
    end.addEventListener("keydown", (event) => {
      const at = i ? to : from;
      const next = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: all.length - 1 }[event.key];
      if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      if (i) to = Math.min(Math.max(next, from), all.length - 1);
      else from = Math.max(Math.min(next, to), 0);
      draw();
      clearTimeout(soon);
      soon = setTimeout(commit, 350);
    }),
  );
  draw();
  return el("div.histogram", track, caption);
}

/** Tell `moved(first, last, done)` of bars that a pointer is drawn over. */
function brushing(track, count, moved) {
  let begun = null;
  const barAt = (event) => {
    const { left, width } = track.getBoundingClientRect();
    return Math.min(count - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * count)));
  };
  track.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    event.preventDefault();
    track.setPointerCapture(event.pointerId);
    begun = barAt(event);
    moved(begun, begun, false);
  });
  track.addEventListener("pointermove", (event) => {
    if (begun !== null) moved(begun, barAt(event), false);
  });
  track.addEventListener("pointerup", (event) => {
    if (begun !== null) moved(begun, barAt(event), true);
    begun = null;
  });
  track.addEventListener("pointercancel", () => { begun = null; });
}
