// The page's words and numbers in its language. English stands in the code and is the key; other languages come as
// a script of their own before this one (web/languages).

const words = globalThis.stagewireWords ?? {};
export const language = document.documentElement.lang || "en";
const form = new Intl.PluralRules(language);
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
export const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });

export const count = (number) => (number < 100000 ? whole : short).format(number);

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

/** t("Stopped by {who}", {who}): always with the text itself, never a variable, so that it is found. */
export const t = (text, values = {}) => filled(words[text] ?? text, values);

/** n("{count} gift", "{count} gifts", number): one, or many; {count} is the number as a person writes it. */
export function n(one, many, number, values = {}) {
  const found = words[one] ?? { one, other: many };
  return filled(found[form.select(number)] ?? found.other, { count: count(number), ...values });
}

/** A text with elements in it: parts(t("Given to {who}"), {who: bdi(name)}) gives the children in order. */
export const parts = (text, nodes) => text.split(/\{(\w+)\}/).map((piece, i) => (i % 2 ? nodes[piece] : piece));
