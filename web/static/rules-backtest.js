// A back-test: begun by its form, followed until its report is there.

import { attr, text } from "./dom.js";
import { follow } from "./errand.js";
import { frame } from "./frame.js";
import { press, read } from "./link.js";
import { answerLine, drawAnswer, Presses } from "./presses.js";
import { draft } from "./rules-draft.js";
import { way } from "./rules-words.js";
import { t } from "./t.js";
import { ago } from "./words.js";

const SEND_MS = 8000;
const at = (id) => document.getElementById(id);
const gateway = document.body.dataset.gateway;
const form = at("test");
const KEPT = "backtest"; // a screen that is loaded anew follows the one that it began
let now = null;

const answer = answerLine();
at("told")?.append(answer);
const { redraw } = frame({ draw });
const presses = new Presses(redraw);

function draw(lost) {
  drawAnswer(answer, presses.get("test"));
  if (form) attr(form.querySelector("[type=submit]"), "disabled", !!lost || now?.state === "running");
}

function show(state) {
  now = state;
  attr(at("running"), "hidden", state.state !== "running");
  text(at("running").querySelector("p"), t("Running, {time}", { time: ago(state.seconds) }));
  redraw();
}

async function watch(begun) {
  sessionStorage.setItem(KEPT, begun.id);
  const state = await follow(`/api/rules/backtests/${begun.id}`, begun, show);
  show(state);
  sessionStorage.removeItem(KEPT);
  if (state.state === "done") return location.assign(way("/rules/backtest", gateway, { job: state.id, session: form.elements.session.value }));
  return presses.tell("test", state.state === "cancelled" ? "warn" : "bad", state.state === "cancelled" ? t("Cancelled.") : state.words);
}

if (form) {
  const kept = draft(gateway);
  if (kept) {
    attr(at("which-draft"), "hidden", false);
    form.elements.which.value = "draft";
  }
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const mine = form.elements.which.value === "draft" ? { text: draft(gateway)?.text ?? "", compare: true } : {};
    const got = await press("/api/rules/backtests", { gateway, session: form.elements.session.value, ...mine }, SEND_MS);
    if (got.ok) await watch(got);
    else presses.tell("test", "bad", got.error);
  });
  at("cancel").addEventListener("click", () => press(`/api/rules/backtests/${now.id}/cancel`, {}));
  const begun = sessionStorage.getItem(KEPT);
  if (begun) read(`/api/rules/backtests/${begun}`).then(watch, () => sessionStorage.removeItem(KEPT));
}
at("report")?.focus({ preventScroll: false });
