// Wide screens: the border between the two columns can be moved, with the mouse or the arrow keys, and stays there.

import { attr, h } from "./dom.js";
import { t } from "./t.js";

const KEPT = "side";
const LEAST = 288;
const STEP = 16;
const USUAL = 352;

const most = () => Math.max(LEAST, Math.min(720, Math.round(innerWidth * 0.5)));
const fitting = (width) => Math.round(Math.max(LEAST, Math.min(most(), width)));

export function panes() {
  const main = document.querySelector("main:is(.live, .sided, .history):has(> :is(.desk, .side))");
  if (!main) return;
  const bar = h("div", { class: "splitter", role: "separator", tabindex: "0", "aria-orientation": "vertical", "aria-label": t("Width of the columns") });
  let width = Number(localStorage.getItem(KEPT)) || USUAL;

  function set(wanted, keep = true) {
    width = fitting(wanted);
    document.documentElement.style.setProperty("--side", `${width}px`);
    attr(bar, "aria-valuenow", width);
    attr(bar, "aria-valuemin", LEAST);
    attr(bar, "aria-valuemax", most());
    if (keep) localStorage.setItem(KEPT, width);
  }

  const moves = { ArrowLeft: STEP, ArrowRight: -STEP, Home: Infinity, End: -Infinity };
  bar.addEventListener("keydown", (e) => {
    if (!(e.key in moves)) return;
    e.preventDefault();
    set(width + moves[e.key]);
  });
  bar.addEventListener("dblclick", () => set(USUAL));
  bar.addEventListener("pointerdown", (e) => {
    e.preventDefault();
    bar.focus();
    bar.setPointerCapture(e.pointerId);
  });
  bar.addEventListener("pointermove", (e) => {
    if (bar.hasPointerCapture(e.pointerId)) set(main.getBoundingClientRect().right - Number.parseFloat(getComputedStyle(main).paddingRight) - e.clientX);
  });
  addEventListener("resize", () => set(width, false));
  set(width, false);
  main.append(bar);
}
