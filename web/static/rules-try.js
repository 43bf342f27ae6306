// What would happen if: an invented event is said to have happened, and every rule's word on it is shown.

import { attr, fill, h, icon } from "./dom.js";
import { frame } from "./frame.js";
import { read } from "./link.js";
import { answerLine, drawAnswer, Presses } from "./presses.js";
import { drawTrace, over } from "./rules-trace.js";
import { sentence } from "./rules-words.js";
import { t } from "./t.js";

const LOOK_MS = 200;
const DECIDED_MS = 5000; // from a connector to the gateway's word; a healthy venue needs milliseconds
const ENDED_MS = 30000; // until all that it set in motion has ended
const at = (id) => document.getElementById(id);
const gateway = document.body.dataset.gateway;
const form = at("try");
const answer = answerLine();
at("told").append(answer);
let run = null; // the trace that is followed

const { store, redraw } = frame({ draw });
const presses = new Presses(redraw);

/** [moves, words]: what an event would do to the machines now. */
function consequences() {
  const state = store.get("gateway", gateway)?.state;
  if (store.get("stop", "venue")?.phase !== "clear") return [false, t("Everything is stopped: the rules decide, and nothing moves.")];
  if (!state) return [false, t("Nothing is known of the gateway.")];
  if (state.mode === "rehearsal") return [false, t("Rehearsal: everything is decided and shown here, nothing moves.")];
  if (state.mode === "paused") return [false, t("Paused: no rule fires.")];
  if (!state.armed) return [false, t("Not armed: the rules decide, and nothing moves.")];
  return [true, t("Machines are armed: what fires here moves them exactly as a viewer's would. It counts as practice, and in no statistics of real LIVEs.")];
}

function draw(lost) {
  const [moves, words] = consequences();
  fill(at("moves"), [moves, words], () => [
    h("div", { class: moves ? "banner warn" : "banner" }, icon(moves ? "warn" : "off"), h("p", {}, moves && h("strong", {}, t("This moves machines.")), " ", words)),
  ]);
  const asks = moves && presses.asks("try");
  const busy = !!presses.get("try")?.busy;
  fill(at("go"), [asks, busy, !!lost, moves], () => asks
    ? [h("p", { class: "question" }, icon("warn"), t("Is everyone clear?")),
      h("div", { class: "acts" }, h("button", { type: "submit", class: "btn go" }, t("Make it happen")), h("button", { type: "button", class: "btn quiet", onclick: () => presses.ask("") }, t("Not now")))]
    : [h("button", { type: "submit", class: "btn go", disabled: busy || !!lost || !gateway }, t("Make it happen"))]);
  drawAnswer(answer, presses.get("try"));
}

function fit() {
  const kind = form.elements.kind.value;
  for (const part of form.querySelectorAll("[data-for], [data-not]")) {
    const shown = part.dataset.for ? part.dataset.for.split(" ").includes(kind) : part.dataset.not !== kind;
    attr(part, "hidden", !shown);
    for (const field of part.matches("label") ? part.querySelectorAll("input") : []) attr(field, "disabled", !shown);
  }
  attr(form.elements.text, "required", ["comment", "question"].includes(kind));
}

function order() {
  const said = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  for (const name of ["coins", "count"]) if (name in said) said[name] = Number(said[name]);
  for (const name of ["follower", "moderator", "subscriber"]) said[name] = name in said;
  if (said.kind !== "gift") for (const name of ["name", "gift", "coins"]) delete said[name];
  return said;
}

form.addEventListener("submit", async (e) => {
  e.preventDefault();
  if (consequences()[0] && !presses.asks("try")) {
    presses.ask("try");
    at("go").querySelector(".quiet")?.focus();
    return;
  }
  const got = await presses.send("try", "/api/rules/try", order(), t("Not sent"), () => ["good", t("Said. Waiting for the gateway's word.")]);
  if (got?.ok) follow(got.event);
});

/** Look until the rules have spoken and all has ended; a try after it takes its place. */
async function follow(event) {
  const mine = (run = { begun: performance.now() });
  const waited = () => performance.now() - mine.begun;
  let shown = null;
  while (run === mine && waited() < (shown ? ENDED_MS : DECIDED_MS)) {
    await new Promise((go) => setTimeout(go, LOOK_MS));
    let got;
    try {
      got = await read(`/api/rules/trace?${new URLSearchParams({ gateway, event })}`);
    } catch (e) {
      return run === mine && presses.tell("try", "bad", sentence(e.message));
    }
    if (run !== mine) return;
    if (got.trace) {
      shown = got.trace;
      drawTrace(at("trace"), shown, document.body.dataset.rule, gateway);
      if (over(shown)) break;
    }
  }
  if (run !== mine) return;
  if (!shown) return presses.tell("try", "bad", t("Nobody has heard of it: does the connector listen to this account, and the gateway to this venue? Their logs say why not."));
  presses.tell("try", "good", t("The rules have spoken."));
  if (matchMedia("(max-width: 1079px)").matches) at("trace").scrollIntoView({ block: "start" });
}

form.elements.kind.addEventListener("change", fit);
fit();
