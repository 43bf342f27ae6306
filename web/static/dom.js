// The smallest tools for a page that changes ten times a second: nothing is written that did not change,
// and text is only ever set as text.

const SVG = "http://www.w3.org/2000/svg";

const shown = (child) => child !== null && child !== undefined && child !== false && child !== "";

/** An element: h("p", {class: "x", onclick: f}, "text", child, ...). Names of people go into bdi(). */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else attr(node, name, value);
  }
  node.append(...children.filter(shown));
  return node;
}

/** Text of strangers, kept from turning the line around it (bidirectional overrides). */
export const bdi = (text) => h("bdi", {}, text);

/** One of the shell's icons; always beside a word, so hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

export function attr(node, name, value) {
  if (value === false || value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value === true ? "" : value);
}

export function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

/** Replace the content only when `key` says that it differs from the last time. */
export function fill(node, key, make) {
  const sign = JSON.stringify(key);
  if (node.shown === sign) return;
  node.shown = sign;
  node.replaceChildren(...make().filter(shown));
}

/** As fill; a focus that stood on a button inside stays at its place, or goes to what undoes. */
export function refill(node, key, make) {
  const buttons = () => [...node.querySelectorAll("button")];
  const was = buttons().indexOf(document.activeElement);
  fill(node, key, make);
  const now = buttons();
  if (was >= 0 && !now.includes(document.activeElement)) (node.querySelector(".quiet") ?? now[Math.min(was, now.length - 1)])?.focus();
}

/** Keep one child per item, in order; `draw(node, item)` brings a node up to date. */
export function list(parent, items, make, draw, empty) {
  const old = (parent.rows ??= new Map());
  const now = new Map();
  const names = new Set(items.map(([name]) => name));
  for (const [name, node] of old) if (!names.has(name)) node.remove(); // else those behind it would move, and lose the focus
  let at = parent.firstChild;
  for (const [name, item] of items) {
    const node = old.get(name) ?? make();
    draw(node, item, name);
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
    now.set(name, node);
  }
  if (!now.size && empty && at?.className === "empty") return text(at, empty); // still nothing, perhaps of another kind
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
  parent.rows = now;
  const hint = parent.tagName === "UL" ? "li" : "p";
  if (!now.size && empty) parent.append(h(hint, { class: "empty" }, empty));
}

/** Tell a screen reader, once. */
export function say(words) {
  const node = document.getElementById("say");
  text(node, node.textContent === words ? `${words}\u00a0` : words); // the same again is news, too
}
