// The keyboard. A letter typed into a field is a letter; nothing is started from here, and the stop wants two strokes.

import { asked } from "./dialogs.js";
import { attr, h, say } from "./dom.js";
import { t } from "./t.js";

const TWICE_MS = 1000;
const GO_MS = 1500;
const SCREENS = { l: "/", r: "/rules", s: "/stations", t: "/statistics", h: "/sessions", y: "/system" };

const typing = (node) => node.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;
const way = (path) => document.querySelector(`.ways a[href="${path}"]`);
const fields = () => [...document.querySelectorAll('input[type="search"]')].filter((field) => field.checkVisibility());

class Keys {
  constructor() {
    this.stop = -Infinity;
    this.go = -Infinity;
  }

  press(e) {
    const now = performance.now();
    if (e.repeat || e.ctrlKey || e.altKey || e.metaKey || e.isComposing || typing(e.target)) return;
    const going = now - this.go < GO_MS;
    this.go = -Infinity;
    if (e.key === "S" && e.shiftKey) this.stopping(now);
    else if (document.querySelector("dialog[open]")) return;
    else if (going && SCREENS[e.key]) way(SCREENS[e.key])?.click();
    else if (e.key === "g") this.go = now;
    else if (e.key === "?") this.help();
    else if (e.key === "/" && fields().length) {
      e.preventDefault(); // else the stroke would stand in the field
      fields()[0].focus();
    }
  }

  stopping(now) {
    if (now - this.stop > TWICE_MS) {
      this.stop = now;
      return say(t("Press Shift and S once more to stop everything."));
    }
    this.stop = -Infinity;
    document.getElementById("stop").click();
  }

  help() {
    const screens = Object.entries(SCREENS).filter(([, path]) => way(path));
    const line = (strokes, words) => h("div", {}, h("dt", {}, ...strokes.flatMap((s, n) => (n ? [" ", h("kbd", {}, s)] : [h("kbd", {}, s)]))), h("dd", {}, words));
    const close = h("button", { class: "btn", type: "submit" }, t("Close"));
    const dialog = h("dialog", { class: "keys", "aria-labelledby": "h-keys" },
      h("form", { method: "dialog" },
        h("h2", { id: "h-keys" }, t("Keyboard")),
        h("dl", {},
          line(["Shift+S", "Shift+S"], t("Stop everything: twice within a second")),
          ...screens.map(([key, path]) => line(["g", key], way(path).textContent)),
          fields().length > 0 && line(["/"], t("Search on this screen")),
          line(["?"], t("Show these keys"))),
        h("p", { class: "sub" }, t("While you type in a field, letters are only letters.")),
        close));
    document.body.append(dialog);
    asked(dialog).then(() => dialog.remove());
  }
}

export function keys() {
  const all = new Keys();
  document.addEventListener("keydown", (e) => all.press(e));
  const button = document.getElementById("keys");
  button.addEventListener("click", () => all.help());
  attr(button, "hidden", false);
}
