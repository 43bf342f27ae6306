// The page's words in its language. English stands in the code and is the key; the others come as a script of their
// own before this one (web/languages).

const words = globalThis.stagewireWords ?? {};

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

/** t("Stopped by {who}", {who}): always with the text itself, never a variable, so that it is found. */
export const t = (text, values = {}) => filled(words[text] ?? text, values);

/** n("{count} gift", "{count} gifts", count): one, or many. */
export function n(one, many, count, values = {}) {
  const found = words[one];
  const text = found === undefined ? (count === 1 ? one : many) : Array.isArray(found) ? found[Math.min(count === 1 ? 0 : 1, found.length - 1)] : found;
  return filled(text, { count, ...values });
}

/** A text with elements in it: parts(t("Given to {who}"), {who: bdi(name)}) gives the children in order. */
export const parts = (text, nodes) => text.split(/\{(\w+)\}/).map((piece, i) => (i % 2 ? nodes[piece] : piece));
