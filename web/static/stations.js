// All stations: what each of them is now, and the way to its own screen.

import { chip, figure, stationLook } from "./cards.js";
import { attr, bdi, fill, h, icon, list } from "./dom.js";
import { frame } from "./frame.js";
import { n, t } from "./t.js";
import { count, ms, percent } from "./words.js";

const { store } = frame({ draw, old: t("What you see below is old.") });

function draw() {
  if (!store.ready) return;
  const stations = store.sorted("station").filter(([, row]) => row.state);
  list(document.getElementById("stations"), stations, () => h("article", { class: "card station" }), drawStation, t("No station has been heard yet."));
}

function drawStation(node, row, name) {
  const { state: s, stats } = row;
  const title = row.info?.title || name;
  const look = stationLook(row, store.get("stop", "venue") ?? { phase: "clear" }, name);
  const channels = Object.values(store.get("board", name)?.channels ?? {});
  const [outputs, inputs] = [channels.filter((c) => c.test).length, channels.filter((c) => ["input", "analog"].includes(c.kind)).length];
  attr(node, "data-tone", look[1]);
  fill(node, [title, look, s.fault, s.board, s.firmware, s.simulated, stats, outputs, inputs], () => [
    h("header", {}, h("h3", {}, h("a", { href: `/stations/${name}` }, bdi(title))), chip(look)),
    s.fault && h("p", { class: "fault" }, icon("warn"), h("span", {}, bdi(s.fault))),
    h("dl", { class: "figures" },
      figure(t("Cycles"), count(stats?.cycles ?? 0)),
      figure(t("Success"), stats && stats.success !== null ? percent(stats.success) : "–"),
      figure(t("Typical"), stats && stats.latency_p50_ms !== null ? ms(stats.latency_p50_ms) : "–", stats && stats.latency_p50_ms !== null ? "ms" : "")),
    h("p", { class: "sub whole" }, [
      s.simulated ? t("simulated board") : s.board && t("board {id}", { id: s.board }),
      s.firmware && t("firmware {version}", { version: s.firmware }),
      channels.length > 0 && n("{count} output", "{count} outputs", outputs),
      inputs > 0 && n("{count} input", "{count} inputs", inputs),
    ].filter(Boolean).join(" · ")),
  ]);
}
