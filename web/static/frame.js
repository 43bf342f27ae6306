// What every screen has: the link to the venue, the banners that say what is wrong with it, and the stop.

import { attr, fill, h, icon, say } from "./dom.js";
import { Link } from "./link.js";
import { StopDock } from "./stop.js";
import { Store } from "./store.js";
import { ago } from "./words.js";

const at = (id) => document.getElementById(id);

/** What keeps the page from seeing the venue now: {title, short, words}, or null. */
function lossOf(link, store) {
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

/**
 * Start the frame. `draw(lost, store)` draws the screen's own part, at most once a frame; `old` is said of it while
 * the venue is out of sight; `banners(store)` are the screen's own, [key, make]. Gives {store, redraw}.
 */
export function frame({ draw = () => {}, old = "", banners = () => [[], () => []] } = {}) {
  const store = new Store();
  const link = new Link((message) => {
    store.take(message);
    redraw();
  });
  const dock = new StopDock(store, () => lossOf(link, store)?.title ?? "", redraw);
  let due = false;
  let wasLost = false;

  function redraw() {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      drawAll();
    });
  }

  function drawAll() {
    const lost = lossOf(link, store);
    const look = lost ? ["no", "bad", lost.short] : store.ready ? ["on", "good", "Connected"] : ["wait", "busy", "Connecting"];
    const chip = at("link");
    attr(chip, "data-tone", look[1]);
    fill(chip, look, () => [icon(look[0]), h("span", {}, look[2])]);
    attr(document.body, "data-lost", !!lost);
    if (wasLost !== !!lost) say(lost ? lost.title : "The page sees the venue again.");
    wasLost = !!lost;
    const [key, make] = banners(store);
    fill(at("banners"), [lost?.title, lost?.words, key], () => [
      lost && h("div", { class: "banner lost" }, icon("warn"),
        h("p", {}, h("strong", {}, lost.title), ` ${lost.words} ${old}A stop pressed now is kept and sent the moment it can be.`)),
      ...make(),
    ]);
    draw(lost, store);
    dock.draw();
  }

  setInterval(redraw, 500);
  redraw();
  return { store, redraw };
}
