// The live screen: what arrives goes to the store, and the page is drawn from the store.

import { card, drawAccount, drawStation, stationCard } from "./cards.js";
import { Chosen } from "./chosen.js";
import { Desk } from "./desk.js";
import { h, list } from "./dom.js";
import { frame } from "./frame.js";
import { drawAction, drawEvent, line } from "./lines.js";
import { Presses } from "./presses.js";
import { Queues } from "./queue.js";
import { Buttons, Glance, broken } from "./rules.js";
import { t } from "./t.js";

const LINES = 30;
const at = (id) => document.getElementById(id);
const { store, redraw } = frame({ draw, old: t("What you see below is old."), banners });
const presses = new Presses(redraw);
const chosen = new Chosen(redraw);
const desk = new Desk(store, redraw);
let owed = null; // loaded when there is a debt
const buttons = new Buttons(store, presses);
const queues = new Queues(store, presses, redraw);
const glance = new Glance(store);

function draw(lost) {
  desk.draw(lost, store.get("account", chosen.account)?.stats);
  if (!store.ready) return;
  const accounts = store
    .sorted("account")
    .filter(([, a]) => a.state || a.stats)
    .sort(([, a], [, b]) => (b.state?.phase === "live") - (a.state?.phase === "live"));
  chosen.draw(accounts);
  const some = (lines, wanted) => lines.filter(([, line]) => wanted(line)).slice(0, LINES);
  drawOwed(lost);
  buttons.draw(lost);
  queues.drawAll(lost);
  glance.draw();
  const stop = store.get("stop", "venue") ?? { phase: "clear" };
  list(at("stations"), store.sorted("station"), () => stationCard(queues), drawStation(stop, queues, lost), t("No station has been heard yet."));
  list(at("accounts"), accounts.filter(([name]) => chosen.wants(name)), card, drawAccount(store), t("No account has been heard yet."));
  list(at("actions"), some(store.newest("action"), (a) => chosen.wants(a.account)), line, drawAction(store), t("Nothing has moved yet."));
  list(at("feed"), some(store.newest("event"), (e) => chosen.wantsEvent(e)), line, drawEvent, chosen.filtered ? t("Nothing of this among the last events.") : t("Nothing has happened yet."));
}

function drawOwed(lost) {
  if (owed) return owed.draw?.(lost);
  if (!store.sorted("ledger").some(([, l]) => l.owed.length)) return;
  owed = {}; // on its way
  import("./owed.js").then(
    ({ Owed }) => {
      owed = new Owed(store, presses, redraw);
      redraw();
    },
    () => (owed = null), // tried again at the next look
  );
}

function banners(store) {
  const [[key, make], [wrong, warn]] = [practice(store), broken(store)];
  return [[wrong, key], () => [...warn(), ...make()]];
}

function practice(store) {
  const live = [...store.rows("account").values()].some((a) => a.state?.simulated || a.stats?.simulated);
  const boards = [...store.rows("station").values()].some((s) => s.state?.simulated);
  return [[live, boards], () => [
    (live || boards) && h("div", { class: "banner practice" },
      h("p", {}, h("strong", {}, t("Practice")),
        live && ` ${t("The LIVE is simulated: no real viewers, no real gifts.")}`,
        boards && ` ${t("Boards are simulated: nothing real moves.")}`)),
  ]];
}
