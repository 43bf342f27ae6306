// The live screen: what arrives goes to the store, and the page is drawn from the store.

import { card, drawAccount, drawStation } from "./cards.js";
import { Desk } from "./desk.js";
import { h, list } from "./dom.js";
import { frame } from "./frame.js";
import { drawAction, drawEvent, line } from "./lines.js";

const LINES = 30;
const at = (id) => document.getElementById(id);
const { store, redraw } = frame({ draw, old: "What you see below is old. ", banners: practice });
const desk = new Desk(store, redraw);

function draw(lost) {
  desk.draw(lost);
  if (!store.ready) return;
  const accounts = store
    .sorted("account")
    .filter(([, a]) => a.state || a.stats)
    .sort(([, a], [, b]) => (b.state?.phase === "live") - (a.state?.phase === "live"));
  list(at("stations"), store.sorted("station"), card, drawStation(store.get("stop", "venue") ?? { phase: "clear" }), "No station has been heard yet.");
  list(at("accounts"), accounts, card, drawAccount(store), "No account has been heard yet.");
  list(at("actions"), store.newest("action").slice(0, LINES), line, drawAction(store), "Nothing has moved yet.");
  list(at("feed"), store.newest("event").slice(0, LINES), line, drawEvent, "Nothing has happened yet.");
}

function practice(store) {
  const live = [...store.rows("account").values()].some((a) => a.state?.simulated || a.stats?.simulated);
  const boards = [...store.rows("station").values()].some((s) => s.state?.simulated);
  return [[live, boards], () => [
    (live || boards) && h("div", { class: "banner practice" },
      h("p", {}, h("strong", {}, "Practice"),
        live && " The LIVE is simulated: no real viewers, no real gifts.",
        boards && " Boards are simulated: nothing real moves.")),
  ]];
}
