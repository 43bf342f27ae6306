// The panel that brings saved settings into force: it restarts a program and tells when that is back.

import { attr, fill, h, icon, say } from "./dom.js";
import { press } from "./link.js";
import { t } from "./t.js";

const LATE_MS = 30000;

/** The function that is given back looks at the venue; call it whenever the screen is drawn. */
export function restarting(store) {
  const panel = document.getElementById("restart");
  if (!panel) return () => {};
  const told = panel.querySelector(".told");
  const gateway = panel.dataset.gateway;
  let before = null;
  const tell = (tone, words) => {
    attr(told, "hidden", false);
    attr(told, "data-tone", tone);
    fill(told, [tone, words], () => [icon(tone === "good" ? "ok" : tone === "bad" ? "no" : "wait"), h("span", {}, words)]);
  };
  const began = () => store.get("gateway", gateway)?.info?.started;
  panel.addEventListener("click", async (e) => {
    const what = e.target.closest("[data-restart]")?.dataset.restart;
    if (!what || before) return;
    before = { what, at: performance.now(), started: began(), instance: store.instance };
    tell("busy", what === "gateway" ? t("The gateway restarts. Machines are stopped and safe.") : t("The page restarts."));
    const answer = await press("/api/restart", { what, gateway });
    if (answer.ok) return;
    before = null;
    tell("bad", answer.error);
  });
  return () => {
    if (!before) return;
    if (performance.now() - before.at > LATE_MS) tell("bad", t("It has not come back yet: look at its log on its machine."));
    const back = before.what === "gateway" ? began() && began() !== before.started && store.get("gateway", gateway).availability?.online : store.instance !== before.instance;
    if (!back) return;
    const page = before.what === "page";
    const armed = store.get("gateway", gateway)?.state?.armed; // simulated boards may be, at once
    before = null;
    tell("good", page ? t("The page is back, with the new settings.") : armed ? t("The gateway is back, with the new settings.") : t("The gateway is back, with the new settings. Machines are disarmed: arm them on the live screen."));
    for (const button of panel.querySelectorAll(`[data-restart='${page ? "page" : "gateway"}']`)) button.hidden = true;
    say(told.textContent);
  };
}
