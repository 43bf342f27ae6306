// One session under review: its plots, findings, ledger and events are asked for one after the other.

import { fill, h, text } from "./dom.js";
import { exporting } from "./export.js";
import { finding, plotting } from "./figures.js";
import { frame } from "./frame.js";
import { drawAction, drawEvent, line } from "./lines.js";
import { read } from "./link.js";
import { n, t } from "./t.js";
import { clock, count, ending, tellTimeOf } from "./words.js";

const at = (id) => document.getElementById(id);
const session = at("session");
const api = `/api/sessions/${session.dataset.id}`;
tellTimeOf(session.dataset.zone);
const { store } = frame();
exporting();

const words = (e) => h("p", { class: "trouble", role: "alert" }, e.message);

// -- what became of the gifts ----------------------------------------------------------------------

async function became() {
  const l = await read(`${api}/ledger`);
  const bars = (of, several) => {
    const sum = Object.values(of).reduce((a, b) => a + b, 0);
    return h("ul", { class: "bars" }, ...Object.entries(of).map(([what, value]) =>
      h("li", {}, h("span", {}, ending(what)), h("meter", { max: sum, value, "aria-label": `${ending(what)}: ${several(value)}` }), h("b", {}, count(value)))));
  };
  fill(at("became"), 1, () =>
    l.gifts
      ? [h("p", { class: "said" }, n("{count} gift message (taps that came together are one), and it has one ending:", "{count} gift messages (taps that came together are one), and each has one ending:", l.gifts)),
         bars(l.endings, (value) => n("{count} gift", "{count} gifts", value)),
         Object.keys(l.actions).length ? h("p", { class: "said" }, t("What they set in motion:")) : null,
         Object.keys(l.actions).length ? bars(l.actions, (value) => n("{count} action", "{count} actions", value)) : null]
      : [h("p", { class: "sub" }, t("The journal has no gift of this session, or not any more."))]);
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
      text(at("events-words"), t("Looking…"));
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
    const time = open && this.reached ? clock(this.reached) : "";
    this.more.hidden = !open;
    text(at("events-words"), this.found ? lines(this.found, open, time) : nothing(open, time));
  }
}

function lines(found, open, time) {
  if (!open) return n("{count} line, and no more.", "{count} lines, and no more.", found);
  return time ? n("{count} line back to {time}.", "{count} lines back to {time}.", found, { time }) : n("{count} line.", "{count} lines.", found);
}

function nothing(open, time) {
  if (!open) return t("Nothing found.");
  return time ? t("Nothing found yet back to {time}.", { time }) : t("Nothing found yet.");
}

// One after the other: a phone must not take all readers of the server by itself.
await plotting(api, session.dataset.zone);
await new Events().search();
await became().catch((e) => at("became").replaceChildren(words(e)));
await finding(api).catch((e) => at("rise").replaceChildren(words(e)));
