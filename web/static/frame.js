// What every screen has: the link to the venue, the banners that say what is wrong with it, and the stop.

import { attr, fill, h, icon, say } from "./dom.js";
import { Link } from "./link.js";
import { StopDock } from "./stop.js";
import { Store } from "./store.js";
import { t } from "./t.js";
import { ago } from "./words.js";

const at = (id) => document.getElementById(id);

/** What keeps the page from seeing the venue now: {title, short, words}, or null. */
function lossOf(link, store) {
  if (link.silent) {
    const time = ago(link.silent);
    return { short: t("Cut off {time}", { time }), title: t("This page lost its server {time} ago.", { time }), words: t("Is this phone on the venue's Wi-Fi?") };
  }
  if (!store.ready) return null;
  const broker = store.get("link", "broker");
  if (broker && !broker.connected) {
    const time = ago(store.since(broker.since));
    return { short: t("No broker {time}", { time }), title: t("This page lost the broker {time} ago.", { time }), words: `${broker.words}.` };
  }
  const gateways = store.sorted("gateway");
  if (!gateways.length) return { short: t("No gateway"), title: t("No gateway has been heard here yet."), words: t("Start `stagewire gateway`.") };
  const gone = gateways.find(([, g]) => !g.availability?.online);
  if (gone) {
    const since = gone[1].availability?.since;
    const time = since ? ago(store.since(since)) : t("some time");
    return {
      short: t("Gateway lost {time}", { time }),
      title: t("Gateway {gateway} was lost {time} ago.", { gateway: gone[0], time }),
      words: t("Its boards make themselves safe; nothing fires."),
    };
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
  document.body.style.setProperty("--known", JSON.stringify(` · ${t("last known")}`)); // said by page.css

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
    const look = lost ? ["no", "bad", lost.short] : store.ready ? ["on", "good", t("Connected")] : ["wait", "busy", t("Connecting")];
    const chip = at("link");
    attr(chip, "data-tone", look[1]);
    fill(chip, look, () => [icon(look[0]), h("span", {}, look[2])]);
    attr(document.body, "data-lost", !!lost);
    if (wasLost !== !!lost) say(lost ? lost.title : t("The page sees the venue again."));
    wasLost = !!lost;
    const [key, make] = banners(store);
    const out = store.signedOut && document.body.dataset.role;
    fill(at("banners"), [lost?.title, lost?.words, out, key], () => [
      out && h("div", { class: "banner warn" }, icon("warn"),
        h("p", {}, h("strong", {}, t("You are signed out.")), ` ${t("What you see is old, and only the stop works.")} `,
          h("a", { href: `/enter?next=${encodeURIComponent(location.pathname + location.search)}` }, t("Sign in again")))),
      lost && h("div", { class: "banner lost" }, icon("warn"),
        h("p", {}, h("strong", {}, lost.title), ` ${[lost.words, old, t("A stop pressed now is kept and sent the moment it can be.")].filter(Boolean).join(" ")}`)),
      ...make(),
    ]);
    draw(lost, store);
    dock.draw();
  }

  setInterval(redraw, 500);
  redraw();
  import("./extras.js").catch(() => {}); // what is handy, and not needed: the keyboard, panes, installing
  return { store, redraw };
}
