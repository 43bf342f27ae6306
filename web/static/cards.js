// Accounts and stations as cards.

import { attr, bdi, fill, h, icon } from "./dom.js";
import { PHASES, ago, count, ms, percent, plural, usd } from "./words.js";

export const chip = ([mark, tone, word]) => h("span", { class: "chip", "data-tone": tone }, icon(mark), word);

const figure = (label, value, unit = "") =>
  h("div", {}, h("dt", {}, label), h("dd", {}, h("b", {}, value), unit && h("span", {}, ` ${unit}`)));

export const card = () => h("article", { class: "card" });

/** [icon, tone, word] of a station: what a person must know first comes first. */
function stationLook(row, stop, name) {
  const s = row.state;
  if (!s?.online || row.availability?.online === false) return ["off", "bad", "Offline"];
  const proved = stop.boards?.some((b) => b.station === name && b.confirmed);
  if (s.stopped || proved) return ["stop", "bad", "Stopped"];
  if (stop.phase !== "clear") return ["stop", "bad", "Stopping"];
  if (s.fault) return ["warn", "bad", "Fault"];
  if (s.running) return ["run", "busy", `Running ${s.running}`];
  if (!s.armed) return ["off", "quiet", "Disarmed"];
  return row.paused ? ["hold", "warn", "Paused"] : ["on", "good", "Ready"];
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
    plural(stats.cycles, "cycle"),
    stats.success !== null && `${percent(stats.success)} done`,
    stats.latency_p95_ms !== null && `95 of 100 within ${ms(stats.latency_p95_ms)} ms`,
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
        figure("Queue", count(s.queue ?? 0)),
        figure("Outputs on", count(s.outputs ?? 0)),
        figure("Last", last ? ms(last.latency_ms) : "–", last ? "ms" : ""),
        figure("Done", count(s.done ?? 0), s.failed ? `${count(s.failed)} not done` : "")),
    ]);
  };
}

export function drawAccount(store) {
  return (node, row, name) => {
    const s = row.state;
    const t = row.stats;
    const look = PHASES[s?.phase] ?? PHASES.offline;
    const since = s ? ago(store.since(s.since)) : "";
    const viewers = s?.phase === "live" ? s.viewers : null;
    const practice = s?.simulated || t?.simulated;
    const user = s?.username ?? name;
    attr(node, "data-tone", look[1]);
    const places = row.top?.places ?? [];
    fill(node, [user, look, since, viewers, s?.detail, practice, t, places], () => [
      h("header", {}, h("h3", {}, bdi(`@${user}`)), chip(look)),
      h("p", { class: "sub" }, practice ? h("em", {}, "Practice") : "", practice && since ? " · " : "", since && `for ${since}`),
      s?.detail && h("p", { class: "detail" }, bdi(s.detail)),
      h("dl", { class: "figures" },
        figure("Viewers", viewers === null ? "–" : count(viewers)),
        figure("Gifts", count(t?.gifts ?? 0)),
        figure("Coins", count(t?.coins ?? 0)),
        figure("Likes", count(t?.likes ?? 0))),
      t?.session && h("p", { class: "sub whole" }, [
        `${plural(t.unique_viewers, "different viewer")}`,
        t.average_viewers !== null && `${count(t.average_viewers)} on average`,
        `about ${usd(t.usd)}`,
      ].filter(Boolean).join(" · ")),
      places.length > 0 && h("ol", { class: "top3", "aria-label": "First of this session" },
        ...places.map((p) => h("li", {}, h("span", {}, `${p.place}. `), bdi(p.who), h("b", {}, ` ${count(p.score)} ${row.top.by}`)))),
    ]);
  };
}
