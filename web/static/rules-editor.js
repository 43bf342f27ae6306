// The editor's box: a plain text area with the numbers of its lines beside it, and marks on those that are wrong.

import { attr, h, text } from "./dom.js";

const LINE_PX = 21; // as in rules.css
const MARGIN_LINES = 6; // above a line that is jumped to

export class Editor {
  constructor(area, gutter, where) {
    this.area = area;
    this.gutter = gutter;
    this.where = where;
    this.bad = new Set();
    area.addEventListener("input", () => this.number());
    area.addEventListener("scroll", () => (gutter.scrollTop = area.scrollTop));
    document.addEventListener("selectionchange", () => this.tell());
  }

  get value() {
    return this.area.value;
  }

  set value(words) {
    this.area.value = words;
    this.number();
  }

  /** One number per line, and no more work than lines that came or went. */
  number() {
    const lines = this.area.value.split("\n").length;
    while (this.gutter.childElementCount > lines) this.gutter.lastChild.remove();
    while (this.gutter.childElementCount < lines) this.gutter.append(h("span", {}, String(this.gutter.childElementCount + 1)));
    this.gutter.scrollTop = this.area.scrollTop;
  }

  /** Mark these lines (from 1), and no others. */
  mark(lines) {
    for (const line of this.bad) attr(this.gutter.children[line - 1] ?? h("i"), "data-bad", null);
    this.bad = new Set(lines);
    for (const line of this.bad) attr(this.gutter.children[line - 1] ?? h("i"), "data-bad", true);
    attr(this.area, "aria-invalid", this.bad.size ? "true" : null);
  }

  /** Put the cursor at a place, what follows it to the end of the word selected, and bring it into sight. */
  go(line, column = 1) {
    const lines = this.area.value.split("\n");
    const at = Math.min(Math.max(line, 1), lines.length) - 1;
    const before = lines.slice(0, at).reduce((sum, words) => sum + words.length + 1, 0);
    const start = before + Math.min(column - 1, lines[at].length);
    const word = /^[^\s,\]}'":]+/.exec(lines[at].slice(column - 1))?.[0].length ?? 0;
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(start, start + word);
    this.area.scrollTop = Math.max(0, at - MARGIN_LINES) * LINE_PX;
    this.area.scrollLeft = 0;
    this.area.scrollIntoView({ block: "nearest" });
  }

  tell() {
    if (document.activeElement !== this.area) return;
    const before = this.area.value.slice(0, this.area.selectionStart).split("\n");
    text(this.where, `${before.length}:${before.at(-1).length + 1}`);
  }
}
