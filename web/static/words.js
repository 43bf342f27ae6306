// Every word that stands for a state, and numbers and times as a person writes them.

import { count, language, n, short, t } from "./t.js";

export { count };

/** [icon, tone, word] of an account's phase. */
export const PHASES = {
  offline: ["off", "quiet", t("Offline")],
  waiting: ["wait", "quiet", t("Waiting")],
  connecting: ["wait", "busy", t("Connecting")],
  live: ["on", "good", t("Live")],
  stalled: ["warn", "warn", t("Stalled")],
  ended: ["off", "quiet", t("Ended")],
};

/** [icon, tone, word] of a command's status. */
export const STATUSES = {
  accepted: ["wait", "busy", t("accepted")],
  queued: ["wait", "busy", t("queued")],
  running: ["run", "busy", t("running")],
  done: ["ok", "good", t("done")],
  failed: ["no", "bad", t("failed")],
  rejected: ["no", "bad", t("rejected")],
  expired: ["no", "warn", t("expired")],
  cancelled: ["no", "quiet", t("cancelled")],
  blocked: ["hold", "warn", t("blocked")],
  dropped: ["no", "warn", t("dropped")],
};

export const MODES = [
  ["live", t("Live"), t("Rules fire and machines move.")],
  ["rehearsal", t("Rehearsal"), t("Everything is decided, nothing moves.")],
  ["paused", t("Paused"), t("No rule fires.")],
];

/** How a thing ended, for the ledger: statuses, and what else becomes of a gift. */
const ENDINGS = {
  waiting: t("waiting"), owed: t("owed"), open: t("open"), "held back": t("held back"), "no rule": t("no rule"),
};
export const ending = (name) => STATUSES[name]?.[2] ?? ENDINGS[name] ?? name;

/** What is counted, in a line of text; other names stay as they are. */
const COUNTED = {
  viewers: t("viewers"), gifts: t("gifts"), coins: t("coins"), comments: t("comments"), likes: t("likes"),
  follows: t("follows"), shares: t("shares"), joins: t("joins"), subscribes: t("subscribes"),
};
export const counted = (name) => COUNTED[name] ?? name;

const exact = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
const tenth = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const dollars = new Intl.NumberFormat(language, { style: "currency", currency: "USD" });
// The clock is written alike in all languages, with the colon of the screens around it.
const clockOf = (timeZone) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone });
let clockFormat = clockOf(undefined);

/** Of a counter or a metric, which may be a fraction. */
export const number = (value) => (Math.abs(value) < 100000 ? exact : short).format(value);
export const usd = (amount) => dollars.format(amount);
export const percent = (part) => `${exact.format(Math.floor(part * 1000) / 10)} %`;
export const clock = (stamp) => clockFormat.format(new Date(stamp));
/** From now on `clock` tells the venue's time instead of this phone's. */
export const tellTimeOf = (zone) => (clockFormat = clockOf(zone));
/** With one digit behind the point. */
export const tenths = (value) => tenth.format(value);
/** Of so many bytes. */
export const size = (bytes) => (bytes < 1e6 ? `${count(Math.max(1, Math.round(bytes / 1e3)))} kB` : `${tenths(bytes / 1e6)} MB`);
/** "4.2" below ten milliseconds, "38" above. */
export const ms = (value) => (value < 9.95 ? tenth.format(value) : count(Math.round(value)));

export function ago(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return t("{s} s", { s });
  if (s < 3600) return t("{m} min", { m: Math.floor(s / 60) });
  if (s < 86400) return t("{h} h {m} min", { h: Math.floor(s / 3600), m: Math.floor((s % 3600) / 60) });
  return t("{d} d", { d: Math.floor(s / 86400) });
}

/** "1:05" of what is left. */
export function left(seconds) {
  const s = Math.max(0, Math.ceil(seconds));
  return s ? t("{time} left", { time: `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}` }) : t("over");
}

export const coins = (number) => n("{count} coin", "{count} coins", number);

/** What an event says, as [name or "", words]; the name is a stranger's text. Neutral, never a call to give. */
export function event(e) {
  switch (e.kind) {
    case "gift": {
      const received = t("Gift received: {gift} × {count}", { gift: e.text, count: count(e.count) });
      return [e.who, e.coins === null ? received : `${received} · ${coins(e.coins)}`];
    }
    case "comment":
      return [e.who, e.text];
    case "like":
      return ["", n("{count} like", "{count} likes", e.count)];
    case "join":
      return ["", n("{count} viewer joined", "{count} viewers joined", e.count)];
    case "follow":
      return [e.who, t("followed")];
    case "share":
      return [e.who, t("shared the LIVE")];
    case "subscribe":
      return [e.who, t("subscribed")];
    case "question":
      return [e.who, t("Question: {text}", { text: e.text })];
    case "envelope":
      return [e.who, e.coins === null ? t("opened a treasure chest") : t("opened a treasure chest of {coins}", { coins: coins(e.coins) })];
    case "battle":
      return ["", t("Battle {text}", { text: e.text })];
    case "live":
      return ["", e.who === "started" ? t("The LIVE started") : t("The LIVE ended")];
    case "gap":
      return ["", t("TikTok was not heard: {text}", { text: e.text })];
    default:
      return [e.who, e.text];
  }
}
