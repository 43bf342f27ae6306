// A form of settings: what was changed in it, saved as changes of single settings, and mistakes told at their field.

import { attr, fill, h, icon, say, text } from "./dom.js";
import { press } from "./link.js";
import { n, t } from "./t.js";

const SAVE_MS = 15000;
const NAME = /^[a-z0-9-]{1,32}$/;
const key = (path) => JSON.stringify(path);
const pathOf = (node) => JSON.parse(node.dataset.path ?? node.dataset.block ?? node.dataset.map);
const input = (field) => field.querySelector("input, select, textarea");
const within = (node) => node.closest("[data-state='gone'], [data-state='off'], [data-state='new']");

/** What is in the field, as the file would say it; undefined for nothing. */
function value(field) {
  const said = input(field).value.trim();
  if (said === "") return undefined;
  const number = field.dataset.kind === "number" || field.dataset.number !== undefined;
  if (number && /^-?\d+(\.\d+)?$/.test(said)) return Number(said);
  if (field.dataset.kind === "truth") return said === "true";
  if (field.dataset.kind === "words") return said.split(/[,\n]/).map((word) => word.trim()).filter(Boolean);
  return said;
}

/** The change that a field makes. */
function change(field, path = pathOf(field)) {
  const said = value(field);
  if (said === undefined) return { path };
  return field.dataset.kind === "yaml" ? { path, yaml: said } : { path, value: said };
}

export class SettingsForm {
  /** `root` holds the fields; `place` says of which gateway and which version of the file they are. */
  constructor(root, place) {
    this.root = root;
    this.place = place;
    this.numbers = 0;
    for (const field of this.fields()) this.dress(field);
    for (const entry of root.querySelectorAll("[data-entry]")) this.brief(entry);
    root.addEventListener("input", (e) => this.touched(e.target));
    root.addEventListener("change", (e) => this.touched(e.target));
    root.addEventListener("click", (e) => this.pressed(e.target.closest("button")));
    root.addEventListener("keydown", (e) => {
      if (e.key !== "Enter" || !e.target.matches("input.new")) return;
      e.preventDefault();
      this.add(e.target.closest("[data-map]"));
    });
    document.getElementById("save")?.addEventListener("click", () => this.save());
    document.getElementById("discard")?.addEventListener("click", () => {
      this.leaving = true;
      location.reload();
    });
    addEventListener("beforeunload", (e) => !this.leaving && this.changes().length && e.preventDefault());
    const header = document.querySelector(".top"); // one row on a desk, two on a phone
    const under = () => document.documentElement.style.setProperty("--under", `${header.offsetHeight + 8}px`);
    addEventListener("resize", under);
    under();
    this.count();
  }

  fields(inside = this.root) {
    return [...inside.querySelectorAll(".field")];
  }

  /** Hints and mistakes belong to their input also for those who cannot see where they stand. */
  dress(field) {
    const about = [...field.querySelectorAll(":scope > p")].map((p) => (p.id ||= `about-${++this.numbers}`));
    if (about.length) attr(input(field), "aria-describedby", about.join(" "));
  }

  touched(node) {
    const block = node.closest("[data-optional]");
    if (node.matches(".there")) attr(block, "data-state", node.checked ? (node.defaultChecked ? "" : "new") : node.defaultChecked ? "gone" : "off");
    const field = node.closest(".field");
    if (field) this.tell(field, "");
    const entry = node.closest("[data-entry]");
    if (entry) this.brief(entry);
    this.count();
  }

  pressed(button) {
    if (!button) return;
    const entry = button.closest("[data-entry]");
    if (button.matches(".add")) this.add(button.closest("[data-map]"));
    else if (button.matches(".remove") && entry.dataset.state === "new") entry.remove();
    else if (button.matches(".remove, .undo")) this.take(entry, button.matches(".remove"));
    else return;
    this.count();
  }

  take(entry, gone) {
    attr(entry, "data-state", gone && "gone");
    attr(entry.querySelector(".gone"), "hidden", !gone);
    attr(entry.querySelector(".remove"), "hidden", gone);
    entry.querySelector(gone ? ".undo" : ".remove").focus();
  }

  /** One more entry of a map, under the name that was typed. */
  add(map) {
    const field = map.querySelector("input.new");
    const name = field.value.trim();
    const told = map.querySelector(":scope > .adding .mistake");
    const known = [...map.querySelectorAll("[data-entry]")].some((entry) => pathOf(entry).at(-1) === name);
    const why = !NAME.test(name) ? t("A name is of a-z, 0-9 and -, at most 32 of them.") : known ? t("There is one of that name already.") : "";
    this.show(told, why);
    attr(field, "aria-invalid", !!why && "true");
    if (why) return field.focus();
    const entry = map.querySelector("template").content.firstElementChild.cloneNode(true);
    const at = pathOf(map).length;
    for (const node of [entry, ...entry.querySelectorAll("[data-path], [data-block], [data-map]")]) {
      for (const where of ["path", "block", "map"]) {
        if (!node.dataset[where]) continue;
        const path = JSON.parse(node.dataset[where]);
        if (path[at] === "*") path[at] = name;
        node.dataset[where] = key(path);
      }
    }
    attr(entry, "data-state", "new");
    text(entry.querySelector("summary b"), name);
    text(entry.querySelector(".remove"), t("Remove {name}", { name }));
    map.insertBefore(entry, map.querySelector("template"));
    for (const each of this.fields(entry)) this.dress(each);
    field.value = "";
    this.onadd?.(entry);
    this.count();
    this.fields(entry).map(input)[0]?.focus();
  }

  /** What an entry is, in a few words beside its name. */
  brief(entry) {
    const short = entry.querySelector(":scope > summary .short");
    if (!short) return;
    const said = this.fields(entry).filter((field) => within(field) === within(entry)).map((field) => [pathOf(field).at(-1), input(field).value]);
    text(short, said.filter(([, value]) => value).slice(0, 4).map(([name, value]) => `${name} ${value}`).join(" · "));
  }

  // -- what was changed ------------------------------------------------------------------------

  changes() {
    const blocks = (state) => [...this.root.querySelectorAll(`[data-state='${state}']`)].filter((block) => !within(block.parentElement));
    const found = blocks("gone").map((block) => ({ path: pathOf(block) }));
    for (const block of blocks("new")) found.push(...this.made(block));
    for (const field of this.fields()) if (!within(field) && input(field).value !== field.dataset.was) found.push(change(field));
    return found;
  }

  /** A new block: all that was said in it. */
  made(block) {
    const path = pathOf(block);
    let whole = {};
    const texts = [];
    for (const field of this.fields(block)) {
      const away = field.closest("[data-state='gone'], [data-state='off']");
      const said = value(field);
      if (said === undefined || (away && block.contains(away))) continue;
      const way = pathOf(field).slice(path.length);
      if (field.dataset.kind === "yaml") texts.push(change(field));
      else if (!way.length) whole = said;
      else {
        const name = way.pop();
        way.reduce((at, step) => (at[step] ??= {}), whole)[name] = said;
      }
    }
    return [{ path, value: whole }, ...texts];
  }

  count() {
    const bar = document.getElementById("saving");
    if (!bar) return;
    const count = this.changes().length;
    attr(bar, "hidden", !count && document.getElementById("trouble").hidden);
    text(document.getElementById("counted"), n("{count} change, not saved", "{count} changes, not saved", count));
  }

  // -- saving ------------------------------------------------------------------------------------

  /** `done` is what comes after: usually the screen as it is now. */
  async save(changes = this.changes(), done = () => location.reload()) {
    const button = document.getElementById("save");
    if (button.disabled) return null;
    attr(button, "disabled", true);
    const body = { ...this.place, changes };
    const answer = await press("/api/settings", body, SAVE_MS);
    attr(button, "disabled", false);
    for (const told of this.root.querySelectorAll(".mistake:not([hidden])")) this.show(told, "");
    for (const bad of this.root.querySelectorAll("[aria-invalid]")) attr(bad, "aria-invalid", null);
    if (answer.ok) {
      this.leaving = true;
      done();
    } else if (answer.values) this.meet(answer);
    else this.complain(answer.mistakes ?? [], answer.error);
    return answer;
  }

  /** Each mistake at its field, else at its block, else in the bar. */
  complain(mistakes, error) {
    const rest = mistakes.length ? [] : [error];
    const places = [...this.root.querySelectorAll("[data-path].field, [data-block]")].filter((node) => !node.closest("template"));
    let first = null;
    for (const { path, words } of mistakes) {
      const fits = (node) => pathOf(node).every((name, i) => name === String(path[i]));
      const at = places.filter(fits).sort((a, b) => pathOf(b).length - pathOf(a).length || b.matches(".field") - a.matches(".field"))[0];
      if (!at) {
        rest.push(path.length ? `${path.join(".")}: ${words}` : words);
        continue;
      }
      const own = pathOf(at).length === path.length ? words : `${path.slice(pathOf(at).length).map((step) => (typeof step === "number" ? `#${step + 1}` : step)).join(".")}: ${words}`;
      this.tell(at, own);
      first ??= at.matches(".field") ? input(at) : at;
    }
    this.trouble(rest.length ? rest : [t("Not saved: see what is marked.")]);
    first?.scrollIntoView({ block: "center" });
    first?.focus?.();
  }

  tell(node, words) {
    for (let over = node; words && over; over = over.parentElement?.closest("details")) if (over.matches("details")) over.open = true;
    this.show(node.matches(".field") ? node.querySelector(":scope > .mistake") : node.querySelector(".mistake"), words);
    if (node.matches(".field")) attr(input(node), "aria-invalid", !!words && "true");
  }

  show(node, words) {
    if (!node) return;
    attr(node, "hidden", !words);
    fill(node, [words], () => [words && icon("warn"), words && h("span", {}, words)]);
  }

  trouble(lines) {
    const box = document.getElementById("trouble");
    attr(box, "hidden", !lines.length);
    attr(document.getElementById("saving"), "hidden", false);
    fill(box, lines, () => lines.map((line) => h("p", { class: "mistake" }, icon("warn"), h("span", {}, line))));
    say(lines.join(" "));
  }

  /** Somebody else has saved: theirs is shown, mine stays in the form. */
  meet({ values, fingerprint, error }) {
    const theirs = new Map(values.map(([path, said]) => [key(path), said]));
    const lines = [error];
    for (const field of this.fields()) {
      if (within(field)?.dataset.state === "new") continue;
      const now = theirs.get(key(pathOf(field))) ?? "";
      const was = field.dataset.was;
      if (now === was) continue;
      if (input(field).value === was && (!input(field).matches("select") || [...input(field).options].some((o) => o.value === now))) input(field).value = now;
      field.dataset.was = now;
      const told = field.querySelector(".theirs");
      attr(told, "hidden", false);
      text(told, now ? t("Somebody else wrote {value} here.", { value: now }) : t("Somebody else took out what stood here."));
      this.tell(field, "");
      for (let over = field; over; over = over.parentElement?.closest("details")) if (over.matches("details")) over.open = true;
    }
    for (const map of this.root.querySelectorAll("[data-map]")) {
      const at = pathOf(map);
      const mine = new Set([...map.querySelectorAll("[data-entry]")].map((entry) => key(pathOf(entry))));
      const all = values.map(([path]) => path).filter((path) => path.length === at.length + 1 && at.every((name, i) => name === path[i]));
      for (const path of all) if (!mine.has(key(path))) lines.push(t("Somebody else added {name}.", { name: path.join(".") }));
      for (const entry of map.querySelectorAll("[data-entry]:not([data-state])")) if (!theirs.has(entry.dataset.block) && !theirs.has(key(pathOf(entry)))) lines.push(t("Somebody else removed {name}.", { name: pathOf(entry).join(".") }));
    }
    this.place.fingerprint = fingerprint;
    this.trouble(lines);
    this.count();
  }
}
