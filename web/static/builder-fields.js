// One value of a rule in a form: which kind of control fits a JSON Schema, and the control.

import { attr, h } from "./dom.js";
import { t } from "./t.js";

const UNITS = () => [["ms", t("milliseconds")], ["s", t("seconds")], ["m", t("minutes")], ["h", t("hours")]];
const TIME = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/** {kind, type, schema} of what a schema allows beside nothing; `type` is the name of a Struct. */
export function kindOf(schema, defs) {
  const branches = (schema.anyOf ?? []).filter((one) => one.type !== "null");
  if (branches.length === 1) return kindOf(branches[0], defs);
  if (schema.$ref) {
    const type = schema.$ref.split("/").pop();
    return { kind: "struct", type, schema: defs[type] };
  }
  const made = (kind) => ({ kind, type: "", schema });
  if (branches.length) return made(branches.some((one) => one.type === "number" || one.type === "integer") ? "either" : "any");
  if (schema.enum) return made("choice");
  if (schema.pattern?.includes("(ms|s|m|h)")) return made(schema.pattern.includes("done") ? "wait" : "time");
  return made({ array: "list", object: "map", boolean: "yes", integer: "number", number: "number", string: "text" }[schema.type] ?? "any");
}

const plain = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a control of this kind can show the value; what none can is kept as it is written. */
export function fits(kind, schema, value) {
  if (value === null || value === undefined) return true;
  switch (kind) {
    case "struct":
    case "map":
      return plain(value);
    case "list":
      return Array.isArray(value);
    case "choice":
      return schema.enum.includes(value);
    case "yes":
      return typeof value === "boolean";
    case "number":
      return typeof value === "number";
    case "either":
      return typeof value === "number" || typeof value === "string";
    case "text":
    case "time":
    case "wait":
      return typeof value === "string";
    default:
      return false;
  }
}

/** What a thing of this kind is before anybody says anything of it. */
export function blank({ kind, schema }, defs) {
  if (kind === "struct") {
    const made = {};
    for (const key of schema.required ?? []) made[key] = blank(kindOf(schema.properties[key], defs), defs);
    return made;
  }
  if (kind === "list") {
    const item = kindOf(schema.items, defs);
    return item.kind === "struct" || item.kind === "list" ? [blank(item, defs)] : [];
  }
  if (kind === "map") return {};
  if (kind === "yes") return !(schema.default === true);
  return kind === "number" || kind === "choice" ? null : "";
}

/** A <select>. `options`: [value, words]. */
export function select(id, options, value, onchange, more = {}) {
  const node = h("select", { id, ...more, onchange: () => onchange(node.value) }, ...options.map(([name, words]) => h("option", { value: name, selected: name === value }, words)));
  return node;
}

/**
 * The control of a value that is no block and no list. `put(value)` is called with what a person makes of it; an
 * emptied one is null. `names`: [value, words] of what is known, `open`: others may be named, too; `choices`: words of
 * an enum's values.
 */
export function leaf(id, { kind, schema }, value, put, { names, open, choices, usual, empty }) {
  if (kind === "yes") return tick(id, schema, value, put);
  if (kind === "choice") {
    const order = [...Object.keys(choices).filter((one) => schema.enum.includes(one)), ...schema.enum.filter((one) => !(one in choices))];
    const options = order.map((one) => [one, one === usual ? t("{what} (usual)", { what: choices[one] ?? one }) : (choices[one] ?? one)]);
    if (usual === undefined || usual === null) options.unshift(["", t("Choose…")]);
    return select(id, options, value ?? usual ?? "", (chosen) => put(chosen || null));
  }
  if (kind === "time" || kind === "wait") return time(id, kind, value, put, usual, empty);
  if (names?.length && !open) {
    const options = names.some(([name]) => name === value) || !value ? names : [...names, [value, t("{name} (not known here)", { name: value })]];
    return select(id, [["", t("Choose…")], ...options], value ?? "", (chosen) => put(chosen || empty));
  }
  const number = kind === "number";
  const long = kind === "text" && (schema.maxLength ?? 0) >= 1000;
  const node = h(long ? "textarea" : "input", {
    id,
    type: long ? null : "text",
    rows: long ? 2 : null,
    inputmode: number ? "decimal" : null,
    maxlength: schema.maxLength,
    placeholder: placeholder(schema, usual),
    list: names?.length ? `${id}-list` : null,
    autocapitalize: "off",
    spellcheck: long ? null : "false",
  });
  node.value = value ?? "";
  node.addEventListener("input", () => {
    const text = node.value;
    if (!text) put(empty);
    else put((number || kind === "either") && NUMBER.test(text.trim()) ? Number(text) : text);
  });
  if (!names?.length) return node;
  return [node, h("datalist", { id: `${id}-list` }, ...names.map(([name, words]) => h("option", { value: name }, words)))];
}

function placeholder(schema, usual) {
  const { minimum, maximum, exclusiveMinimum } = schema;
  if (usual !== undefined && usual !== null) return t("usually {value}", { value: String(usual) });
  if (maximum !== undefined) return t("{least} to {most}", { least: String(minimum ?? exclusiveMinimum ?? 0), most: String(maximum) });
  if (minimum !== undefined) return t("{least} or more", { least: String(minimum) });
  return schema.anyOf?.map((one) => one.description).find(Boolean) ?? null;
}

function tick(id, schema, value, put) {
  if (!schema.tick) {
    return select(id, [["true", t("Yes")], ["false", t("No")]], String(value ?? true), (chosen) => put(chosen === "true"));
  }
  const node = h("input", { id, type: "checkbox", onchange: () => put(node.checked) });
  node.checked = value ?? schema.default ?? false;
  return node;
}

/** A number and its unit; of a wait also "until all has ended". */
function time(id, kind, value, put, usual, empty) {
  const known = TIME.exec(value ?? "");
  if (value && !known && value !== "done") {
    const node = h("input", { id, type: "text", oninput: () => put(node.value || empty) });
    node.value = value;
    return node;
  }
  const [, digits = "", unit = "s"] = known ?? [];
  const number = h("input", { id, type: "text", inputmode: "decimal", placeholder: usual ? t("usually {value}", { value: usual }) : null });
  number.value = digits;
  const options = kind === "wait" ? [...UNITS(), ["done", t("until all has ended")]] : UNITS();
  const say = () => {
    attr(number, "hidden", units.value === "done");
    const text = number.value.trim().replace(",", ".");
    put(units.value === "done" ? "done" : text ? `${text}${units.value}` : empty);
  };
  const units = select(`${id}-unit`, options, value === "done" ? "done" : unit, say, { "aria-label": t("Unit") });
  number.addEventListener("input", say);
  attr(number, "hidden", value === "done");
  return h("div", { class: "time" }, number, units);
}
