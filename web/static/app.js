// Brings the parts together: what arrives goes to the store, and the page is drawn from the store.

import { card, drawAccount, drawStation } from "./cards.js";
import { Desk } from "./desk.js";
import { attr, fill, h, icon, list, say } from "./dom.js";
import { drawAction, drawEvent, line } from "./lines.js";
import { Link } from "./link.js";
import { StopDock } from "./stop.js";
import { Store } from "./store.js";
import { ago } from "./words.js";

const LINES = 30;
const at = (id) => document.getElementById(id);
const store = new Store();
const link = new Link((message) => {
  store.take(message);
  redraw();
});
const desk = new Desk(store, redraw);
const dock = new StopDock(store, () => loss()?.title ?? "", redraw);

let due = false;
let wasLost = false;
function redraw() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    draw();
  });
}

/** What keeps the page from seeing the venue now: {title, short, words}, or null. */
function loss() {
  if (link.silent) {
    const gap = ago(link.silent);
    return { short: `Cut off ${gap}`, title: `This page lost its server ${gap} ago.`, words: "Is this phone on the venue's Wi-Fi?" };
  }
  if (!store.ready) return null;
  const broker = store.get("link", "broker");
  if (broker && !broker.connected) {
    const gap = ago(store.since(broker.since));
    return { short: `No broker ${gap}`, title: `This page lost the broker ${gap} ago.`, words: `${broker.words}.` };
  }
  const gateways = store.sorted("gateway");
  if (!gateways.length) return { short: "No gateway", title: "No gateway has been heard here yet.", words: "Start `stagewire gateway`." };
  const gone = gateways.find(([, g]) => !g.availability?.online);
  if (gone) {
    const since = gone[1].availability?.since;
    const gap = since ? ago(store.since(since)) : "some time";
    return { short: `Gateway lost ${gap}`, title: `Gateway ${gone[0]} was lost ${gap} ago.`, words: "Its boards make themselves safe; nothing fires." };
  }
  return null;
}

function draw() {
  const lost = loss();
  const look = lost ? ["no", "bad", lost.short] : store.ready ? ["on", "good", "Connected"] : ["wait", "busy", "Connecting"];
  const chip = at("link");
  attr(chip, "data-tone", look[1]);
  fill(chip, look, () => [icon(look[0]), h("span", {}, look[2])]);
  attr(document.body, "data-lost", !!lost);
  if (wasLost !== !!lost) say(lost ? lost.title : "The page sees the venue again.");
  wasLost = !!lost;
  drawBanners(lost);
  desk.draw(lost);
  dock.draw();
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

function drawBanners(lost) {
  const live = [...store.rows("account").values()].some((a) => a.state?.simulated || a.stats?.simulated);
  const boards = [...store.rows("station").values()].some((s) => s.state?.simulated);
  fill(at("banners"), [lost?.title, lost?.words, live, boards], () => [
    lost && h("div", { class: "banner lost" }, icon("warn"),
      h("p", {}, h("strong", {}, lost.title), ` ${lost.words} What you see below is old. A stop pressed now is kept and sent the moment it can be.`)),
    (live || boards) && h("div", { class: "banner practice" },
      h("p", {}, h("strong", {}, "Practice"),
        live && " The LIVE is simulated: no real viewers, no real gifts.",
        boards && " Boards are simulated: nothing real moves.")),
  ]);
}

setInterval(redraw, 500);
redraw();
