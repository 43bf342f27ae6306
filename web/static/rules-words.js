// What the screens of the rules say alike: what happened, in a line, and why a rule did not fire.

import { bdi } from "./dom.js";
import { t } from "./t.js";
import { ago, event } from "./words.js";

/** [icon, tone, word] of a rule's word on an event. */
export const OUTCOMES = {
  fired: ["ok", "good", t("fired")],
  "no match": ["off", "quiet", t("no match")],
  waiting: ["wait", "busy", t("still counting")],
  "not meant": ["no", "quiet", t("not meant")],
  cooldown: ["hold", "warn", t("cooling down")],
  busy: ["hold", "warn", t("busy")],
  budget: ["hold", "warn", t("budget used up")],
  stale: ["no", "warn", t("too late")],
};

const OWN = { input: t("an input"), press: t("a button"), topic: t("a message"), tick: t("the clock"), session: t("a session") };

/** What a rule was asked about: {kind, who, what, count}, as children of a line. */
export function happened(e) {
  if (e.kind === "gift" && e.count === 0) return [...(e.who ? [bdi(e.who), ": "] : []), bdi(t("the streak of {gift} ended", { gift: e.what })), e.simulated && ` · ${t("practice")}`].filter(Boolean);
  const [who, words] = event({ kind: e.kind, who: e.who ?? "", text: e.what ?? "", count: e.count ?? 1, coins: null });
  const said = OWN[e.kind] ? [OWN[e.kind], words].filter(Boolean).join(" ") : words;
  return [who && bdi(who), who && ": ", bdi(said), e.simulated && ` · ${t("practice")}`].filter(Boolean);
}

/** "3 min ago". */
export const since = (seconds) => t("{time} ago", { time: ago(seconds) });

/** What a gateway says begins as it likes; a sentence begins with a capital. */
export const sentence = (words) => (words ? words[0].toUpperCase() + words.slice(1) : words);

const two = (gateway) => (document.querySelector(".gateway") ? gateway : "");
/** An address of this screen's family, with the gateway where there are several. */
export function way(path, gateway, more = {}) {
  const said = new URLSearchParams(Object.entries({ gateway: two(gateway), ...more }).filter(([, v]) => v));
  return said.size ? `${path}?${said}` : path;
}
