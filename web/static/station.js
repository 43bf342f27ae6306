// One station: what it is and did, its actions and outputs tried by hand, its inputs as they change.

import { chip, figure, stationLook } from "./cards.js";
import { attr, bdi, fill, h, icon, list, text } from "./dom.js";
import { frame } from "./frame.js";
import { drawAction, line } from "./lines.js";
import { Presses, drawAnswer } from "./presses.js";
import { Flash } from "./station-flash.js";
import { boardFacts, doneFacts, drawFacts, drawInput, inputLine, limits, wear } from "./station-parts.js";
import { Tries, obstacle } from "./station-try.js";
import { t } from "./t.js";
import { count, ms } from "./words.js";

const LAST = 12;
const at = (id) => document.getElementById(id);
const name = document.body.dataset.station;
const path = `/api/stations/${name}`;
const { store, redraw } = frame({ draw, old: t("What you see below is old."), banners });
const presses = new Presses(redraw);
const tries = new Tries(store, presses, path);
const flash = at("part-flash") && new Flash(presses, path, redraw);

at("ping")?.addEventListener("click", () =>
  presses.send("ping", `${path}/ping`, {}, t("No"), ({ result }) => ["good", t("Yes, within {ms} ms.", { ms: ms(result.round_trip_ms) })]));

function draw(lost) {
  if (!store.ready) return;
  const row = store.get("station", name);
  const known = store.get("board", name);
  attr(at("missing"), "hidden", !!row?.info);
  attr(at("now"), "hidden", !row);
  for (const part of document.querySelectorAll("[id^='part-']")) attr(part, "hidden", !row?.info);
  if (!row?.info) return;
  const title = row.info.title || name;
  text(document.querySelector("#h-station bdi"), title);
  drawNow(row);
  const why = obstacle(store, name, lost);
  attr(at("why-not"), "hidden", !why);
  fill(at("why-not"), why, () => [icon("hold"), h("span", {}, t("Nothing can be tried now. {why}", { why }))]);
  const actions = Object.entries(row.info.actions).map(([id, a]) => [id, { kind: "action", title: a.title || id, schema: a.params, machine: title }]);
  list(at("actions"), actions, () => tries.make(), (node, item, id) => tries.draw(node, item, id, why, lost), t("This station has no action."));
  const channels = Object.entries(known?.channels ?? {});
  const board = known?.board;
  const outputs = channels.filter(([, c]) => c.test).map(([id, c]) =>
    [id, { kind: "channel", title: id, schema: c.test, machine: title, limits: limits(c), wear: wear(c, board?.wear?.[id]) }]);
  list(at("outputs"), outputs, () => tries.make(), (node, item, id) => tries.draw(node, item, id, why, lost));
  attr(at("part-outputs"), "hidden", !outputs.length);
  const inputs = channels.filter(([, c]) => !c.test && c.kind !== "status");
  list(at("inputs"), inputs, inputLine, (node, c, id) => drawInput(node, c, id, board?.inputs?.[id], row.state, store));
  attr(at("part-inputs"), "hidden", !inputs.length);
  const last = store.newest("action").filter(([, a]) => a.station === name).slice(0, LAST);
  list(at("last"), last, line, drawAction(store), t("Nothing has moved since this page was started."));
  drawFacts(at("board"), boardFacts(board, row.state, store));
  attr(at("part-done"), "hidden", !row.stats);
  if (row.stats) drawFacts(at("done"), doneFacts(row.stats));
  if (at("ping")) {
    drawAnswer(at("ping-words"), presses.get("ping"));
    attr(at("ping"), "disabled", !!lost || !row.state?.online || !!presses.get("ping")?.busy);
  }
  flash?.draw(title, row.state, lost);
}

function drawNow(row) {
  const s = row.state ?? {};
  const look = stationLook(row, store.get("stop", "venue") ?? { phase: "clear" }, name);
  attr(at("now"), "data-tone", look[1]);
  fill(at("now"), [look, s], () => [
    h("header", {}, chip(look)),
    s.fault && h("p", { class: "fault" }, icon("warn"), h("span", {}, bdi(s.fault))),
    s.waits_for && h("p", { class: "sub whole" }, t("The next one waits for {what}.", { what: s.waits_for })),
    h("dl", { class: "figures" },
      figure(t("Queue"), count(s.queue ?? 0)),
      figure(t("Outputs on"), count(s.outputs ?? 0)),
      figure(t("Done"), count(s.done ?? 0)),
      figure(t("Not done"), count(s.failed ?? 0))),
  ]);
}

function banners() {
  const simulated = !!store.get("station", name)?.state?.simulated;
  return [simulated, () => [simulated && h("div", { class: "banner practice" }, h("p", {}, h("strong", {}, t("Practice")), ` ${t("This board is simulated: nothing real moves.")}`))]];
}
