// The accounts: how each of them is, connect and disconnect, edits, and a connection tested line by line.

import { attr, bdi, fill, h, icon, say, text } from "./dom.js";
import { frame } from "./frame.js";
import { press, read } from "./link.js";
import { restarting } from "./restart.js";
import { SettingsForm } from "./settings_form.js";
import { t } from "./t.js";

const LOOK_MS = 1000;
const at = (id) => document.getElementById(id);
const root = at("form");
const cards = [...root.querySelectorAll("[data-account]")];
let follow = () => {};

const LOOKS = {
  live: ["run", "good", t("Live")],
  waiting: ["wait", "busy", t("Waiting")],
  connecting: ["wait", "busy", t("Connecting")],
  stalled: ["warn", "warn", t("Stalled")],
  ended: ["off", "quiet", t("Ended")],
  offline: ["off", "quiet", t("Offline")],
};

function draw(lost, store) {
  for (const card of cards) {
    const state = store.get("account", card.dataset.account)?.state;
    const [sign, tone, words] = (state && LOOKS[state.phase]) ?? ["off", "quiet", t("Not heard of")];
    const chip = card.querySelector(".state");
    attr(chip, "data-tone", tone);
    fill(chip, [sign, words], () => [icon(sign), h("span", {}, words)]);
    const detail = card.querySelector(".detail");
    fill(detail, [state?.detail], () => [state?.detail && bdi(state.detail)]);
    attr(detail, "hidden", !state?.detail);
  }
  follow();
}

const { store } = frame({ draw });
follow = restarting(store);
if (at("save")) new SettingsForm(root, { gateway: root.dataset.gateway, fingerprint: root.dataset.fingerprint });

function tell(node, tone, words) {
  attr(node, "hidden", !words);
  attr(node, "data-tone", tone);
  fill(node, [tone, words], () => [icon(tone === "good" ? "ok" : "no"), h("span", {}, words)]);
  say(words);
}

root.addEventListener("click", async (e) => {
  const button = e.target.closest("[data-do], [data-test]");
  const card = button?.closest("[data-account]");
  if (!card) return;
  const account = card.dataset.account;
  if (button.dataset.do) {
    const answer = await press("/api/accounts/order", { do: button.dataset.do, account });
    tell(card.querySelector(":scope > .told"), answer.ok ? "good" : "bad", answer.ok ? t("Asked. Its state tells when it is done.") : answer.error);
  } else {
    const answer = await press("/api/accounts/test", { account });
    if (answer.ok) watch(answer, account);
    else tell(card.querySelector(":scope > .told"), "bad", answer.error);
  }
});

let watched = null;

/** Show a test line by line until it has ended. */
async function watch(begun, account) {
  const mine = (watched = begun.id);
  attr(at("test"), "hidden", false);
  attr(at("cancel"), "hidden", false);
  text(at("tested"), account);
  text(at("log"), "");
  tell(at("verdict"), "", "");
  at("test").scrollIntoView({ block: "center" });
  let state = { ...begun, lines: [], next: 0 };
  while (watched === mine) {
    try {
      state = await read(`/api/accounts/test/${mine}?since=${state.next}`);
    } catch (e) {
      tell(at("verdict"), "bad", e.message);
      break;
    }
    for (const line of state.lines) at("log").append(`${line}\n`);
    at("log").scrollTop = at("log").scrollHeight;
    if (!state.running) {
      if (state.good !== null) tell(at("verdict"), state.good ? "good" : "bad", state.good ? t("The connection works.") : t("It does not work: the last lines say why, and what to do."));
      break;
    }
    await new Promise((go) => setTimeout(go, LOOK_MS));
  }
  if (watched === mine) attr(at("cancel"), "hidden", true);
}

at("cancel")?.addEventListener("click", () => watched && press(`/api/accounts/test/${watched}/cancel`, {}));
