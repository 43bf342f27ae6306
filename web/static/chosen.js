// What of the live screen a person wants to see: one account or all, one kind of event, certain words. The account and
// the kind are remembered on this phone.

import { attr, bdi, h, refill } from "./dom.js";
import { t } from "./t.js";
import { PHASES, event } from "./words.js";

const KEPT = "chosen";

export class Chosen {
  constructor(redraw) {
    this.tabs = document.getElementById("tabs");
    this.filter = document.getElementById("filter");
    this.account = "";
    const { kind, words } = this.filter.elements;
    try {
      ({ account: this.account = "", kind: kind.value = "" } = JSON.parse(localStorage.getItem(KEPT)) ?? {});
    } catch {
      // what stands there is not ours: all is shown
    }
    if (kind.selectedIndex < 0) kind.value = "";
    this.redraw = () => {
      localStorage.setItem(KEPT, JSON.stringify({ account: this.account, kind: kind.value }));
      redraw();
    };
    this.filter.addEventListener("submit", (e) => e.preventDefault());
    kind.addEventListener("change", this.redraw);
    words.addEventListener("input", redraw);
  }

  /** Whether something of this account is to be seen; what belongs to none always is. */
  wants(account) {
    return !this.account || !account || account === this.account;
  }

  /** Whether a line of the feed is. */
  wantsEvent(e) {
    const { kind, words } = this.filter.elements;
    if (!this.wants(e.account) || (kind.value && e.kind !== kind.value)) return false;
    const sought = words.value.trim().toLowerCase();
    return !sought || event(e).join(" ").toLowerCase().includes(sought);
  }

  get filtered() {
    const { kind, words } = this.filter.elements;
    return !!(this.account || kind.value || words.value.trim());
  }

  /** `accounts`: [id, row] pairs. An account that is no more is no longer chosen. */
  draw(accounts) {
    if (this.account && !accounts.some(([name]) => name === this.account)) this.account = "";
    attr(this.tabs, "hidden", accounts.length < 2);
    const names = accounts.map(([name, a]) => [name, a.state?.username ?? name, PHASES[a.state?.phase]?.[2] ?? ""]).sort();
    refill(this.tabs, [names, this.account], () => [this.tab("", t("All accounts")), ...names.map(([name, user, phase]) => this.tab(name, bdi(`@${user}`), phase))]);
  }

  tab(name, words, phase = "") {
    const choose = () => {
      this.account = name;
      this.redraw();
    };
    return h("button", { type: "button", "aria-pressed": String(name === this.account), onclick: choose }, words, phase && h("small", {}, phase));
  }
}
