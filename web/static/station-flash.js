// A board is flashed: begun with a question, followed step by step, and what it says shown as it comes.

import { attr, bdi, fill, h, icon, refill, text } from "./dom.js";
import { read } from "./link.js";
import { drawAnswer } from "./presses.js";
import { t } from "./t.js";

const LOOK_MS = 1000;
const DOING = { preparing: t("Preparing: the firmware is built."), writing: t("Writing"), verifying: t("Reading it back") };
const at = (id) => document.getElementById(id);

export class Flash {
  constructor(presses, path, redraw) {
    this.presses = presses;
    this.path = `${path}/flash`;
    this.redraw = redraw;
    this.state = null;
    this.asked = -Infinity;
  }

  /** Ask how it goes: each second while it runs, else now and then, for somebody else may have begun it. */
  async look() {
    const now = performance.now();
    if (now - this.asked < (this.state?.phase === "running" ? 1 : 5) * LOOK_MS) return;
    this.asked = now;
    try {
      this.state = (await read(this.path)).result;
    } catch {
      return; // no gateway now: the banner says so, and what was last heard stays
    }
    this.redraw();
  }

  async send(body, done) {
    const answer = await this.presses.send("flash", this.path, body, t("Not done"), () => ["good", done]);
    if (answer?.ok) this.state = answer.result;
  }

  draw(title, s, lost) {
    if (!lost && s && !s.simulated) this.look();
    const now = this.state;
    const runs = now?.phase === "running";
    const asks = this.presses.asks("flash") && !lost;
    const why = lost ? "" : s?.simulated ? t("A simulated board has no firmware to flash.") : s?.armed ? t("Machines are armed: disarm them first.") : "";
    attr(at("flash"), "hidden", runs || !!s?.simulated);
    text(at("flash-hint"), why || t("Flashing writes this version's firmware onto the board. The station is away for about a minute."));
    drawAnswer(at("flash-told"), this.presses.get("flash"));
    refill(at("flash-acts"), [runs, asks, why, !!lost, title], () => {
      if (lost || s?.simulated) return [];
      if (runs) return [h("button", { type: "button", class: "btn", onclick: () => this.send({ do: "cancel" }, t("It ends.")) }, t("Cancel"))];
      if (!asks) return [h("button", { type: "button", class: "btn", disabled: !!why, onclick: () => this.presses.ask("flash") }, t("Flash the board…"))];
      return [
        h("p", { class: "question" }, icon("warn"), h("span", {}, t("{machine} gets new firmware, and is away meanwhile. Do not unplug it.", { machine: title }))),
        h("button", { type: "button", class: "btn go", onclick: () => this.send({ do: "begin", board: at("flash").elements.board.value }, t("Begun.")) }, t("Flash it")),
        h("button", { type: "button", class: "btn quiet", onclick: () => this.presses.ask("") }, t("Not now")),
      ];
    });
    const shown = now && now.phase !== "idle";
    attr(at("flashing"), "hidden", !shown);
    if (!shown) return;
    const words = runs
      ? now.doing === "preparing" || now.percent === null ? DOING[now.doing] : `${DOING[now.doing]}: ${now.percent} %`
      : { done: t("Flashed."), failed: t("Not flashed."), cancelled: t("Cancelled.") }[now.phase];
    attr(at("flashing"), "data-phase", now.phase);
    const last = runs ? "" : now.lines.at(-1) ?? "";
    fill(at("flash-words"), [words, last], () => [words, last && h("span", { class: "sub" }, bdi(last))]);
    attr(at("flash-bar"), "hidden", !runs);
    if (now.percent === null) at("flash-bar").removeAttribute("value");
    else at("flash-bar").value = now.percent;
    attr(at("flash-lines"), "hidden", !now.lines.length);
    fill(at("flash-lines"), now.lines, () => [now.lines.join("\n")]);
    if (runs) at("flash-lines").scrollTop = at("flash-lines").scrollHeight;
  }
}
