// The statistics of now: drawn by the server, and brought up to date from it every few seconds. Only what differs is
// replaced, so that nothing that a person reads or points at moves without a reason.

import { h } from "./dom.js";
import { finding, plotting } from "./figures.js";
import { frame } from "./frame.js";
import { tellTimeOf } from "./words.js";

const PARTS = ["glance", "places", "kinds", "each"];
const PLOT_S = 10;
const RISE_S = 60;
const WAIT_MS = 8000;

const at = (id) => document.getElementById(id);
const node = at("statistics");
const { id, live, zone } = node.dataset;
const api = `/api/sessions/${id}`;

tellTimeOf(zone);
frame();

/** This screen as the server would draw it now; null when it does not. The browser parses it, and runs nothing of it. */
function fresh() {
  return new Promise((done) => {
    const ask = new XMLHttpRequest();
    ask.open("GET", location.href);
    ask.responseType = "document";
    ask.timeout = WAIT_MS;
    ask.onloadend = () => done(ask.status === 200 ? ask.response : null);
    ask.send();
  });
}

async function figures() {
  const drawn = (await fresh())?.getElementById("statistics");
  if (!drawn) return; // the frame says that the server is gone
  if (drawn.dataset.id !== id || drawn.dataset.live !== live) return location.reload(); // another session began, or one ended
  for (const part of PARTS) {
    const [old, now] = [at(part), drawn.querySelector(`#${part}`)];
    if (old && now && !old.isEqualNode(now)) old.replaceWith(document.adoptNode(now));
  }
}

/** Again and again, but only while somebody looks. */
async function again(seconds, work) {
  for (;;) {
    await new Promise((go) => setTimeout(go, seconds * 1000));
    if (!document.hidden) await work();
  }
}

const rise = () => finding(api).catch((e) => at("rise").replaceChildren(h("p", { class: "trouble", role: "alert" }, e.message)));

again(Number(node.dataset.every), figures); // where there is none yet, the first LIVE begins one
if (id) {
  const plots = await plotting(api, zone);
  await rise();
  if (live) {
    if (plots) again(PLOT_S, () => plots.more());
    else again(RISE_S, () => location.reload()); // of its first seconds there is nothing to plot
    again(RISE_S, rise);
  }
}
