// Arming, mode and the figures: what the whole venue is set to.

import { attr, fill, h, icon, refill } from "./dom.js";
import { press } from "./link.js";
import { MODES, count, ms } from "./words.js";

const ASK_MS = 10000; // a question nobody answers goes away
const MODE_MS = 3000;
const ENDINGS = ["done", "waiting", "owed", "blocked", "expired", "dropped", "cancelled", "failed"];

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
    this.busy = armed ? "Arming…" : "Disarming…";
    this.trouble = "";
    this.redraw();
    const answer = await press("/api/arm", { armed });
    this.busy = "";
    if (!answer.ok) this.trouble = `${armed ? "Not armed" : "Not disarmed"}: ${answer.error}`;
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
      this.trouble = `Mode not changed: ${answer.error}`;
      this.redraw();
    }
  }

  draw(blind) {
    const states = this.store.sorted("gateway").map(([, g]) => g.state).filter(Boolean);
    const phase = this.store.get("stop", "venue")?.phase ?? "clear";
    const stopped = phase !== "clear";
    if (this.asking && (performance.now() - this.asking > ASK_MS || stopped || blind)) this.asking = 0;
    this.drawArming(states, phase, blind);
    this.drawMode(states, blind);
    this.drawFigures(states);
    this.drawLedger();
  }

  drawArming(states, phase, blind) {
    const stopped = phase !== "clear";
    const known = states.length > 0 && !blind;
    const armed = states.some((s) => s.armed);
    const look = !known
      ? ["off", "quiet", "Arming not known", "No gateway in sight."]
      : stopped
        ? ["hold", "warn", phase === "stopped" ? "Stopped" : "Stop pressed", "Reset it before arming."]
        : armed
          ? ["on", "armed", "Armed", "Machines move when rules fire."]
          : ["off", "quiet", "Disarmed", "Nothing moves."];
    const key = [look, this.asking > 0, this.busy, this.trouble];
    attr(this.arming, "data-tone", this.asking ? "warn" : look[1]);
    refill(this.arming, key, () => [
      h("div", { class: "state" }, icon(this.asking ? "warn" : look[0]),
        h("div", {}, h("strong", {}, this.asking ? "Machines will move" : look[2]),
          h("span", {}, this.asking ? "Is everyone clear?" : look[3]))),
      this.busy
        ? h("p", { class: "busy" }, this.busy)
        : !known || stopped
          ? null
          : this.asking
            ? h("div", { class: "pair" },
                h("button", { type: "button", class: "btn go", id: "arm-yes", onclick: () => this.arm(true) }, "Arm"),
                h("button", { type: "button", class: "btn quiet", onclick: () => this.ask(false) }, "Not now"))
            : armed
              ? h("button", { type: "button", class: "btn", id: "disarm", onclick: () => this.arm(false) }, "Disarm")
              : h("button", { type: "button", class: "btn", id: "arm", onclick: () => this.ask(true) }, "Arm…"),
      this.trouble && h("p", { class: "trouble", role: "alert" }, this.trouble),
    ]);
  }

  drawMode(states, blind) {
    const now = states[0]?.mode;
    if (this.ordered && (this.ordered.mode === now || performance.now() - this.ordered.since > MODE_MS)) {
      if (this.ordered.mode !== now) this.trouble = "The gateway did not take the mode.";
      this.ordered = null;
    }
    for (const [mode, button] of this.modes) {
      attr(button, "aria-pressed", String(mode === now && !blind));
      attr(button, "disabled", !states.length || !!blind);
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
    const lines = [["Received", ...sums("total")], ["Practice", ...sums("practice")]].filter(([word, n]) => n || word === "Received");
    const balanced = ledgers.every((l) => l.balanced);
    attr(this.ledger, "hidden", !ledgers.length);
    fill(this.ledger, [lines, balanced], () => [
      ...lines.map(([word, received, parts]) =>
        h("p", {}, `${word} `, h("b", {}, count(received)), parts.length > 0 && ` = ${parts.map(([name, n]) => `${count(n)} ${name}`).join(" + ")}`)),
      balanced
        ? h("p", { class: "sums", "data-tone": "good" }, icon("ok"), "The ledger adds up")
        : h("p", { class: "sums", "data-tone": "bad" }, icon("warn"), "The ledger does not add up"),
    ]);
  }

  drawFigures(states) {
    const worst = (name) => Math.max(...states.map((s) => s[name] ?? -1));
    const sum = (name) => states.reduce((n, s) => n + s[name], 0);
    const p50 = worst("latency_p50_ms");
    const p99 = worst("latency_p99_ms");
    const rows = [
      ["Gift to motion", p50 >= 0 ? ms(p50) : "–", p50 >= 0 ? "ms median" : "not measured yet"],
      ["99 of 100 within", p99 >= 0 ? ms(p99) : "–", p99 >= 0 ? "ms" : "not measured yet"],
      ["Actions", count(sum("actions")), sum("not_done") ? `${count(sum("not_done"))} not done` : "all done"],
      ["Events", count(sum("events")), `${count(sum("gifts"))} gifts`],
    ];
    fill(this.figures, rows, () =>
      rows.map(([label, value, unit]) =>
        h("div", {}, h("dt", {}, label), h("dd", {}, h("b", {}, value), h("span", {}, ` ${unit}`)))));
  }
}
