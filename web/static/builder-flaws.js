// Mistakes at the fields that they are about.

import { attr, h, icon } from "./dom.js";

export class Flaws {
  constructor(form) {
    this.form = form;
    this.found = [];
    this.touched = new Set();
    this.all = false;
  }

  /** A person has changed what stands here: from now on it is told what is wrong with it. */
  touch(at) {
    this.touched.add(at.join("."));
  }

  /** `all`: also where nobody has said anything yet. */
  take(found, all) {
    this.found = found;
    this.all = all;
    this.draw();
  }

  /** The frame of a mistake's place, or of the part around it; null where the form has none. */
  frame({ at }) {
    for (let deep = at.length; deep > 0; deep--) {
      const node = this.form.querySelector(`[data-at="${CSS.escape(at.slice(0, deep).join("."))}"]`);
      if (node) return node;
    }
    return null;
  }

  placed(flaw) {
    return !!this.frame(flaw);
  }

  draw() {
    for (const node of this.form.querySelectorAll(".mistake")) node.remove();
    for (const node of this.form.querySelectorAll("[aria-invalid]")) {
      attr(node, "aria-invalid", null);
      attr(node, "aria-describedby", null);
    }
    this.found.forEach((flaw, i) => {
      const frame = this.frame(flaw);
      if (!frame || !(this.all || this.touched.has(flaw.at.join(".")))) return;
      const words = h("p", { class: "mistake", id: `flaw-${i}` }, icon("warn"), `${flaw.words[0].toUpperCase()}${flaw.words.slice(1)}.`);
      const control = frame.querySelector("input, select, textarea");
      attr(control ?? frame, "aria-invalid", "true");
      attr(control ?? frame, "aria-describedby", words.id);
      if (frame.tagName === "FIELDSET") frame.querySelector("legend").after(words);
      else frame.append(words);
    });
  }

  /** The control of the first mistake. */
  first() {
    return this.form.querySelector("[aria-invalid]");
  }
}
