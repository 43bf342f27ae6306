// The figures of a session that are asked for after its screen is shown: plots, and what makes viewers rise.

import { fill, h, text } from "./dom.js";
import { read } from "./link.js";
import { Plots, numbers } from "./plots.js";
import { language, n, t } from "./t.js";
import { count, counted, number } from "./words.js";

const at = (id) => document.getElementById(id);

// -- plots ---------------------------------------------------------------------------------------

const USUAL_BUCKETS = 240; // as many as a phone shows well
const FEW_BUCKETS = 6; // and fewer than these say little

class Plotting {
  constructor(api, zone) {
    this.api = api;
    this.plots = new Plots(at("plots"), at("plot-words"), zone);
    this.steps = [...at("intervals").children].map((button) => Number(button.dataset.interval));
    for (const button of at("intervals").children) button.addEventListener("click", () => this.go(Number(button.dataset.interval)));
  }

  async begin() {
    await this.go(this.steps.includes(60) ? 60 : this.steps[0]);
    const better = this.buckets.length > USUAL_BUCKETS ? 300 : this.buckets.length < FEW_BUCKETS ? 10 : 60;
    if (better !== this.seconds && this.steps.includes(better)) await this.go(better);
  }

  /** Show this interval. */
  async go(seconds) {
    for (const button of at("intervals").children) button.setAttribute("aria-pressed", String(Number(button.dataset.interval) === seconds));
    this.seconds = seconds;
    this.buckets = [];
    await this.more();
  }

  /** Ask for what is new since the last bucket, which may have grown. */
  async more() {
    const { seconds } = this;
    const last = this.buckets.at(-1)?.since;
    try {
      const { buckets } = await read(`${this.api}/buckets?interval=${seconds}${last ? `&since=${encodeURIComponent(last)}` : ""}`);
      if (seconds !== this.seconds) return; // another interval was chosen meanwhile
      if (last && JSON.stringify(buckets) === JSON.stringify(this.buckets.slice(-1))) return;
      this.buckets = [...this.buckets.filter((b) => !buckets.length || b.since < buckets[0].since), ...buckets];
      this.plots.show(this.buckets, seconds);
      numbers(at("numbers").querySelector("table"), this.buckets);
    } catch (e) {
      text(at("plot-words"), e.message);
    }
  }
}

/** Plots of the session behind `api`, where the screen has a place for them; `more()` of them goes on. */
export async function plotting(api, zone) {
  if (!at("plots")) return null;
  const plotting = new Plotting(api, zone);
  await plotting.begin();
  return plotting;
}

// -- findings ------------------------------------------------------------------------------------

const minutes = (lag) => (lag === 0 ? t("same minute") : t("{m} min before", { m: lag }));
const hundredth = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const signed = (value) => `${value < 0 ? "−" : "+"}${hundredth.format(Math.abs(value))}`;
const chance = (f) => (f.clear ? t("{percent} %: clear", { percent: number(f.p * 100) }) : t("{percent} %: not clear", { percent: Math.round(100 * f.p) }));

const clear = (f) => {
  const after = { what: counted(f.metric), count: count(f.lag) };
  if (f.lag === 0) return f.strength > 0 ? t("viewers rose in the same minute as {what}", after) : t("viewers fell in the same minute as {what}", after);
  return f.strength > 0
    ? n("viewers rose about {count} minute after {what}", "viewers rose about {count} minutes after {what}", f.lag, after)
    : n("viewers fell about {count} minute after {what}", "viewers fell about {count} minutes after {what}", f.lag, after);
};

/** The same as the correlation's own words, in the language of the page. */
function found(c) {
  if (!c.enough) return n("Not enough data: {count} minute is too little.", "Not enough data: {count} minutes are too few.", c.minutes);
  if (!c.findings.length) return n("In {count} minute too little changed to compare anything.", "In {count} minutes too little changed to compare anything.", c.minutes);
  const sure = c.findings.filter((f) => f.clear);
  if (!sure.length) return n("In {count} minute nothing went with a change of viewers more than chance would have it.", "In {count} minutes nothing went with a change of viewers more than chance would have it.", c.minutes);
  const findings = sure.map(clear).join("; ");
  return n("In {count} minute, {findings}. This is no proof that one caused the other.", "In {count} minutes, {findings}. This is no proof that one caused the other.", c.minutes, { findings });
}

/** What makes viewers rise? Throws an Error in words. */
export async function finding(api) {
  const c = await read(`${api}/correlation`);
  fill(at("rise"), c, () => [
    h("p", { class: "said" }, found(c)),
    c.findings.length ? h("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "h-rise" },
      h("table", { class: "tight" },
        h("thead", {}, h("tr", {}, ...[t("What"), t("When"), t("Strength"), t("95 % interval"), t("Minutes"), t("By chance")].map((title, i) => h("th", { scope: "col", class: i > 1 ? "n" : null }, title)))),
        h("tbody", {}, ...c.findings.map((f) =>
          h("tr", {}, h("th", { scope: "row" }, counted(f.metric)), h("td", {}, minutes(f.lag)), h("td", { class: "n" }, signed(f.strength)),
            h("td", { class: "n" }, t("{low} to {high}", { low: signed(f.low), high: signed(f.high) })), h("td", { class: "n" }, count(f.n)),
            h("td", { class: "n" }, chance(f))))))) : null,
    c.findings.length ? h("p", { class: "sub" }, t("Strength: from −1 (viewers fall with it) over 0 (nothing to do with each other) to +1.")) : null,
  ]);
}
