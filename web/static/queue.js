// What waits for a station, in its card; hold, skip, first, pause.

import { attr, bdi, fill, h, icon, refill, text } from "./dom.js";
import { Fold } from "./fold.js";
import { answerLine, drawAnswer, drawBusy } from "./presses.js";
import { t } from "./t.js";
import { ago } from "./words.js";

const PATH = "/api/queue";
const MOST = 3;
const STILL_MS = 2000;
const DONE = { pause: t("Paused."), resume: t("It goes on."), hold: t("Held."), release: t("Let go."), skip: t("Skipped."), first: t("It is next.") };

export class Queues {
  constructor(store, presses, redraw) {
    this.store = store;
    this.presses = presses;
    this.redraw = redraw;
    this.all = document.getElementById("queues");
    this.answer = answerLine();
    this.all.parentElement.after(h("div", { class: "room" }, this.answer));
  }

  send(key, body) {
    this.presses.send(key, PATH, body, t("Not done"), () => ["good", DONE[body.do]]);
  }

  /** Pause all, and resume all when one is paused. */
  drawAll(lost) {
    const stations = [...this.store.rows("station").values()].filter((s) => s.state);
    const paused = stations.filter((s) => s.paused).length;
    const told = this.presses.get("queues");
    drawAnswer(this.answer, told);
    drawBusy(this.all, told);
    const button = (act, words) => h("button", { type: "button", class: "btn", onclick: () => this.send("queues", { do: act }) },
      icon(act === "pause" ? "hold" : "run"), words);
    refill(this.all, [paused > 0, paused < stations.length, !!lost], () => lost ? [] : [
      paused > 0 && button("resume", t("Resume all")),
      paused < stations.length && button("pause", t("Pause all")),
    ]);
  }

  /** A station's part of its card. */
  part() {
    const node = h("div", { class: "queue" });
    node.stats = h("p", { class: "sub" });
    node.acts = h("div", { class: "acts" });
    node.told = answerLine();
    node.order = [];
    node.touched = -Infinity;
    for (const near of ["pointerdown", "click", "keydown"]) node.addEventListener(near, () => (node.touched = performance.now()));
    node.fold = new Fold(MOST, () => this.line(), this.redraw);
    node.append(h("div", { class: "over" }, node.stats, node.told, node.acts), node.fold.node);
    return node;
  }

  /** `words` of what the station did stand beside its pause button. */
  draw(node, station, title, words, lost) {
    const queue = this.store.get("queue", station);
    const key = `queue ${station}`;
    const told = this.presses.get(key);
    text(node.stats, words);
    drawAnswer(node.told, told, node.stats);
    drawBusy(node.acts, told);
    const act = queue?.paused ? "resume" : "pause";
    const word = queue?.paused ? t("Resume") : t("Pause");
    refill(node.acts, [act, title, !!lost, !!queue], () => [
      queue && !lost && h("button", { type: "button", class: "btn", "aria-label": `${word} ${title}`, onclick: () => this.send(key, { do: act, station }) },
        icon(act === "pause" ? "hold" : "run"), word),
    ]);
    const items = (queue?.waiting ?? []).map((item, n) => [item.id, { ...item, station, first: n === 0 }]);
    this.keepStill(node, items);
    node.fold.draw(items, (line, item) => this.drawLine(line, item, queue.paused, lost), queue?.more ?? 0);
  }

  /** For a moment after a thumb was here the order stays, however the queue moves: the next press must hit what it meant. */
  keepStill(node, items) {
    if (performance.now() - node.touched < STILL_MS) {
      const place = ([id]) => (node.order.includes(id) ? node.order.indexOf(id) : node.order.length);
      items.sort((a, b) => place(a) - place(b));
    } else node.order = items.map(([id]) => id);
  }

  line() {
    const node = h("li");
    node.what = h("p");
    node.when = h("span");
    node.state = h("span", { class: "state" });
    node.told = answerLine();
    node.acts = h("div", { class: "acts tight" });
    node.now = h("p", { class: "sub" }, node.state, node.when);
    node.append(h("div", { class: "what" }, node.what, node.now, node.told), node.acts);
    return node;
  }

  drawLine(node, item, paused, lost) {
    const key = `queue ${item.station} ${item.id}`;
    const told = this.presses.get(key);
    const who = item.user || item.rule || t("An order");
    const [mark, word] = item.held ? ["hold", t("Held")] : item.first && !paused ? ["run", t("Next")] : ["wait", t("Waits")];
    attr(node, "data-held", item.held);
    fill(node.what, [who, item.action], () => [h("b", {}, bdi(who)), ` ${item.action}`]);
    fill(node.state, word, () => [icon(mark), word]);
    text(node.when, ` · ${ago(this.store.since(item.since))}`);
    drawAnswer(node.told, told, node.now);
    drawBusy(node.acts, told);
    const act = (does, words) => h("button", { type: "button", class: "btn", "aria-label": `${words}: ${item.action}, ${who}`,
      onclick: () => this.send(key, { do: does, station: item.station, command: item.id }) }, words);
    refill(node.acts, [item.held, item.first, who, !!lost], () => lost ? [] : [
      !item.first && act("first", t("First")),
      item.held ? act("release", t("Let go")) : act("hold", t("Hold")),
      act("skip", t("Skip")),
    ]);
  }
}
