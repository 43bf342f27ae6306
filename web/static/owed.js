// What viewers paid for and did not get: given now, all of it, or forgiven by a person.

import { attr, bdi, fill, h, icon, refill, text } from "./dom.js";
import { Fold } from "./fold.js";
import { answerLine, drawAnswer, drawBusy } from "./presses.js";
import { n, t } from "./t.js";
import { ago, coins, count } from "./words.js";

const PATH = "/api/ledger";
const button = (words, onclick, kind = "", label = words) =>
  h("button", { type: "button", class: `btn ${kind}`, onclick, "aria-label": label }, words);

export class Owed {
  constructor(store, presses, redraw) {
    this.store = store;
    this.presses = presses;
    this.node = document.getElementById("owed");
    this.sum = h("p");
    this.all = h("div", { class: "acts" });
    this.answer = answerLine();
    this.fold = new Fold(3, () => this.line(), redraw);
    this.node.append(h("div", { class: "panel" }, h("div", { class: "over" }, h("div", { class: "sub" }, this.sum, this.answer), this.all), this.fold.node));
  }

  async one(key, debt, act) {
    const body = { gateway: debt.gateway, do: act, run: debt.run };
    const words = act === "pay" ? t("Given to {who}: it waits its turn.", { who: debt.who || t("its viewer") }) : t("Forgiven: {rule}.", { rule: debt.rule });
    const answer = await this.presses.send(key, PATH, body, act === "pay" ? t("Not given") : t("Not forgiven"), () => ["good", words]);
    if (answer?.ok) this.presses.tell("owed", "good", words);
  }

  giveAll(gateways) {
    for (const gateway of gateways) {
      this.presses.send("owed", PATH, { gateway, do: "pay-all" }, t("Not given"), ({ result }) =>
        ["good", n("{count} of them waits for its turn.", "{count} of them wait for their turn.", result.runs)]);
    }
  }

  draw(lost) {
    const ledgers = this.store.sorted("ledger").filter(([, l]) => l.owed.length);
    const debts = ledgers.flatMap(([gateway, l]) => l.owed.map((o) => [`owed ${gateway} ${o.run}`, { ...o, gateway }]));
    const behind = ledgers.reduce((n, [, l]) => n + l.more, 0);
    const all = debts.length + behind;
    const told = this.presses.get("owed");
    attr(this.node, "hidden", !all && !told?.words);
    drawAnswer(this.answer, told);
    text(this.sum, all ? n("{count} action paid for and not given.", "{count} actions paid for and not given.", all) : t("Nothing is owed any more."));
    const asks = this.presses.asks("owed") && !lost;
    refill(this.all, [all, asks, !!lost, told?.busy], () => {
      if (!all || lost) return [];
      if (told?.busy) return [h("p", { class: "busy" }, t("Giving…"))];
      if (!asks) return [button(t("Give all…"), () => this.presses.ask("owed"))];
      return [
        h("p", { class: "question" }, icon("warn"), t("Give all {count}? Machines move for each of them. Is everyone clear?", { count: count(all) })),
        button(t("Give all {count}", { count: count(all) }), () => this.giveAll(ledgers.map(([g]) => g)), "go"),
        button(t("Not now"), () => this.presses.ask(""), "quiet"),
      ];
    });
    this.fold.draw(debts, (node, debt, key) => this.drawLine(node, debt, key, lost), behind);
  }

  line() {
    const node = h("li");
    node.what = h("div");
    node.when = h("p", { class: "sub" });
    node.told = answerLine();
    node.acts = h("div", { class: "acts" });
    node.append(icon("back"), h("div", { class: "what" }, node.what, node.when, node.told), node.acts);
    return node;
  }

  drawLine(node, debt, key, lost) {
    const told = this.presses.get(key);
    fill(node.what, [debt.who, debt.rule, debt.reason], () => [
      h("p", {}, h("b", {}, bdi(debt.who || t("Somebody"))), " ", bdi(debt.rule)),
      debt.reason && h("p", { class: "reason" }, bdi(debt.reason)),
    ]);
    const since = t("{time} ago", { time: ago(this.store.since(debt.since)) });
    text(node.when, [debt.coins ? coins(debt.coins) : "", since, debt.simulated ? t("practice") : ""].filter(Boolean).join(" · "));
    drawAnswer(node.told, told, node.when);
    drawBusy(node.acts, told);
    const asks = this.presses.asks(key) && !lost;
    const whose = `${debt.rule}, ${debt.who || t("somebody")}`;
    refill(node.acts, [asks, !!lost, told?.tone === "good", whose], () => {
      if (lost || told?.tone === "good") return [];
      return asks
        ? [
            h("p", { class: "question" }, icon("warn"), t("It will not be given any more.")),
            button(t("Forgive"), () => this.one(key, debt, "forgive"), "go", t("Forgive: {whose}", { whose })),
            button(t("Keep it owed"), () => this.presses.ask(""), "quiet"),
          ]
        : [
            button(t("Give now"), () => this.one(key, debt, "pay"), "", t("Give now: {whose}", { whose })),
            button(t("Forgive…"), () => this.presses.ask(key), "quiet", t("Forgive…: {whose}", { whose })),
          ];
    });
  }
}
