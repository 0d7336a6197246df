// Where the marks stand in a long article: a strip beside it with a tick a mark and the part in sight.

import { el } from "./dom.js";
import { t } from "./words.js";

/** The strip for a scrolling node that holds <mark data-mark=n>, `count` of them: `jump(n)` goes to one, `step(by)` on. */
export function minimap(scroll, count, jump, step) {
  const window = el("span.window");
  const slides = { role: "slider", tabindex: "0", "aria-orientation": "vertical", "aria-valuemax": count, onkeydown: press };
  const strip = el("div.minimap", { title: t("minimap"), ...(count ? slides : { role: "presentation" }) }, window);
  const ticks = [];

  const draw = () => {
    const height = scroll.scrollHeight;
    const { top } = scroll.getBoundingClientRect();
    const share = (node) => (node.getBoundingClientRect().top - top + scroll.scrollTop) / height;
    for (const tick of ticks.splice(0)) tick.node.remove();
    for (const node of scroll.querySelectorAll("mark[data-mark], .nearest")) {
      const [at, n] = [share(node), Number(node.dataset.mark ?? -1)]; // a sentence has no number
      const tick = el(n < 0 ? "i.tick.near" : "i.tick");
      tick.style.top = `${100 * at}%`;
      ticks.push({ at, n, node: tick });
    }
    strip.append(...ticks.map((tick) => tick.node));
    strip.hidden = height <= scroll.clientHeight * 1.2;
    follow();
  };
  const follow = () => {
    window.style.top = `${(100 * scroll.scrollTop) / scroll.scrollHeight}%`;
    window.style.height = `${(100 * scroll.clientHeight) / scroll.scrollHeight}%`;
  };

  function press(event) {
    const does = { ArrowDown: () => step(1), ArrowUp: () => step(-1), Home: () => jump(0), End: () => jump(count - 1) }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  }

  const go = (event) => {
    const { top, height } = strip.getBoundingClientRect();
    const at = (event.clientY - top) / height;
    const near = ticks.filter((tick) => tick.n >= 0 && Math.abs(tick.at - at) * height < 6).sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0];
    if (near && event.type === "pointerdown") jump(near.n);
    else scroll.scrollTop = at * scroll.scrollHeight - scroll.clientHeight / 2;
  };
  strip.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    strip.setPointerCapture(event.pointerId);
    go(event);
  });
  strip.addEventListener("pointermove", (event) => { if (strip.hasPointerCapture(event.pointerId)) go(event); });

  scroll.addEventListener("scroll", follow, { passive: true });
  new ResizeObserver(draw).observe(scroll.firstElementChild);
  return strip;
}
