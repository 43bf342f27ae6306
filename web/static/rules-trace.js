// A trace: what each rule said of one event, what was sent because of it, and what became of that.

import { bdi, fill, h, icon } from "./dom.js";
import { OUTCOMES, way } from "./rules-words.js";
import { n, t } from "./t.js";
import { clock, ms, STATUSES } from "./words.js";

const ENDED = ["done", "failed", "rejected", "expired", "cancelled", "blocked", "dropped"];

const ended = (c) => c.steps?.some((s) => ENDED.includes(s.status));

/** Whether the rules have spoken, and all commands have come to their ending. */
export const over = (trace) => !!trace.decided && (trace.commands ?? []).every(ended);

/** `asked`: the rule that somebody wants to know of. */
export function drawTrace(node, trace, asked, gateway) {
  const reasons = [...(trace.decided?.reasons ?? [])];
  const said = reasons.filter((r) => r.outcome !== "no match" || r.rule === asked);
  const silent = reasons.length - said.length;
  const unasked = asked && !reasons.some((r) => r.rule === asked);
  fill(node, [trace, asked], () => [
    h("p", { class: "sub" }, trace.event && clock(trace.event.received), " ", bdi(trace.event?.id ?? "")),
    ...said.sort((a, b) => (b.rule === asked) - (a.rule === asked)).map((r) => reason(r, trace, asked)),
    unasked && h("p", { class: "card", "data-asked": true }, t("The rule {rule} was not asked: it listens to something else, or is off.", { rule: asked })),
    !reasons.length && !unasked && h("p", { class: "card" }, t("No rule listens to this.")),
    silent > 0 && h("p", { class: "sub" }, n("{count} other rule was asked, and it did not match.", "{count} other rules were asked, and did not match.", silent)),
    trace.more > 0 && h("p", { class: "sub" }, n("{count} more command", "{count} more commands", trace.more)),
    said.length > 0 && h("p", { class: "sub" }, h("a", { href: way("/rules", gateway) }, t("To the list of rules"))),
  ]);
}

function reason(r, trace, asked) {
  const [mark, tone, word] = OUTCOMES[r.outcome] ?? ["off", "quiet", r.outcome];
  const commands = (trace.commands ?? []).filter((c) => c.command.rule === r.rule);
  return h("article", { class: "card", "data-asked": r.rule === asked },
    h("header", {}, h("h3", {}, bdi(r.rule)), h("span", { class: "chip", "data-tone": tone }, icon(mark), word)),
    r.words && h("p", { class: "said" }, bdi(r.words)),
    commands.length > 0 && h("ul", {}, ...commands.map(command)));
}

function command({ command: c, steps = [] }) {
  const last = steps.at(-1);
  const [mark, tone, word] = STATUSES[last?.status] ?? ["wait", "quiet", t("sent")];
  const took = last?.latency_ms ? ` · ${t("moved after {ms} ms", { ms: ms(last.latency_ms) })}` : "";
  return h("li", { "data-tone": tone }, icon(mark), h("div", {},
    h("p", {}, h("b", {}, `${c.station} · ${c.action}`), ` ${word}`, took),
    last?.reason && h("p", { class: "steps" }, bdi(last.reason)),
    h("p", { class: "steps" }, steps.map((s) => STATUSES[s.status]?.[2] ?? s.status).join(" → "))));
}
