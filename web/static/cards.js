// Accounts and stations as cards.

import { attr, bdi, fill, h, icon } from "./dom.js";
import { n, t } from "./t.js";
import { PHASES, ago, count, counted, ms, percent, usd } from "./words.js";

export const chip = ([mark, tone, word]) => h("span", { class: "chip", "data-tone": tone }, icon(mark), word);

export const figure = (label, value, unit = "") =>
  h("div", {}, h("dt", {}, label), h("dd", {}, h("b", {}, value), unit && h("span", {}, ` ${unit}`)));

export const card = () => h("article", { class: "card" });

/** [icon, tone, word] of a station: what a person must know first comes first. */
export function stationLook(row, stop, name) {
  const s = row.state;
  if (!s?.online || row.availability?.online === false) return ["off", "bad", t("Offline")];
  const proved = stop.boards?.some((b) => b.station === name && b.confirmed);
  if (s.stopped || proved) return ["stop", "bad", t("Stopped")];
  if (stop.phase !== "clear") return ["stop", "bad", t("Stopping")];
  if (s.fault) return ["warn", "bad", t("Fault")];
  if (s.running) return ["run", "busy", t("Running {action}", { action: s.running })];
  if (!s.armed) return ["off", "quiet", t("Disarmed")];
  return row.paused ? ["hold", "warn", t("Paused")] : ["on", "good", t("Ready")];
}

/** A station's card: what it is now, and what waits for it. */
export function stationCard(queues) {
  const node = h("article", { class: "card" });
  node.now = h("div", { class: "now" });
  node.queue = queues.part();
  node.append(node.now, node.queue);
  return node;
}

/** What a station has done until now, in a line. */
function done(stats) {
  if (!stats) return "";
  return [
    n("{count} cycle", "{count} cycles", stats.cycles),
    stats.success !== null && t("{part} done", { part: percent(stats.success) }),
    stats.latency_p95_ms !== null && t("95 of 100 within {ms} ms", { ms: ms(stats.latency_p95_ms) }),
  ].filter(Boolean).join(" · ");
}

/** `stop` is the state of the emergency stop, whose proof is newer than a station's own state. */
export function drawStation(stop, queues, lost) {
  return (node, row, name) => {
    const s = row.state ?? {};
    const last = row.last;
    const look = stationLook(row, stop, name);
    const title = row.info?.title || name;
    attr(node, "data-tone", look[1]);
    queues.draw(node.queue, name, title, done(row.stats), lost);
    fill(node.now, [title, look, s.fault, s.queue, s.outputs, last?.latency_ms, s.done, s.failed], () => [
      h("header", {}, h("h3", {}, bdi(title)), chip(look)),
      s.fault && h("p", { class: "fault" }, icon("warn"), h("span", {}, bdi(s.fault))),
      h("dl", { class: "figures" },
        figure(t("Queue"), count(s.queue ?? 0)),
        figure(t("Outputs on"), count(s.outputs ?? 0)),
        figure(t("Last"), last ? ms(last.latency_ms) : "–", last ? "ms" : ""),
        figure(t("Done"), count(s.done ?? 0), s.failed ? t("{count} not done", { count: count(s.failed) }) : "")),
    ]);
  };
}

export function drawAccount(store) {
  return (node, row, name) => {
    const s = row.state;
    const stats = row.stats;
    const look = PHASES[s?.phase] ?? PHASES.offline;
    const since = s ? ago(store.since(s.since)) : "";
    const viewers = s?.phase === "live" ? s.viewers : null;
    const practice = s?.simulated || stats?.simulated;
    const user = s?.username ?? name;
    attr(node, "data-tone", look[1]);
    const places = row.top?.places ?? [];
    fill(node, [user, look, since, viewers, s?.detail, practice, stats, places], () => [
      h("header", {}, h("h3", {}, bdi(`@${user}`)), chip(look)),
      h("p", { class: "sub" }, practice ? h("em", {}, t("Practice")) : "", practice && since ? " · " : "", since && t("for {time}", { time: since })),
      s?.detail && h("p", { class: "detail" }, bdi(s.detail)),
      h("dl", { class: "figures" },
        figure(t("Viewers"), viewers === null ? "–" : count(viewers)),
        figure(t("Gifts"), count(stats?.gifts ?? 0)),
        figure(t("Coins"), count(stats?.coins ?? 0)),
        figure(t("Likes"), count(stats?.likes ?? 0))),
      stats?.session && h("p", { class: "sub whole" }, [
        n("{count} different viewer", "{count} different viewers", stats.unique_viewers),
        stats.average_viewers !== null && t("{count} on average", { count: count(stats.average_viewers) }),
        t("about {usd}", { usd: usd(stats.usd) }),
      ].filter(Boolean).join(" · ")),
      places.length > 0 && h("ol", { class: "top3", "aria-label": t("First of this session") },
        ...places.map((p) => h("li", {}, h("span", {}, `${p.place}. `), bdi(p.who), h("b", {}, ` ${count(p.score)} ${counted(row.top.by)}`)))),
    ]);
  };
}
