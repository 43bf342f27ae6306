// Parts of a station's screen: its board, its wire, its inputs, in words and figures.

import { attr, bdi, fill, h, icon, text } from "./dom.js";
import { n, t } from "./t.js";
import { ago, clock, count, ms, number, percent } from "./words.js";

const KINDS = {
  pulse: t("pulse"), level: t("switched"), pwm: t("dimmed"), servo: t("servo"), tone: t("tone"),
  input: t("input"), analog: t("voltage"), stop: t("stop button"), status: t("status lamp"),
};
const BOOTS = {
  "power-on": t("switched on"), "reset-pin": t("reset, or its port was opened"), "brown-out": t("its voltage fell: look at its supply"),
  watchdog: t("it hung, and its watchdog reset it"), unknown: t("not known"),
};

/** What the settings allow an output. */
export function limits(c) {
  return [
    `${KINDS[c.kind] ?? c.kind}, ${t("pin {pin}", { pin: c.pin })}`,
    t("at most {ms} ms", { ms: count(c.max_on_ms) }),
    c.rest_ms && t("rests {ms} ms", { ms: count(c.rest_ms) }),
    c.group && t("never with others of {group}", { group: c.group }),
    c.power && `${number(c.power)} W`,
  ].filter(Boolean).join(" · ");
}

/** What an output did. */
export function wear(c, w) {
  if (!w) return "";
  if (!w.cycles) return t("not on since the gateway was started");
  const on = n("on {count} time", "on {count} times", w.cycles);
  const duty = w.duty !== undefined && c.duty_percent && t("duty {part} of {seconds} s, at most {most} %", { part: percent(w.duty), seconds: number(c.duty_seconds), most: number(c.duty_percent) });
  return [w.on_seconds ? `${on}, ${t("{seconds} s in all", { seconds: number(w.on_seconds) })}` : on, duty].filter(Boolean).join(" · ");
}

export function drawFacts(node, facts) {
  fill(node, facts, () => facts.map(([name, value, note]) => h("div", {}, h("dt", {}, name), h("dd", {}, bdi(value), note && h("span", { class: "sub" }, ` ${note}`)))));
}

/** [name, value, note] of what is known of the board. */
export function boardFacts(b, s, store) {
  if (!b?.firmware) return [[t("State"), t("Not heard yet"), ""]];
  const away = s?.online ? "" : t("when it was last heard");
  const share = b.frames ? b.damaged / (b.frames + b.damaged) : 0;
  return [
    [t("Id"), b.id || t("none: give it one with `stagewire boards name`"), b.kind],
    [t("Port"), b.port, ""],
    [t("Firmware"), b.firmware, away],
    [t("Started"), b.started ? t("{time} ago", { time: ago(store.since(b.started)) }) : "–", BOOTS[b.boot] ?? b.boot],
    [t("Resets since power-on"), count(b.boots ?? 0), ""],
    b.frames !== undefined && [t("Frames"), count(b.frames), b.damaged ? t("{count} damaged ({part})", { count: count(b.damaged), part: percent(share) }) : t("none damaged")],
    b.frames !== undefined && [t("Sent again"), count(b.repeats ?? 0), b.lost_bytes ? t("{count} bytes lost", { count: count(b.lost_bytes) }) : ""],
    b.round_trip_ms !== undefined && [t("Round trip"), `${ms(b.round_trip_ms)} ms`, ""],
    b.loop_max_us > 0 && [t("Longest loop"), `${count(b.loop_max_us)} µs`, t("{count} bytes of memory free", { count: count(b.free_ram ?? 0) })],
  ].filter(Boolean);
}

export function doneFacts(s) {
  const of = (value) => (value === null ? t("not measured") : `${ms(value)} ms`);
  const actions = Object.entries(s.actions).sort(([, a], [, b]) => b - a);
  return [
    [t("Cycles"), count(s.cycles), s.practice ? t("{count} of them practice", { count: count(s.practice) }) : ""],
    [t("Success"), s.success === null ? "–" : percent(s.success), s.not_done ? t("{count} not done", { count: count(s.not_done) }) : ""],
    [t("On for"), t("{s} s", { s: number(s.on_seconds) }), t("{part} of the time since {when}", { part: percent(s.duty), when: new Date(s.since).toLocaleDateString(document.documentElement.lang) })],
    [t("Half of gifts moved within"), of(s.latency_p50_ms), "p50"],
    [t("95 of 100 within"), of(s.latency_p95_ms), "p95"],
    [t("99 of 100 within"), of(s.latency_p99_ms), "p99"],
    ...actions.slice(0, 8).map(([name, times]) => [name, n("{count} time", "{count} times", times), ""]),
  ];
}

export function inputLine() {
  const node = h("li");
  node.mark = h("span", { class: "mark" });
  node.what = h("div", { class: "what" });
  node.when = h("div", { class: "when" });
  node.append(node.mark, node.what, node.when);
  return node;
}

export function drawInput(node, c, name, heard, s, store) {
  const stop = c.kind === "stop";
  const [mark, tone, word] = stop
    ? ["stop", "quiet", t("tells only when it is pressed")]
    : !heard ? ["wait", "quiet", t("not heard yet")]
      : heard.level ? ["on", "good", t("active")] : ["off", "quiet", t("inactive")];
  attr(node, "data-tone", tone);
  attr(node, "data-level", heard && !stop ? String(heard.level) : null);
  fill(node.mark, mark, () => [icon(mark)]);
  fill(node.what, [name, c.kind, c.pin, word, heard?.count], () => [
    h("p", {}, h("b", {}, bdi(name)), ` ${word}`),
    h("p", { class: "sub" }, `${KINDS[c.kind] ?? c.kind}, ${t("pin {pin}", { pin: c.pin })}`, heard && ` · ${n("{count} time active", "{count} times active", heard.count)}`),
  ]);
  const gap = heard ? t("{time} ago", { time: ago(store.since(heard.since)) }) : "";
  fill(node.when, [gap, heard?.since], () => [heard && h("b", {}, gap), heard && h("time", { datetime: heard.since }, clock(heard.since))]);
}
