// What the rules keep: stages, counters, timers and notes, each with its value.

import { attr, bdi, fill, h } from "./dom.js";
import { t } from "./t.js";
import { left, number } from "./words.js";

export function drawKept(node, state, store) {
  const box = node.querySelector(".kept-cards");
  const timers = Object.entries(state?.timers ?? {}).map(([name, end]) => [name, left(-store.since(end))]);
  const stages = (state?.stages ?? []).map((s) => [s.stage, stage(s)]);
  const groups = [
    [t("Stages"), stages],
    [t("Counters"), Object.entries(state?.counters ?? {}).map(([name, value]) => [name, number(value)])],
    [t("Timers"), timers],
    [t("Notes"), Object.entries(state?.notes ?? {})],
  ].filter(([, entries]) => entries.length);
  attr(node, "hidden", !groups.length);
  fill(box, groups, () => groups.map(([words, entries]) => h("div", {},
    h("h3", {}, words),
    h("dl", { class: "kept" }, ...entries.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, bdi(value))))))));
}

function stage(s) {
  const level = s.locked ? t("{level}, locked by a person", { level: s.level }) : s.level;
  return s.next ? t("{level} · {metric} of {needs} for {next}", { level, metric: number(s.metric), needs: number(s.needs), next: s.next }) : level;
}
