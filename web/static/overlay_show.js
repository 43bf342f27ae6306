// Draws an overlay and keeps it up to date. What cannot be seen now is not shown: an empty place on a stream is
// honest, a queue that stands still is not.

import { attr, bdi, fill, h, list, text } from "./dom.js";

const LOOK_MS = 1000;
const WAIT_MS = 1500;
const BLANK_MS = 2500;
const REFUSED_MS = 15000;
const LINES = { queue: 5, leaderboard: 3, action: 1, goal: 0 };

const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 0 });
const between = (words, least, most, usual) => Math.min(most, Math.max(least, Number.parseInt(words, 10) || usual));
const one = (word, words) => (words.includes(word) ? word : words[0]);

export class Showing {
  /** `asked`: title, target, top, size (pixels), side (left, center, right), tone (light, dark), as in the address. */
  constructor(node, path, asked) {
    this.node = node;
    this.path = path;
    this.kind = node.dataset.kind;
    this.target = Number.parseFloat(asked.target) || null;
    this.most = between(asked.top, 1, 10, LINES[this.kind]);
    this.heard = -Infinity;
    this.shown = null;
    this.title = h("h1", {}, asked.title?.slice(0, 60) ?? "");
    this.body = h(this.kind === "goal" ? "div" : "ol");
    this.more = h("p", { class: "more" });
    attr(node, "data-side", one(asked.side, ["left", "center", "right"]));
    attr(node, "data-tone", one(asked.tone, ["light", "dark"]));
    node.style.setProperty("--size", `${between(asked.size, 12, 120, 32)}px`);
    node.replaceChildren(this.title, this.body, this.more);
  }

  /** For as long as the node is there. */
  async run() {
    const clock = setInterval(() => this.draw(), 250);
    do {
      const refused = await this.look();
      this.draw();
      await new Promise((go) => setTimeout(go, refused ? REFUSED_MS : LOOK_MS));
    } while (this.node.isConnected);
    clearInterval(clock);
  }

  async look() {
    const control = new AbortController();
    const timer = setTimeout(() => control.abort(), WAIT_MS);
    try {
      const answer = await fetch(this.path, { signal: control.signal, cache: "no-store", credentials: "omit" });
      if (!answer.ok) return answer.status === 403;
      const shown = await answer.json();
      if (!shown.fresh) return false;
      this.shown = shown;
      this.heard = performance.now();
    } catch {
      // heard nothing: soon there is nothing to see
    } finally {
      clearTimeout(timer);
    }
    return false;
  }

  get empty() {
    if (!this.shown || performance.now() - this.heard > BLANK_MS) return true;
    return this.kind === "goal" ? this.shown.value === null : !this.shown.lines.length;
  }

  draw() {
    attr(this.node, "data-blank", this.empty);
    if (this.empty) return; // fades as it was
    const { lines, more, value, target } = this.shown;
    if (this.kind === "goal") return this.drawGoal(value, this.target ?? target);
    list(this.body, lines.slice(0, this.most).map((l) => [l.key, l]), () => h("li"), drawLine);
    const behind = more + Math.max(0, lines.length - this.most);
    text(this.more, this.kind === "queue" && behind ? `+ ${number.format(behind)}` : "");
  }

  drawGoal(value, target) {
    fill(this.body, [value, target], () => {
      const part = h("div", { class: "part" });
      part.style.width = `${target ? Math.max(0, Math.min(100, (100 * value) / target)) : 0}%`;
      return [
        h("p", { class: "figure" }, h("b", {}, number.format(value)), target ? ` / ${number.format(target)}` : ""),
        target ? h("div", { class: "bar" }, part) : null,
      ];
    });
  }
}

function drawLine(node, line) {
  fill(node, line, () => [
    line.place ? h("span", { class: "place" }, `${line.place}`) : null,
    line.who ? h("b", {}, bdi(line.who)) : null,
    line.what ? h("span", {}, bdi(line.what)) : null,
    line.figure !== undefined ? h("span", { class: "figure" }, number.format(line.figure)) : null,
  ]);
}
