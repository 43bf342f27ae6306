// Arming, mode and the figures: what the whole venue is set to.

import { attr, fill, h, icon, refill } from "./dom.js";
import { press } from "./link.js";
import { n, t } from "./t.js";
import { MODES, count, ending, ms } from "./words.js";

const ASK_MS = 10000; // a question nobody answers goes away
const MODE_MS = 3000;
const ENDINGS = ["done", "waiting", "owed", "blocked", "expired", "dropped", "cancelled", "failed"];

const role = document.body.dataset.role;
const mayOrder = (mode) => role !== "viewer" && (role !== "operator" || mode !== "live"); // as web/views/press.py

export class Desk {
  constructor(store, redraw) {
    this.store = store;
    this.redraw = redraw;
    this.asking = 0;
    this.busy = "";
    this.trouble = "";
    this.ordered = null;
    this.arming = document.getElementById("arming");
    this.figures = document.getElementById("figures");
    this.mode = document.getElementById("mode");
    this.ledger = document.getElementById("ledger");
    this.modes = MODES.map(([mode, word, hint]) => {
      const mark = h("span", {}, word);
      const button = h("button", { type: "button", title: hint, onclick: () => this.order(mode) }, mark);
      this.mode.append(button);
      return [mode, button];
    });
  }

  async arm(armed) {
    this.asking = 0;
    this.busy = armed ? t("Arming…") : t("Disarming…");
    this.trouble = "";
    this.redraw();
    const answer = await press("/api/arm", { armed });
    this.busy = "";
    if (!answer.ok) this.trouble = armed ? t("Not armed: {why}", { why: answer.error }) : t("Not disarmed: {why}", { why: answer.error });
    this.redraw();
  }

  ask(open) {
    this.asking = open ? performance.now() : 0;
    this.trouble = "";
    this.redraw();
  }

  async order(mode) {
    this.ordered = { mode, since: performance.now() };
    this.trouble = "";
    this.redraw();
    const answer = await press("/api/mode", { mode });
    if (!answer.ok) {
      this.ordered = null;
      this.trouble = t("Mode not changed: {why}", { why: answer.error });
      this.redraw();
    }
  }

  /** `of`: the totals of the account that was chosen, where one was. */
  draw(blind, of) {
    const states = this.store.sorted("gateway").map(([, g]) => g.state).filter(Boolean);
    const phase = this.store.get("stop", "venue")?.phase ?? "clear";
    const stopped = phase !== "clear";
    if (this.asking && (performance.now() - this.asking > ASK_MS || stopped || blind)) this.asking = 0;
    this.drawArming(states, phase, blind);
    this.drawMode(states, blind);
    this.drawFigures(states, of);
    this.drawLedger();
  }

  drawArming(states, phase, blind) {
    const stopped = phase !== "clear";
    const known = states.length > 0 && !blind;
    const armed = states.some((s) => s.armed);
    const look = !known
      ? ["off", "quiet", t("Arming not known"), t("No gateway in sight.")]
      : stopped
        ? ["hold", "warn", phase === "stopped" ? t("Stopped") : t("Stop pressed"), t("Reset it before arming.")]
        : armed
          ? ["on", "armed", t("Armed"), t("Machines move when rules fire.")]
          : ["off", "quiet", t("Disarmed"), t("Nothing moves.")];
    const key = [look, this.asking > 0, this.busy, this.trouble];
    attr(this.arming, "data-tone", this.asking ? "warn" : look[1]);
    refill(this.arming, key, () => [
      h("div", { class: "state" }, icon(this.asking ? "warn" : look[0]),
        h("div", {}, h("strong", {}, this.asking ? t("Machines will move") : look[2]),
          h("span", {}, this.asking ? t("Is everyone clear?") : look[3]))),
      this.busy
        ? h("p", { class: "busy" }, this.busy)
        : !known || stopped
          ? null
          : this.asking
            ? h("div", { class: "pair" },
                h("button", { type: "button", class: "btn go", id: "arm-yes", onclick: () => this.arm(true) }, t("Arm")),
                h("button", { type: "button", class: "btn quiet", onclick: () => this.ask(false) }, t("Not now")))
            : armed
              ? h("button", { type: "button", class: "btn", id: "disarm", onclick: () => this.arm(false) }, t("Disarm"))
              : h("button", { type: "button", class: "btn", id: "arm", onclick: () => this.ask(true) }, t("Arm…")),
      this.trouble && h("p", { class: "trouble", role: "alert" }, this.trouble),
    ]);
  }

  drawMode(states, blind) {
    const now = states[0]?.mode;
    if (this.ordered && (this.ordered.mode === now || performance.now() - this.ordered.since > MODE_MS)) {
      if (this.ordered.mode !== now) this.trouble = t("The gateway did not take the mode.");
      this.ordered = null;
    }
    for (const [mode, button] of this.modes) {
      attr(button, "aria-pressed", String(mode === now && !blind));
      attr(button, "disabled", !states.length || !!blind || !mayOrder(mode));
      attr(button, "data-asked", this.ordered?.mode === mode);
    }
  }

  /** Everything received has one ending, or waits: the gateway counts, and says whether it adds up. */
  drawLedger() {
    const ledgers = this.store.sorted("ledger").map(([, l]) => l);
    const sums = (part) => {
      const sum = (name) => ledgers.reduce((n, l) => n + l[part][name], 0);
      return [sum("received"), ENDINGS.map((name) => [name, sum(name)]).filter(([, n]) => n)];
    };
    const [all, practice] = [sums("total"), sums("practice")];
    const lines = [[t("Received"), ...all], practice[0] && [t("Practice"), ...practice]].filter(Boolean);
    const balanced = ledgers.every((l) => l.balanced);
    attr(this.ledger, "hidden", !ledgers.length);
    fill(this.ledger, [lines, balanced], () => [
      ...lines.map(([word, received, parts]) =>
        h("p", {}, `${word} `, h("b", {}, count(received)), parts.length > 0 && ` = ${parts.map(([name, n]) => `${count(n)} ${ending(name)}`).join(" + ")}`)),
      balanced
        ? h("p", { class: "sums", "data-tone": "good" }, icon("ok"), t("The ledger adds up"))
        : h("p", { class: "sums", "data-tone": "bad" }, icon("warn"), t("The ledger does not add up")),
    ]);
  }

  drawFigures(states, of) {
    const worst = (name) => Math.max(...states.map((s) => s[name] ?? -1));
    const sum = (name) => states.reduce((n, s) => n + s[name], 0);
    const p50 = worst("latency_p50_ms");
    const p99 = worst("latency_p99_ms");
    const rows = [
      [t("Gift to motion"), p50 >= 0 ? ms(p50) : "–", p50 >= 0 ? t("ms median") : t("not measured yet")],
      [t("99 of 100 within"), p99 >= 0 ? ms(p99) : "–", p99 >= 0 ? "ms" : t("not measured yet")],
      [t("Actions"), count(sum("actions")), sum("not_done") ? t("{count} not done", { count: count(sum("not_done")) }) : t("all done")],
      of
        ? [t("Coins"), count(of.coins), n("{count} gift", "{count} gifts", of.gifts)]
        : [t("Events"), count(sum("events")), n("{count} gift", "{count} gifts", sum("gifts"))],
    ];
    fill(this.figures, rows, () =>
      rows.map(([label, value, unit]) =>
        h("div", {}, h("dt", {}, label), h("dd", {}, h("b", {}, value), h("span", {}, ` ${unit}`)))));
  }
}
