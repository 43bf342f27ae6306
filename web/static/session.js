// One session under review: its plots, findings, ledger and events are asked for one after the other.

import { fill, h, text } from "./dom.js";
import { exporting } from "./export.js";
import { frame } from "./frame.js";
import { drawAction, drawEvent, line } from "./lines.js";
import { read } from "./link.js";
import { Plots, numbers } from "./plots.js";
import { clock, count, plural, tellTimeOf } from "./words.js";

const at = (id) => document.getElementById(id);
const session = at("session");
const api = `/api/sessions/${session.dataset.id}`;
tellTimeOf(session.dataset.zone);
const { store } = frame();
exporting();

const words = (e) => h("p", { class: "trouble", role: "alert" }, e.message);

// -- plots ---------------------------------------------------------------------------------------

const USUAL_BUCKETS = 240; // as many as a phone shows well

async function showInterval(plots, seconds) {
  for (const button of at("intervals").children) button.setAttribute("aria-pressed", String(Number(button.dataset.interval) === seconds));
  const { buckets } = await read(`${api}/buckets?interval=${seconds}`);
  plots.show(buckets, seconds);
  numbers(at("numbers").querySelector("table"), buckets);
  return buckets;
}

async function plotting() {
  if (!at("plots")) return;
  const plots = new Plots(at("plots"), at("plot-words"), session.dataset.zone);
  const go = (seconds) => showInterval(plots, seconds).catch((e) => text(at("plot-words"), e.message));
  const steps = [...at("intervals").children].map((button) => Number(button.dataset.interval));
  for (const button of at("intervals").children) button.addEventListener("click", () => go(Number(button.dataset.interval)));
  const minutes = await showInterval(plots, steps.includes(60) ? 60 : steps[0]).catch((e) => text(at("plot-words"), e.message));
  if (minutes?.length > USUAL_BUCKETS && steps.includes(300)) await go(300);
}

// -- findings and ledger -------------------------------------------------------------------------

const sentence = (s) => s && `${s[0].toUpperCase()}${s.slice(1)}.`;
const minutes = (n) => (n === 0 ? "same minute" : `${n} min before`);
const signed = (n) => `${n < 0 ? "−" : "+"}${Math.abs(n).toFixed(2)}`;

async function finding() {
  const c = await read(`${api}/correlation`);
  fill(at("rise"), 1, () => [
    h("p", { class: "said" }, sentence(c.words)),
    c.findings.length ? h("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "h-rise" },
      h("table", { class: "tight" },
        h("thead", {}, h("tr", {}, ...["What", "When", "Strength", "95 % interval", "Minutes", "By chance"].map((t, n) => h("th", { scope: "col", class: n > 1 ? "n" : null }, t)))),
        h("tbody", {}, ...c.findings.map((f) =>
          h("tr", {}, h("th", { scope: "row" }, f.metric), h("td", {}, minutes(f.lag)), h("td", { class: "n" }, signed(f.strength)),
            h("td", { class: "n" }, `${signed(f.low)} to ${signed(f.high)}`), h("td", { class: "n" }, count(f.n)),
            h("td", { class: "n" }, f.clear ? `${(100 * f.p).toFixed(1)} %: clear` : `${Math.round(100 * f.p)} %: not clear`)))))) : null,
    c.findings.length ? h("p", { class: "sub" }, "Strength: from −1 (viewers fall with it) over 0 (nothing to do with each other) to +1.") : null,
  ]);
}

async function became() {
  const l = await read(`${api}/ledger`);
  const bars = (of, one) => {
    const sum = Object.values(of).reduce((a, b) => a + b, 0);
    return h("ul", { class: "bars" }, ...Object.entries(of).map(([what, n]) =>
      h("li", {}, h("span", {}, what), h("meter", { max: sum, value: n, "aria-label": `${what}: ${plural(n, one)}` }), h("b", {}, count(n)))));
  };
  fill(at("became"), 1, () =>
    l.gifts
      ? [h("p", { class: "said" }, `${plural(l.gifts, "gift message")} (taps that came together are one), and each has one ending:`), bars(l.endings, "gift"),
         Object.keys(l.actions).length ? h("p", { class: "said" }, "What they set in motion:") : null,
         Object.keys(l.actions).length ? bars(l.actions, "action") : null]
      : [h("p", { class: "sub" }, "The journal has no gift of this session, or not any more.")]);
}

// -- events --------------------------------------------------------------------------------------

class Events {
  constructor() {
    this.list = at("events");
    this.more = at("more");
    this.form = at("search");
    this.run = 0;
    this.form.addEventListener("submit", (e) => {
      e.preventDefault();
      this.search();
    });
    this.form.querySelector("select").addEventListener("change", () => this.search());
    this.more.addEventListener("click", () => this.load());
  }

  search() {
    this.list.replaceChildren();
    this.found = 0;
    this.next = null;
    return this.load();
  }

  /** Up to 50 further lines; a search that finds few goes on by itself for a while. */
  async load() {
    const run = ++this.run;
    const target = this.found + 20;
    this.more.hidden = true;
    for (let tries = 0; tries < 20; tries++) {
      text(at("events-words"), "Looking…");
      const asked = new URLSearchParams([...new FormData(this.form)].filter(([, v]) => v));
      if (this.next !== null) asked.set("before", this.next);
      const page = await read(`${api}/events?${asked}`).catch((e) => e);
      if (run !== this.run) return;
      if (page instanceof Error) return text(at("events-words"), page.message);
      this.append(page.rows);
      this.next = page.next;
      this.reached = page.reached;
      if (this.next === null || this.found >= target) break;
    }
    this.end();
  }

  append(rows) {
    const add = drawAction(store);
    for (const row of rows) {
      const node = line();
      if (row.event) drawEvent(node, { ...row.event, account: "" }); // of one account they all are
      else add(node, row.action);
      this.list.append(node);
    }
    this.found += rows.length;
  }

  end() {
    const open = this.next !== null;
    const back = open && this.reached ? ` back to ${clock(this.reached)}` : "";
    this.more.hidden = !open;
    text(at("events-words"), this.found ? `${plural(this.found, "line")}${back}${open ? "" : ", and no more"}.` : open ? `Nothing found yet${back}.` : "Nothing found.");
  }
}

// One after the other: a phone must not take all readers of the server by itself.
await plotting();
await new Events().search();
await became().catch((e) => at("became").replaceChildren(words(e)));
await finding().catch((e) => at("rise").replaceChildren(words(e)));
