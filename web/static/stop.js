// The emergency stop: press, proof, reset. Green is shown only when the server says "stopped" for the stop
// that stands (web/stop.py decides) and the page can see the venue now.

import { attr, fill, h, icon, say, text } from "./dom.js";
import { press } from "./link.js";
import { n, t } from "./t.js";
import { clock } from "./words.js";

const TRIP_MS = 2000;
const AGAIN_MS = 500;
const PROOF_S = 2; // a board that answers does so within milliseconds
const RESET_S = 3;
const HARD = t("Use the hard-wired stop or cut the power now.");

/** What the server has to say of a stop (web/stop.py marks its texts). */
const doubts = (stop) => stop.doubts.map((doubt) => t(doubt.text, doubt)).join(" ");

export class StopDock {
  /** `sight()` says what keeps the page from seeing the venue now, "" when it sees it. */
  constructor(store, sight, redraw) {
    this.store = store;
    this.sight = sight;
    this.redraw = redraw;
    this.own = null; // our press, until the server has taken it: {id, since, tries}
    this.resetting = null;
    this.confirming = false;
    this.trouble = "";
    this.dock = document.getElementById("dock");
    this.panel = document.getElementById("proof");
    this.verdict = h("div");
    this.controls = h("div"); // apart, so that a button is never replaced under a thumb by a ticking word
    this.panel.append(this.verdict, this.controls);
    this.button = document.getElementById("stop");
    this.said = "";
    this.button.addEventListener("click", () => this.trip());
  }

  async trip() {
    navigator.vibrate?.(60);
    this.confirming = false;
    this.resetting = null;
    this.trouble = "";
    if (this.own) return;
    // Not randomUUID: browsers keep that from pages without TLS, and venues have such.
    const random = crypto.getRandomValues(new Uint8Array(12));
    const id = Array.from(random, (b) => b.toString(16).padStart(2, "0")).join("");
    this.own = { id, since: performance.now(), why: "" };
    this.redraw();
    while (this.own?.id === id) {
      const answer = await press("/api/estop/trip", { id }, TRIP_MS);
      if (answer.ok) {
        this.store.rows("stop").set("venue", answer.stop);
        this.own = null;
      } else {
        this.own.why = answer.error;
        this.redraw();
        await new Promise((go) => setTimeout(go, AGAIN_MS));
      }
    }
    this.redraw();
  }

  async reset(trip) {
    this.confirming = false;
    this.trouble = "";
    this.resetting = { trip, since: performance.now() };
    this.redraw();
    const answer = await press("/api/estop/reset", { trip });
    if (!answer.ok) {
      this.resetting = null;
      this.trouble = t("Not reset: {why}", { why: answer.error });
    }
    this.redraw();
  }

  /** [tone, icon, title, words] and the boards of what stands now; null when nothing does. */
  look() {
    const stop = this.store.get("stop", "venue");
    if (this.own) {
      const late = this.own.why || performance.now() - this.own.since > 1500;
      return late
        ? { tone: "bad", mark: "warn", title: t("Stop not sent yet"), words: `${this.own.why || t("No answer yet.")} ${t("Trying again.")} ${HARD}`, boards: [] }
        : { tone: "busy", mark: "stop", title: t("Stopping…"), words: "", boards: [] };
    }
    if (!stop || stop.phase === "clear") return null;
    const blind = this.sight();
    const age = stop.at ? this.store.since(stop.at) : Infinity;
    const boards = stop.boards.map((b) => ({ ...b, waiting: !b.confirmed && age < PROOF_S && !blind }));
    if (stop.phase === "pending") {
      return stop.words || age > PROOF_S
        ? { tone: "bad", mark: "warn", title: t("Stop not sent yet"), words: `${doubts(stop) || t("The broker does not take it.")} ${HARD}`, boards, stop }
        : { tone: "busy", mark: "stop", title: t("Stopping…"), words: "", boards, stop };
    }
    if (blind) {
      const was = stop.phase === "stopped" ? `${t("It was proved before.")} ` : "";
      return { tone: "warn", mark: "warn", title: t("Stop pressed, but not in sight now"), words: `${was}${blind}`, boards, stop };
    }
    if (stop.phase === "stopped") {
      const title = n("Stopped: the one board confirmed", "Stopped: all {count} boards confirmed", boards.length);
      return { tone: "good", mark: "ok", title, words: doubts(stop), boards, stop };
    }
    const open = boards.filter((b) => !b.confirmed);
    if (age < PROOF_S && !stop.words) return { tone: "busy", mark: "stop", title: t("Stopping…"), words: "", boards, stop };
    const title = open.length ? t("Not proven: {boards}", { boards: open.map((b) => this.title(b.station)).join(", ") }) : t("Not proven");
    return { tone: "bad", mark: "warn", title, words: doubts(stop), boards, stop };
  }

  title(station) {
    return this.store.get("station", station)?.info?.title || station;
  }

  draw() {
    const look = this.look();
    const stop = look?.stop;
    if (this.resetting && (!stop || stop.trip !== this.resetting.trip)) this.resetting = null;
    if (this.resetting && performance.now() - this.resetting.since > RESET_S * 1000) {
      this.resetting = null;
      this.trouble = t("The gateway did not take the reset. The stop still stands.");
    }
    if (!look) {
      this.trouble = "";
      this.confirming = false;
    }
    attr(this.dock, "data-tone", look ? look.tone : null);
    attr(document.body, "data-stop", look ? look.tone : null);
    attr(this.panel, "hidden", !look);
    text(this.button.querySelector("span"), look ? (this.own ? t("Trying to stop…") : look.tone === "busy" ? t("Stopping…") : t("Stop again")) : t("Stop"));
    this.say(look ? look.title : "");
    if (!look) return;
    const names = look.boards.map((b) => this.title(b.station));
    fill(this.verdict, [look.tone, look.title, look.words, look.boards, names, stop?.at], () => [
      h("div", { class: "verdict" }, icon(look.mark), h("h2", {}, look.title)),
      look.words && h("p", { class: "why" }, look.words),
      look.boards.length ? h("ul", { class: "boards" }, ...look.boards.map((b) => this.board(b))) : null,
      stop?.at && h("p", { class: "by" }, `${clock(stop.at)} · ${stop.by || t("unknown")}`),
    ]);
    fill(this.controls, [this.confirming, !!this.resetting, this.trouble, stop?.can_reset, stop?.phase, stop?.trip], () => [
      this.trouble && h("p", { class: "why", role: "alert" }, this.trouble),
      stop?.can_reset && this.resetRow(stop),
    ]);
  }

  board(b) {
    const [tone, mark, words] = b.confirmed
      ? ["good", "ok", t("confirmed off")]
      : b.waiting
        ? ["busy", "wait", t("waiting for its answer")]
        : ["bad", "no", t("not proven: {why}. Cut its power.", { why: t(b.detail) || t("no answer") })];
    return h("li", { "data-tone": tone }, icon(mark), h("span", {}, h("b", {}, this.title(b.station)), ` ${words}`));
  }

  resetRow(stop) {
    if (this.resetting) return h("p", { class: "why" }, t("Resetting…"));
    if (this.confirming) {
      return h(
        "div",
        { class: "ask" },
        h("p", {}, t("Not every board is proven to be off. Reset all the same?")),
        h("div", { class: "pair" },
          h("button", { type: "button", class: "btn", onclick: () => this.reset(stop.trip) }, t("Reset anyway")),
          h("button", { type: "button", class: "btn quiet", onclick: () => this.ask(false) }, t("Keep stopped")),
        ),
      );
    }
    const go = () => (stop.phase === "stopped" ? this.reset(stop.trip) : this.ask(true));
    return h("button", { type: "button", class: "btn reset", id: "reset", onclick: go }, t("Reset"),
      h("small", {}, t("machines stay disarmed")));
  }

  ask(open) {
    this.confirming = open;
    this.redraw();
  }

  say(words) {
    if (words === this.said) return;
    this.said = words;
    say(words || t("The stop is reset. Machines are disarmed."));
  }
}
