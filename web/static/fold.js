// A list that shows its first few lines, and the others when somebody wants them.

import { attr, h, list, text } from "./dom.js";
import { t } from "./t.js";
import { count } from "./words.js";

export class Fold {
  constructor(most, make, redraw) {
    this.most = most;
    this.make = make;
    this.open = false;
    this.list = h("ul");
    this.button = h("button", { type: "button", class: "btn quiet", onclick: () => {
      this.open = !this.open;
      redraw();
    } });
    this.behind = h("p", { class: "sub" });
    this.node = h("div", { class: "fold" }, this.list, this.button, this.behind);
  }

  /** `behind`: so many more there are, of which nothing is known here. */
  draw(items, draw, behind) {
    const folded = items.length - this.most;
    const shown = this.open ? items : items.slice(0, this.most);
    list(this.list, shown, this.make, draw);
    attr(this.node, "hidden", !items.length);
    attr(this.button, "hidden", folded <= 0);
    attr(this.button, "aria-expanded", String(this.open));
    text(this.button, this.open ? t("Show fewer") : t("{count} more", { count: count(folded + behind) }));
    attr(this.behind, "hidden", !behind || (folded > 0 && !this.open));
    text(this.behind, t("{count} more behind these", { count: count(behind) }));
  }
}
