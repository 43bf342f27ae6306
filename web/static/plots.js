// A session's numbers by interval: plots, and the same as a table. Plots by uPlot, which stands beside this script.

import { fill, h } from "./dom.js";
import { n, short, t } from "./t.js";
import { clock, count } from "./words.js";

const { uPlot } = globalThis;

/** [title, colour, fields]: a line for viewers, bars for what is counted. */
const PLOTS = [
  [t("Viewers"), "--busy", "viewers"],
  [t("Coins"), "--warn", "coins"],
  [t("Comments"), "--good", "comments"],
  [t("Likes"), "--likes", "likes"],
];
const COLUMNS = {
  viewers: t("Viewers"), peak_viewers: t("Peak"), gifts: t("Gifts"), coins: t("Coins"), comments: t("Comments"),
  likes: t("Likes"), follows: t("Follows"), shares: t("Shares"), joins: t("Joins"), subscribes: t("Subscribes"),
};
const HEIGHT = 132;
const AXIS = 46;
/** Steps of the time axis in seconds: its labels are hours and minutes, and below a minute they would repeat. */
const MINUTES = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** How long of it TikTok was not heard, in words. */
const unheard = (seconds) => (seconds < 60 ? t("{s} s", { s: Math.round(seconds) }) : t("{m} min", { m: Math.round(seconds / 60) }));

export class Plots {
  /** `words` tells what is under the pointer. */
  constructor(place, words, zone) {
    this.place = place;
    this.words = words;
    this.zone = zone;
    this.hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
    this.plots = [];
    this.buckets = [];
    new ResizeObserver(() => this.fit()).observe(place);
    const again = () => this.show(this.buckets, this.interval);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    document.addEventListener("look", again);
  }

  show(buckets, interval) {
    this.buckets = buckets;
    this.interval = interval;
    this.plots.forEach((plot) => plot.destroy());
    this.plots = [];
    this.place.replaceChildren();
    this.pointed(null);
    if (!buckets.length) return;
    const since = buckets.map((b) => Date.parse(b.since) / 1000);
    const sync = uPlot.sync("session");
    PLOTS.forEach(([name, tone, field], n) => {
      const last = n === PLOTS.length - 1;
      const line = field === "viewers";
      // A bucket of which nothing was heard has no number; one that was heard a little has, and is hatched.
      const values = buckets.map((b) => (b.gap_seconds >= b.seconds ? null : b[field]));
      const box = h("figure", {}, h("figcaption", {}, name));
      this.place.append(box);
      const options = {
        width: this.width,
        height: HEIGHT + (last ? 20 : 0),
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), this.zone),
        legend: { show: false },
        cursor: { sync: { key: sync.key }, y: false, drag: { x: false, y: false }, points: { show: line } },
        padding: [8, 10, last ? 0 : 8, 0],
        scales: { x: { range: [since[0] - interval / 2, since.at(-1) + 1.5 * interval] }, y: { range: (_u, _low, high) => [0, Math.max(high * 1.08, 1)] } },
        axes: [
          { show: last, stroke: color("--soft"), grid: { show: false }, ticks: { stroke: color("--line"), size: 4 }, size: 28, incrs: MINUTES, values: (_u, at) => at.map((t) => this.hour.format(new Date(t * 1000))) },
          { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false }, size: AXIS, space: 34, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7, 1e8], values: (_u, at) => at.map((v) => short.format(v)) },
        ],
        series: [
          {},
          line
            ? { stroke: color(tone), width: 2, spanGaps: false, points: { show: buckets.length < 3 } }
            : { stroke: color(tone), fill: color(tone), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.8, 40], align: 1, gap: 0 }) },
        ],
        hooks: { drawAxes: [(u) => this.hatch(u)], setCursor: [(u) => this.pointed(u.cursor.idx)] },
      };
      if (line) options.series.push({ stroke: color("--edge"), width: 1, dash: [3, 3], spanGaps: false, points: { show: false } });
      const data = [line ? since.map((t) => t + interval / 2) : since, values];
      if (line) data.push(buckets.map((b) => (b.viewers === null ? null : b.peak_viewers)));
      const plot = new uPlot(options, data, box);
      sync.sub(plot);
      this.plots.push(plot);
    });
  }

  get width() {
    return Math.max(200, this.place.clientWidth);
  }

  fit() {
    for (const plot of this.plots) if (plot.width !== this.width) plot.setSize({ width: this.width, height: plot.height });
  }

  /** What was not heard is hatched, so that a silence never looks like a quiet minute. */
  hatch(u) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    for (const b of this.buckets) {
      if (!b.gap_seconds) continue;
      const t = Date.parse(b.since) / 1000;
      const left = u.valToPos(t, "x", true);
      ctx.rect(left, bbox.top, Math.max(1, u.valToPos(t + b.seconds, "x", true) - left), bbox.height);
    }
    ctx.clip();
    ctx.fillStyle = color("--sunk");
    ctx.fillRect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.strokeStyle = color("--edge");
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    const step = 8 * devicePixelRatio;
    for (let x = bbox.left - bbox.height; x < bbox.left + bbox.width; x += step) {
      ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x + bbox.height, bbox.top);
    }
    ctx.stroke();
    ctx.restore();
  }

  pointed(index) {
    const b = this.buckets[index ?? -1];
    const gaps = this.buckets.some((x) => x.gap_seconds);
    this.words.textContent = b
      ? `${clock(b.since)} · ${said(b)}`
      : [n("{count} interval, times of {zone}.", "{count} intervals, times of {zone}.", this.buckets.length, { zone: this.zone }),
          t("Viewers on average, dashed at their peak."), gaps && t("Hatched: TikTok was not heard.")].filter(Boolean).join(" ");
  }
}

function said(b) {
  if (b.gap_seconds >= b.seconds) return t("not heard");
  return [
    b.viewers === null
      ? t("viewers not known")
      : n("{count} viewer, peak {peak}", "{count} viewers, peak {peak}", Math.round(b.viewers), { peak: count(b.peak_viewers) }),
    n("{count} coin", "{count} coins", b.coins),
    n("{count} comment", "{count} comments", b.comments),
    n("{count} like", "{count} likes", b.likes),
    b.gap_seconds && t("not heard for {time} of it", { time: unheard(b.gap_seconds) }),
  ].filter(Boolean).join(", ");
}

/** The same numbers for who cannot see the plots, or wants them. */
export function numbers(table, buckets) {
  fill(table, [buckets.length, buckets.at(-1)], () => [
    h("thead", {}, h("tr", {}, ...[t("Time"), ...Object.values(COLUMNS), t("Not heard")].map((c, i) => h("th", { scope: "col", class: i ? "n" : null }, c)))),
    h("tbody", {}, ...buckets.map((b) =>
      h("tr", {}, h("th", { scope: "row" }, clock(b.since)),
        ...Object.keys(COLUMNS).map((c) => h("td", { class: "n" }, b[c] === null ? "–" : count(Math.round(b[c])))),
        h("td", { class: "n" }, b.gap_seconds ? unheard(b.gap_seconds) : "")))),
  ]);
}
