// The last actions and the last events, a line each.

import { attr, bdi, fill, h, icon } from "./dom.js";
import { t } from "./t.js";
import { STATUSES, clock, event, ms } from "./words.js";

export const line = () => h("li");

export function drawAction(store) {
  return (node, a) => {
    const [mark, tone, word] = STATUSES[a.status] ?? STATUSES.accepted;
    const title = store.get("station", a.station)?.info?.title || a.station;
    const moved = a.latency_ms !== null ? `${ms(a.latency_ms)} ms` : "";
    attr(node, "data-tone", tone);
    fill(node, [a, title], () => [
      icon(mark),
      h("div", { class: "what" },
        h("p", {}, h("b", {}, bdi(title)), ` ${a.action} ${a.channel}`),
        h("p", { class: "sub" }, `${word}`, a.who && " · ", a.who && bdi(a.who), a.rule && ` · ${a.rule}`),
        a.reason && h("p", { class: "reason" }, bdi(a.reason))),
      h("div", { class: "when" }, h("b", {}, moved), h("time", { datetime: a.at }, clock(a.at))),
    ]);
  };
}

export function drawEvent(node, e) {
  const [who, words] = event(e);
  attr(node, "data-kind", e.kind);
  fill(node, e, () => [
    h("div", { class: "what" },
      h("p", {}, who && h("b", {}, bdi(who)), who && " ", bdi(words)),
      h("p", { class: "sub" }, e.account, e.stale && ` · ${t("late: counted, fires nothing")}`, e.simulated && ` · ${t("practice")}`)),
    h("div", { class: "when" }, h("time", { datetime: e.at }, clock(e.at))),
  ]);
}
