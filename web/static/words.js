// Every word that stands for a state. One home, so that another language is another file.

/** [icon, tone, word] of an account's phase. */
export const PHASES = {
  offline: ["off", "quiet", "Offline"],
  waiting: ["wait", "quiet", "Waiting"],
  connecting: ["wait", "busy", "Connecting"],
  live: ["on", "good", "Live"],
  stalled: ["warn", "warn", "Stalled"],
  ended: ["off", "quiet", "Ended"],
};

/** [icon, tone, word] of a command's status. */
export const STATUSES = {
  accepted: ["wait", "busy", "accepted"],
  queued: ["wait", "busy", "queued"],
  running: ["run", "busy", "running"],
  done: ["ok", "good", "done"],
  failed: ["no", "bad", "failed"],
  rejected: ["no", "bad", "rejected"],
  expired: ["no", "warn", "expired"],
  cancelled: ["no", "quiet", "cancelled"],
  blocked: ["hold", "warn", "blocked"],
  dropped: ["no", "warn", "dropped"],
};

export const MODES = [
  ["live", "Live", "Rules fire and machines move."],
  ["rehearsal", "Rehearsal", "Everything is decided, nothing moves."],
  ["paused", "Paused", "No rule fires."],
];

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });
const clockOf = (timeZone) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone });
let clockFormat = clockOf(undefined);

export const count = (n) => (n < 100000 ? whole.format(n) : short.format(n));
/** Of a counter or a metric, which may be a fraction. */
export const number = (n) => (Math.abs(n) < 100000 ? exact.format(n) : short.format(n));
export const usd = (n) => dollars.format(n);
export const percent = (part) => `${exact.format(Math.floor(part * 1000) / 10)} %`;
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
export const clock = (stamp) => clockFormat.format(new Date(stamp));
/** From now on `clock` tells the venue's time instead of this phone's. */
export const tellTimeOf = (zone) => (clockFormat = clockOf(zone));
/** "4.2" below ten milliseconds, "38" above. */
export const ms = (n) => (n < 9.95 ? n.toFixed(1) : count(Math.round(n)));

export function ago(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d`;
}

/** "1:05" of what is left. */
export function left(seconds) {
  const s = Math.max(0, Math.ceil(seconds));
  return s ? `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")} left` : "over";
}

/** What an event says, as [name or "", words]; the name is a stranger's text. Neutral, never a call to give. */
export function event(e) {
  const coins = e.coins === null ? "" : ` · ${plural(e.coins, "coin")}`;
  switch (e.kind) {
    case "gift":
      return [e.who, `Gift received: ${e.text} × ${count(e.count)}${coins}`];
    case "comment":
      return [e.who, e.text];
    case "like":
      return ["", plural(e.count, "like")];
    case "join":
      return ["", `${plural(e.count, "viewer")} joined`];
    case "follow":
      return [e.who, "followed"];
    case "share":
      return [e.who, "shared the LIVE"];
    case "subscribe":
      return [e.who, "subscribed"];
    case "question":
      return [e.who, `Question: ${e.text}`];
    case "envelope":
      return [e.who, e.coins === null ? "opened a treasure chest" : `opened a treasure chest of ${plural(e.coins, "coin")}`];
    case "battle":
      return ["", `Battle ${e.text}`];
    case "live":
      return ["", e.who === "started" ? "The LIVE started" : "The LIVE ended"];
    case "gap":
      return ["", `TikTok was not heard: ${e.text}`];
    default:
      return [e.who, e.text];
  }
}
