// Versions of the rules: back to the one before, or an older one made the file again.

import { frame } from "./frame.js";
import { attr } from "./dom.js";
import { answerLine, drawAnswer, Presses } from "./presses.js";
import { t } from "./t.js";

const SHOWN_MS = 1200; // the answer is read before the list is new
const at = (id) => document.getElementById(id);
const gateway = document.body.dataset.gateway;
const answer = answerLine();
at("told").append(answer);

const { redraw } = frame({ draw });
const presses = new Presses(redraw);
const WORDS = { rollback: at("rollback")?.textContent, restore: at("restore")?.textContent };

function draw(lost) {
  drawAnswer(answer, presses.get("versions"));
  for (const name of ["rollback", "restore"]) {
    const button = at(name);
    if (!button) continue;
    attr(button, "disabled", !!lost || !!presses.get("versions")?.busy);
    const words = presses.asks(name) ? t("Really? Press again") : WORDS[name];
    if (button.textContent !== words) button.textContent = words;
  }
}

async function go(name, path, body) {
  if (!presses.asks(name)) return presses.ask(name);
  const got = await presses.send("versions", path, body, t("Not changed"), () => ["good", t("Done: it is in force.")]);
  if (got?.ok) setTimeout(() => location.assign("/rules/history" + (document.querySelector(".gateway") ? `?gateway=${gateway}` : "")), SHOWN_MS);
  return got;
}

at("rollback")?.addEventListener("click", () => go("rollback", "/api/rules/rollback", { gateway }));
at("restore")?.addEventListener("click", ({ target }) =>
  go("restore", "/api/rules/restore", { gateway, version: target.dataset.version, fingerprint: target.dataset.fingerprint }));
