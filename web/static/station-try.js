// Actions and outputs tried by hand: a form made from their JSON Schema, a question that names the machine, and then
// what becomes of the command, step by step.

import { attr, bdi, fill, h, icon, refill, say, text } from "./dom.js";
import { drawBusy } from "./presses.js";
import { t } from "./t.js";
import { STATUSES } from "./words.js";

const ROLES = ["viewer", "operator", "supervisor", "admin"];
export const may = (role) => ROLES.indexOf(document.body.dataset.role) >= ROLES.indexOf(role);
const SILENT_MS = 3000; // a gateway that has a command says so within milliseconds
const SHOWN_MS = 20000;
const OVER = ["done", "failed", "rejected", "expired", "cancelled", "blocked", "dropped"];

const FIELDS = {
  ms: [t("On for"), "ms"],
  level: [t("Level"), "%"],
  ramp: [t("Ramp"), "ms"],
  position: [t("Position"), "%"],
  hz: [t("Pitch"), "Hz"],
};

/** Why nothing may move at a station now, in words; "" when it may. */
export function obstacle(store, station, lost) {
  if (lost) return lost.title;
  const s = store.get("station", station)?.state;
  const [, gateway] = store.sorted("gateway").find(([, g]) => g.info?.stations?.includes(station)) ?? [];
  if ((store.get("stop", "venue")?.phase ?? "clear") !== "clear") return t("The emergency stop is in force: reset it first.");
  if (!s?.online) return t("The station is offline.");
  if (gateway?.state?.mode === "rehearsal") return t("The mode is rehearsal, in which nothing moves.");
  if (gateway?.state?.mode === "paused") return t("Everything is paused.");
  if (!s.armed) return t("Machines are disarmed: arm them on the live screen.");
  return "";
}

const field = (name, p) => {
  const [title, unit] = FIELDS[name] ?? [name, ""];
  const least = p.minimum ?? (p.exclusiveMinimum ?? 0) + 0.1;
  return h("label", {}, unit ? `${title}, ${unit}` : title,
    h("input", { type: "number", name, value: p.default, min: least, max: p.maximum, step: p.type === "integer" ? 1 : "any", required: true, inputmode: "decimal", autocomplete: "off" }),
    h("span", { class: "hint" }, t("{least} to {most}", { least, most: p.maximum })));
};

/** What stands in a form, in a line: "On for 150 ms". */
const line = (form) => [...form.elements].map((input) => {
  const [title, unit] = FIELDS[input.name] ?? [input.name, ""];
  return `${title} ${input.value} ${unit}`.trim();
}).join(" · ");

const random = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");

export class Tries {
  constructor(store, presses, path) {
    this.store = store;
    this.presses = presses;
    this.path = path;
    this.commands = new Map(); // key -> {id, since, said} of the one that was sent last
  }

  make() {
    const node = h("article", { class: "card try" });
    node.head = h("h3");
    node.limits = h("p", { class: "sub" });
    node.wear = h("p", { class: "sub" });
    node.form = h("form", { class: "fields both" });
    node.form.addEventListener("submit", (e) => e.preventDefault());
    node.form.addEventListener("input", () => text(node.summary, line(node.form)));
    node.summary = h("summary");
    node.params = h("details", {}, node.summary, node.form);
    node.told = h("p", { class: "told", hidden: true });
    node.acts = h("div", { class: "acts" });
    node.append(h("div", { class: "over" }, node.head, node.acts), node.limits, node.wear, node.params, node.told);
    return node;
  }

  draw(node, item, name, why, lost) {
    const key = `${item.kind} ${name}`;
    const allowed = may(item.kind === "action" ? "operator" : "supervisor");
    fill(node.head, item.title, () => [bdi(item.title)]);
    text(node.limits, item.limits ?? "");
    text(node.wear, item.wear ?? "");
    fill(node.form, [item.schema, allowed], () => (allowed ? Object.entries(item.schema.properties).map(([n, p]) => field(n, p)) : []));
    if (!node.summary.textContent) text(node.summary, line(node.form));
    attr(node.params, "hidden", !node.form.childElementCount);
    const told = this.told(key);
    this.drawTold(node.told, told);
    drawBusy(node.acts, told);
    const asks = this.presses.asks(key) && !why;
    refill(node.acts, [asks, why, !!lost, allowed, item.title, item.machine, item.kind], () => {
      if (!allowed || lost) return [];
      if (asks) {
        return [
          h("p", { class: "question" }, icon("warn"), h("span", {}, t("{machine} moves now: {what}. Is everyone clear?", { machine: item.machine, what: item.title }))),
          h("button", { type: "button", class: "btn go", onclick: () => this.run(key, item, name, node.form) }, t("Move it")),
          h("button", { type: "button", class: "btn quiet", onclick: () => this.presses.ask("") }, t("Not now")),
        ];
      }
      const label = (words) => `${words}: ${item.title}`;
      return [
        h("button", { type: "button", class: "btn", "aria-label": label(t("Dry run")), onclick: () => this.look(key, item, name, node.form) }, t("Dry run")),
        h("button", { type: "button", class: "btn", disabled: !!why, "aria-label": label(t("Test…")), onclick: () => this.values(node.form) && this.presses.ask(key) }, t("Test…")),
      ];
    });
  }

  /** What stands in the form; null, and the browser says why, where that is no good. */
  values(form) {
    if (!form.checkValidity()) form.parentElement.open = true;
    return form.reportValidity() ? Object.fromEntries([...form.elements].map((input) => [input.name, input.valueAsNumber])) : null;
  }

  look(key, item, name, form) {
    const params = this.values(form);
    if (!params) return;
    this.commands.delete(key);
    this.presses.send(key, `${this.path}/look`, { [item.kind]: name, params }, t("It would not run"), ({ result }) =>
      result.but ? ["warn", t("This would happen: {would}. But not now: {but}.", result)] : ["good", t("This would happen: {would}. Nothing was moved.", result)]);
  }

  async run(key, item, name, form) {
    const params = this.values(form);
    if (!params) return;
    this.commands.delete(key);
    const [path, body] = item.kind === "action" ? ["order", { id: random(), action: name, params }] : ["test", { channel: name, params }];
    const answer = await this.presses.send(key, `${this.path}/${path}`, body, t("Not moved"), () => ["good", t("Sent.")]);
    const id = answer?.command ?? answer?.result?.command;
    if (answer?.ok && id) this.commands.set(key, { id, since: performance.now(), said: "" });
    this.presses.redraw();
  }

  /** {mark, tone, words}: what the last press has become. */
  told(key) {
    const sent = this.commands.get(key);
    if (!sent) return this.presses.get(key);
    const row = this.store.get("action", sent.id);
    const since = performance.now() - sent.since;
    if (!row) return since > SILENT_MS ? { mark: "warn", tone: "warn", words: t("The gateway has not said what became of it. Look at the machine.") } : { mark: "wait", tone: "busy", words: t("Sent…") };
    if (OVER.includes(row.status) && since > SHOWN_MS) {
      this.commands.delete(key);
      return null;
    }
    const [mark, tone, word] = STATUSES[row.status];
    if (sent.said !== row.status) {
      sent.said = row.status;
      say(row.reason ? `${word}: ${row.reason}` : word);
    }
    return { mark, tone, words: row.reason ? `${word}: ${row.reason}` : word };
  }

  drawTold(node, told) {
    const words = told?.words ?? "";
    attr(node, "hidden", !words);
    attr(node, "data-tone", words && told.tone);
    fill(node, [words, told?.tone], () => [words && icon(told.mark ?? { good: "ok", warn: "warn", bad: "no" }[told.tone]), bdi(words)]);
  }
}
