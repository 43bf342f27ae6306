// A rule as a form, made from the JSON Schema of a rule. The rule itself is the form's state: what no control touches
// stays as it is.

import { bdi, h } from "./dom.js";
import { blank, fits, kindOf, leaf, select } from "./builder-fields.js";
import { t } from "./t.js";

const FEW = 3; // so many settings are all shown
const spaced = (name) => name.replaceAll("_", " ");

export class RuleForm {
  /** `place(at)` is where a part is drawn; `changed(at)` is called after a change, `redraw()` draws the form anew. */
  constructor({ form, labels, known }, changed, redraw) {
    Object.assign(this, { shape: form, labels, known, changed, redraw, defs: form.defs });
  }

  label(type, key) {
    return this.labels.fields[key ? `${type}.${key}` : type] ?? spaced(key || type);
  }

  /** One block of settings; `only`: those of its settings that are meant. */
  struct(type, value, at, only = null) {
    const { properties, required = [] } = this.defs[type];
    const choice = this.shape.oneOf[type];
    if (choice) return this.oneOf(type, value, at, choice);
    const keys = only ?? Object.keys(properties);
    const other = this.shape.either.includes(type) && Object.keys(value).length > 0;
    const first = other ? [] : (this.shape.first[type] ?? (keys.length <= FEW ? keys : []));
    const always = (key) => required.includes(key) || first.includes(key);
    const place = (key) => (first.includes(key) ? first.indexOf(key) : FEW + keys.length);
    const shown = keys.filter((key) => always(key) || key in value).sort((a, b) => place(a) - place(b));
    const odd = only ? [] : Object.keys(value).filter((key) => !(key in properties));
    return [
      ...shown.map((key) => this.field(type, key, properties[key], value, at, !always(key))),
      ...odd.map((key) => this.kept(value, key, at)),
      this.adder(keys.filter((key) => !shown.includes(key)).map((key) => [key, this.label(type, key)]), at, (key) => {
        value[key] = this.begun(`${type}.${key}`, properties[key]);
      }, only ? `section-${only[0]}` : "", this.labels.adds[type]),
    ];
  }

  /** A setting that was just added: a list has its first place, and what is left empty is not said. */
  begun(full, schema) {
    const what = kindOf(schema, this.defs);
    const made = blank(what, this.defs);
    if (what.kind !== "list" || made.length || this.shape.known[full]) return made === "" ? null : made;
    const item = kindOf(what.schema.items, this.defs);
    return item.kind === "choice" ? made : [blank(item, this.defs)];
  }

  /** One of several: a choice, and what belongs to the chosen one. */
  oneOf(type, value, at, choice) {
    const { properties } = this.defs[type];
    const common = this.shape.common[type];
    const now = choice.find((key) => key in value) ?? "";
    const belongs = this.shape.with[type]?.[now] ?? [];
    const odd = Object.keys(value).filter((key) => key !== now && !belongs.includes(key));
    const group = (words, keys) => h("optgroup", { label: words }, ...keys.map((key) => h("option", { value: key, selected: key === now }, this.label(type, key))));
    const id = this.id(at);
    const node = h("select", { id, onchange: () => {
      for (const key of [now, ...(this.shape.with[type]?.[now] ?? [])]) delete value[key];
      if (node.value) {
        value[node.value] = blank(kindOf(properties[node.value], this.defs), this.defs);
      }
      this.structural(at, id);
    } },
      h("option", { value: "" }, t("Choose…")), group(t("Often"), common), group(t("More"), choice.filter((key) => !common.includes(key))));
    node.value = now;
    return [
      h("div", { class: "field", "data-at": at.join(".") }, h("label", { for: id, class: Number.isInteger(at.at(-1)) ? "hidden" : null }, this.label(type)), node),
      ...(now ? this.chosen(type, now, properties[now], value, at) : []),
      ...belongs.filter((key) => key in value || value[now]).map((key) => this.field(type, key, properties[key], value, at, false)),
      ...odd.map((key) => this.kept(value, key, at)),
    ];
  }

  /** What a choice brings, without another frame around it. */
  chosen(type, key, schema, holder, at) {
    const what = kindOf(schema, this.defs);
    if (what.kind === "struct" && fits("struct", what.schema, holder[key])) return this.struct(what.type, holder[key] ?? {}, [...at, key]);
    if (what.kind === "list" && fits("list", what.schema, holder[key])) return this.list(`${type}.${key}`, what.schema, holder[key] ?? [], [...at, key]);
    return [this.field(type, key, schema, holder, at, false, this.labels.fields[`${type}.${key}.value`])];
  }

  /** A setting with its name, its control and, where it can be left out, a way to do so. */
  field(type, key, schema, holder, at, removable, name = this.label(type, key)) {
    const what = kindOf(schema, this.defs);
    const value = holder[key];
    const here = [...at, key];
    if (!fits(what.kind, what.schema, value) || what.kind === "any") return this.kept(holder, key, at);
    const away = removable && this.button(t("Remove"), t("Remove: {name}", { name }), () => {
      delete holder[key];
      this.structural(at);
    });
    const frame = (...children) => {
      if (away) away.textContent = t("Remove: {name}", { name });
      return h("fieldset", { class: "field block", "data-at": here.join(".") }, h("legend", {}, name), ...children, away);
    };
    const full = `${type}.${key}`;
    switch (what.kind) {
      case "struct":
        return frame(...this.struct(what.type, (holder[key] ??= {}), here));
      case "list":
        return frame(...this.list(full, what.schema, (holder[key] ??= []), here));
      case "map": {
        const inside = this.map(full, what.schema, (holder[key] ??= {}), here, holder);
        return inside.length || removable ? frame(...inside) : null;
      }
    }
    return this.row(name, here, this.control(full, what, holder, key, here, { usual: schema.default, nullable: !!schema.anyOf }), away, what.kind === "yes" && schema.default !== null);
  }

  row(name, at, control, away = null, tick = false) {
    const id = this.id(at);
    if (tick) return h("div", { class: "field", "data-at": at.join(".") }, h("label", { class: "tick", for: id }, control, h("span", {}, name)), away);
    return h("div", { class: "field", "data-at": at.join(".") }, h("label", { for: id }, name), h("div", { class: "beside" }, ...[control].flat(), away));
  }

  control(full, what, holder, key, at, { usual, nullable = false }) {
    const known = this.shape.known[full];
    const names = known && this.names(known, holder);
    const schema = what.kind === "yes" && nullable ? { ...what.schema, default: undefined } : { ...what.schema, tick: true };
    const empty = nullable || usual !== undefined ? null : "";
    const put = (value) => {
      holder[key] = value;
      if (full === "Then.station") {
        delete holder.action;
        delete holder.params;
        const actions = Object.keys(this.known.stations[value]?.actions ?? {});
        if (actions.length === 1) [holder.action] = actions;
      }
      if (full === "Then.action") delete holder.params;
      if (known && !this.shape.open.includes(known)) this.structural(at, this.id(at));
      else this.changed(at);
    };
    return leaf(this.id(at), { ...what, schema }, holder[key], put, { names, open: this.shape.open.includes(known), choices: this.labels.choices[full] ?? {}, usual, empty });
  }

  /** [value, words] of what may be named here, as far as it is known. */
  names(kind, holder) {
    const of = this.known;
    const station = of.stations[holder.station];
    switch (kind) {
      case "stations":
        return Object.entries(of.stations).map(([name, { title }]) => [name, title && title !== name ? `${title} (${name})` : name]);
      case "actions":
        return Object.keys(station?.actions ?? {}).map((name) => [name, name]);
      case "inputs":
        return (station?.inputs ?? []).map((name) => [name, name]);
      case "levels":
        return (of.stages[holder.name] ?? []).map((name) => [name, name]);
      case "stages":
        return Object.keys(of.stages).map((name) => [name, name]);
      case "gifts":
        return of.gifts.map(({ name, coins }) => [name, coins === null ? "" : t("{count} coins", { count: coins })]);
      case "gift_ids":
        return of.gifts.filter(({ id }) => id).map(({ id, name }) => [id, name]);
      default:
        return (of[kind] ?? []).map((name) => [name, name]);
    }
  }

  /** A list: ticks where all that it may hold is known, else its parts one below the other. */
  list(full, schema, value, at) {
    const item = kindOf(schema.items, this.defs);
    const known = this.shape.known[full];
    const choices = this.labels.choices[full] ?? {};
    const all = item.kind === "choice" ? Object.keys(choices).filter((one) => item.schema.enum.includes(one)) : known && this.names(known, {}).map(([name]) => name);
    if (all?.length) return [this.ticks(all, choices, value, at)];
    const move = (from, to) => {
      value.splice(to, 0, ...value.splice(from, 1));
      this.structural(at, this.id([...at, to]));
    };
    const parts = value.map((part, i) => {
      const here = [...at, i];
      const name = (this.labels.items[item.type || item.kind] ?? t("Number {n}")).replace("{n}", i + 1);
      const tools = h("div", { class: "tools" },
        i > 0 && this.button(t("Up"), t("{name}: move up", { name }), () => move(i, i - 1)),
        i < value.length - 1 && this.button(t("Down"), t("{name}: move down", { name }), () => move(i, i + 1)),
        this.button(t("Remove"), t("Remove: {name}", { name }), () => {
          value.splice(i, 1);
          this.structural(at);
        }));
      if (!fits(item.kind, item.schema, part)) return this.kept(value, i, at);
      if (item.kind === "struct") return h("fieldset", { class: "block item", "data-at": here.join(".") }, h("legend", {}, name), ...this.struct(item.type, part, here), tools);
      if (item.kind === "list") return h("fieldset", { class: "block item", "data-at": here.join(".") }, h("legend", {}, name), ...this.list(full, item.schema, part, here), tools);
      return this.row(name, here, this.control("", item, value, i, here, {}), tools);
    });
    const more = this.labels.adds[item.type || item.kind] ?? t("Add");
    return [...parts, this.button(more, `${more} (${this.named(full)})`, () => {
      value.push(blank(item, this.defs));
      this.structural(at, this.id([...at, value.length - 1]));
    }, "btn add")];
  }

  named(full) {
    const [type, key] = full.split(".");
    return this.label(type, key);
  }

  ticks(all, choices, value, at) {
    const rest = value.filter((one) => !all.includes(one));
    return h("div", { class: "ticks" }, ...[...all, ...rest].map((one) => {
      const box = h("input", { type: "checkbox", onchange: () => {
        const on = new Set(value);
        if (box.checked) on.add(one);
        else on.delete(one);
        value.splice(0, value.length, ...[...all, ...rest].filter((name) => on.has(name)));
        this.changed(at);
      } });
      box.checked = value.includes(one);
      return h("label", { class: "tick" }, box, h("span", {}, choices[one] ?? one));
    }));
  }

  /** Names with a value each: an action's parameters, stages with a level, stations with what they are. */
  map(full, schema, value, at, holder) {
    const kind = this.shape.known[full];
    const action = kind === "params" && this.known.stations[holder.station]?.actions[holder.action];
    const properties = (action && action.properties) || {};
    const rest = Object.keys(value).filter((key) => !(key in properties));
    const given = kind === "params" ? [] : this.names(kind, holder);
    const each = kindOf(schema.additionalProperties, this.defs);
    return [
      ...Object.entries(properties).map(([key, one]) => {
        const what = { kind: "either", type: "", schema: { ...one, pattern: undefined } };
        const name = one.description ? `${key}: ${one.description}` : key;
        return this.row(name, [...at, key], this.control(`${full}.${key}`, what, value, key, [...at, key], { usual: one.default, nullable: true }));
      }),
      ...rest.map((key) => {
        const what = each.kind === "any" ? { ...each, kind: "either" } : each;
        if (!fits(what.kind, what.schema, value[key])) return this.kept(value, key, at);
        const away = this.button(t("Remove"), t("Remove: {name}", { name: key }), () => {
          delete value[key];
          this.structural(at);
        });
        const levels = kind === "stages" ? { names: this.names("levels", { name: key }) } : {};
        const control = leaf(this.id([...at, key]), what, value[key], (said) => {
          value[key] = said;
          this.changed([...at, key]);
        }, { choices: this.labels.choices[full] ?? {}, empty: "", ...levels });
        return this.row(key, [...at, key], control, away);
      }),
      this.adder(given.filter(([name]) => !(name in value)), at, (key) => {
        value[key] = "";
      }),
    ].filter(Boolean);
  }

  /** What no control fits: shown, and kept unless a person takes it out. */
  kept(holder, key, at) {
    const remove = () => {
      if (Array.isArray(holder)) holder.splice(key, 1);
      else delete holder[key];
      this.structural(at);
    };
    return h("div", { class: "field kept", "data-at": [...at, key].join(".") },
      h("p", {}, t("Kept as written:"), " ", h("code", {}, bdi(`${key}: ${JSON.stringify(holder[key])}`))),
      this.button(t("Remove"), t("Remove: {name}", { name: String(key) }), remove));
  }

  /** What stands in the rule itself and no rule has. */
  odd(rule) {
    return Object.keys(rule).filter((key) => !(key in this.defs.Rule.properties)).map((key) => this.kept(rule, key, []));
  }

  /** A choice of what more can be said; `add(key)` says it. */
  adder(options, at, add, part = "", words = t("Add more")) {
    if (!options.length) return null;
    const id = `${this.id([...at, part].filter((one) => one !== ""))}-more`;
    return h("div", { class: "field more" }, select(id, [["", `${words}…`], ...options], "", (key) => {
      if (!key) return;
      add(key);
      this.structural(at, this.id([...at, key]));
    }, { "aria-label": words }));
  }

  button(words, name, press, look = "btn small") {
    return h("button", { type: "button", class: look, "aria-label": name, onclick: press }, words);
  }

  id(at) {
    return `f-${at.join("-")}`;
  }

  /** Something came or went: the form is drawn anew, with the focus on `focus`. */
  structural(at, focus = "") {
    this.changed(at);
    this.redraw(focus);
  }
}
