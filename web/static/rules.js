// The rules at a glance: their buttons, what does not run and why, stages, counters, timers, and what they said.

import { attr, bdi, fill, h, icon, list, text } from "./dom.js";
import { answerLine, drawAnswer } from "./presses.js";
import { n, t } from "./t.js";
import { ago, clock, left, number } from "./words.js";

const at = (id) => document.getElementById(id);
const SAID = 3;

/** [key, make] of the banners that say what does not run, and that the ledger is wrong. */
export function broken(store) {
  const bad = store.sorted("rules").flatMap(([, r]) => r.broken);
  const more = store.sorted("rules").reduce((n, [, r]) => n + r.more, 0);
  const wrong = store.sorted("ledger").filter(([, l]) => !l.balanced).map(([gateway]) => gateway);
  return [[bad, more, wrong], () => [
    wrong.length > 0 && h("div", { class: "banner lost", role: "alert" }, icon("warn"),
      h("p", {}, h("strong", {}, t("The ledger does not add up.")),
        ` ${t("Something received has no ending, or two. The log of gateway {gateways} says since when; keep its data.", { gateways: wrong.join(", ") })}`)),
    bad.length > 0 && h("div", { class: "banner warn" }, icon("warn"),
      h("div", {},
        h("p", {}, h("strong", {}, n("{count} part of the rules does not run.", "{count} parts of the rules do not run.", bad.length + more)), ` ${t("The others do.")}`),
        h("ul", {}, ...bad.map((b) => h("li", {}, h("b", {}, bdi(b.rule)), " ", bdi(b.words)))),
        more > 0 && h("p", {}, t("and {count} more", { count: more })))),
  ]];
}

export class Buttons {
  constructor(store, presses) {
    this.store = store;
    this.presses = presses;
    this.node = at("buttons");
    this.row = h("div", { class: "pair" });
    this.answer = answerLine();
    this.node.append(this.row, h("div", { class: "room" }, this.answer));
  }

  press(gateway, button) {
    this.presses.send("button", "/api/button", { gateway, button }, button, ({ result, why }) => {
      if (!result.fired?.length) return ["warn", why.length ? t("{button}: nothing fired: {why}.", { button, why: why.join("; ") }) : t("{button}: nothing fired.", { button })];
      const fired = t("Fired: {rules}.", { rules: result.fired.join(", ") });
      return result.but ? ["warn", `${fired} ${t("But {what}.", { what: result.but })}`] : ["good", fired];
    });
  }

  draw(lost) {
    const buttons = this.store.sorted("rules").flatMap(([g, r]) => r.buttons.map((b) => [`${g}/${b}`, [g, b]]));
    attr(this.node, "hidden", !buttons.length);
    const told = this.presses.get("button");
    list(this.row, buttons, () => h("button", { type: "button", class: "btn" }), (node, [gateway, button]) => {
      node.onclick = () => this.press(gateway, button);
      text(node, button);
      attr(node, "disabled", !!lost || !!told?.busy);
    });
    drawAnswer(this.answer, told);
  }
}

export class Glance {
  constructor(store) {
    this.store = store;
    this.node = at("rules");
    this.count = h("p", { class: "sub" });
    this.stages = h("ul", { class: "stages" });
    this.kept = h("dl", { class: "kept" });
    this.said = h("ul", { class: "said" });
    this.node.append(h("div", { class: "panel" }, this.count, this.stages, this.kept, this.said));
  }

  draw() {
    const all = this.store.sorted("rules");
    attr(this.node, "hidden", !all.length);
    if (!all.length) return;
    const sum = (of) => all.reduce((n, [, r]) => n + of(r), 0);
    const [running, off, bad] = [sum((r) => r.running), sum((r) => r.off), sum((r) => r.broken.length + r.more)];
    fill(this.count, [running, off, bad], () => [
      n("{count} rule runs", "{count} rules run", running),
      off ? ` · ${t("{count} switched off", { count: off })}` : "",
      bad > 0 && h("b", {}, ` · ${t("{count} broken", { count: bad })}`),
    ]);
    const every = (name, entries) => all.flatMap(([g, r]) => entries(r).map(([n, v]) => [`${name} ${g} ${n}`, [n, v]]));
    list(this.stages, every("stage", (r) => r.stages.map((s) => [s.stage, s])), stageLine, (node, [, s]) => this.drawStage(node, s));
    const kept = [
      ...every("counter", (r) => Object.entries(r.counters)).map(([k, [n, v]]) => [k, [n, number(v)]]),
      ...every("timer", (r) => Object.entries(r.timers)).map(([k, [n, end]]) => [k, [n, left(-this.store.since(end))]]),
      ...every("note", (r) => Object.entries(r.notes)),
    ];
    list(this.kept, kept, () => h("div", {}, h("dt"), h("dd", {}, bdi(""))), (node, [name, value]) => {
      text(node.firstChild, name);
      text(node.lastChild.firstChild, value);
    });
    list(this.said, this.store.newest("announcement").slice(0, SAID), () => h("li"), (node, a) =>
      fill(node, a, () => [h("time", { datetime: a.time }, clock(a.time)), " ", bdi(a.text), a.simulated && ` · ${t("practice")}`]));
    for (const part of [this.stages, this.kept, this.said]) attr(part, "hidden", !part.childElementCount);
  }

  drawStage(node, s) {
    const since = t("for {time}", { time: ago(this.store.since(s.since)) });
    const of = { metric: number(s.metric), needs: number(s.needs), stage: s.next };
    text(node.level, s.level);
    text(node.name, s.stage);
    text(node.words, [
      ...(s.next ? [t("{metric} of {needs} for {stage}", of)] : [t("highest level"), t("{metric} measured", of)]),
      since,
      ...(s.locked ? [t("locked by a person")] : []),
    ].join(" · "));
    attr(node.bar, "aria-label", s.stage);
    node.bar.value = s.next && s.needs ? Math.max(0, Math.min(1, s.metric / s.needs)) : 1;
  }
}

function stageLine() {
  const node = h("li");
  node.name = h("span");
  node.level = h("b");
  node.words = h("p", { class: "sub" });
  node.bar = h("progress", { max: 1 });
  node.append(h("p", {}, node.name, " ", node.level), node.bar, node.words);
  return node;
}
