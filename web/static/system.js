// The system screen: health as it is now, what programs complained of, a profile.

import { attr, bdi, fill, h, icon, list, text } from "./dom.js";
import { errand } from "./errand.js";
import { frame } from "./frame.js";
import { press, read } from "./link.js";
import { drawAnswer } from "./presses.js";
import { n, t } from "./t.js";
import { ago, clock, count, ms, tenths } from "./words.js";

const at = (id) => document.getElementById(id);
const admin = !!at("errors");
const PAGE_MS = 5000;
const FULL_MB = 500; // of a disk: an evening's journal and a backup
const HOT_C = 80; // a Pi slows down from here
const LAG_MS = 100;
const LOAD = 1.5;
let page = null;
let pageWords = "";

/** [label, value, tone, words] -> a line of a program's card; what is not known is said to be that. */
const row = (label, value, tone = "", words = "") => ({ label, value: value ?? t("unknown"), tone: value === null || value === undefined ? "quiet" : tone, words });
const mb = (megabytes) => (megabytes < 1000 ? t("{n} MB", { n: count(Math.round(megabytes)) }) : t("{n} GB", { n: tenths(megabytes / 1000) }));
const POWER = { good: () => row(t("Power"), t("good"), "good"), low: () => row(t("Power"), t("too low now"), "bad", t("Use a stronger supply and a short cable; boards may misbehave.")), "was low": () => row(t("Power"), t("was too low since the start"), "warn", t("Use a stronger supply and a short cable.")) };
const CLOCK = { synchronised: () => row(t("Clock"), t("synchronised"), "good"), "not synchronised": () => row(t("Clock"), t("not synchronised"), "warn", t("Times and schedules may be wrong: has this machine a network?")) };

function machine(m) {
  return [
    m.load === null || m.load === undefined ? row(t("Load"), null) : row(t("Load"), t("{n} % of its cores", { n: Math.round(100 * m.load) }), m.load > LOAD ? "warn" : ""),
    m.temperature_c === null || m.temperature_c === undefined ? row(t("Temperature"), null) : row(t("Temperature"), `${m.temperature_c.toFixed(0)} °C`, m.temperature_c >= HOT_C ? "warn" : "", m.temperature_c >= HOT_C ? t("It slows down when it is this hot: give it air.") : ""),
    (POWER[m.power] ?? (() => row(t("Power"), null, "", t("Only a Raspberry Pi tells."))))(),
    (CLOCK[m.clock] ?? (() => row(t("Clock"), null)))(),
  ];
}

function gateway(g, store) {
  const { health: s, state, info } = g;
  const rows = [];
  if (info) rows.push(row(t("Runs for"), ago(store.since(info.started))), row(t("Version"), info.version));
  if (state) {
    const known = state.latency_p50_ms !== null && state.latency_p50_ms !== undefined;
    rows.push(row(t("Gift to motion"), known ? [state.latency_p50_ms, state.latency_p95_ms, state.latency_p99_ms].filter((v) => v !== null && v !== undefined).map(ms).join(" / ") + " ms" : t("no gift yet"), "", known ? t("Half, 95 and 99 of 100 were faster.") : ""));
    rows.push(row(t("Commands waiting"), count(state.queue)));
  }
  if (!s) return rows;
  rows.push(row(t("Loop held up"), `${ms(s.loop_lag_ms)} ms`, s.loop_lag_ms > LAG_MS ? "warn" : "", s.loop_lag_ms > LAG_MS ? t("The longest wait of the last ten seconds; a profile says where it was.") : ""));
  rows.push(row(t("Memory"), mb(s.memory_mb)));
  rows.push(row(t("Disk free"), s.disk_free_mb ? mb(s.disk_free_mb) + (s.disk_total_mb ? ` ${t("of {n}", { n: mb(s.disk_total_mb) })}` : "") : null, s.disk_free_mb && s.disk_free_mb < FULL_MB ? "bad" : "", s.disk_free_mb && s.disk_free_mb < FULL_MB ? t("Delete old backups and exports.") : ""));
  rows.push(...machine(s));
  if (s.storage) rows.push(row(t("Storage"), t("trouble"), "bad", s.storage));
  return rows;
}

function connector(c, name, store) {
  const rows = [row(t("Since"), c.availability ? clock(c.availability.since) : null)];
  const accounts = store.sorted("account").filter(([, a]) => a.state);
  const live = accounts.filter(([, a]) => a.state.phase === "live").length;
  if (accounts.length) rows.push(row(t("Accounts"), t("{live} of {all} live", { live, all: accounts.length })));
  for (const [, a] of accounts) if (a.state.phase === "stalled") rows.push(row(a.state.account, t("stalled"), "warn", a.state.detail));
  return rows;
}

function programs(store) {
  const found = [];
  for (const [name, g] of store.sorted("gateway")) found.push([`gateway ${name}`, { kind: "gateway", title: t("Gateway"), name, online: !!g.availability?.online, rows: gateway(g, store) }]);
  for (const [name, c] of store.sorted("connector")) found.push([`connector ${name}`, { kind: "connector", title: t("Connector"), name, online: !!c.availability?.online, rows: connector(c, name, store) }]);
  const broker = store.get("link", "broker");
  if (broker) found.push(["broker", { kind: "", title: t("Broker"), name: "", online: broker.connected, rows: [row(broker.connected ? t("Reached since") : t("Lost since"), clock(broker.since)), row(t("Link"), broker.words, broker.connected ? "" : "bad")] }]);
  const rows = page ? [row(t("Runs for"), ago(store.since(page.started))), row(t("Version"), page.version), row(t("Memory"), mb(page.memory_mb)), row(t("Live phones"), t("{n} of {most}", { n: page.streams, most: page.most_streams }), page.streams >= page.most_streams ? "warn" : "", page.streams >= page.most_streams ? t("Further phones look once a second instead.") : ""), row(t("Threads"), count(page.threads)), ...machine(page.machine)] : [];
  found.push(["page", { kind: "", title: t("This page"), name: "", online: !pageWords, rows: pageWords ? [row(t("Health"), pageWords, "bad")] : rows }]);
  return found;
}

const MARKS = { good: "ok", warn: "warn", bad: "no" };

function drawProgram(node, p) {
  fill(node, p, () => [
    h("div", { class: "head" }, h("h3", {}, p.title, p.name !== p.kind && " ", p.name !== p.kind && bdi(p.name)),
      h("span", { class: "chip", "data-tone": p.online ? "good" : "bad" }, icon(p.online ? "on" : "no"), p.online ? t("Online") : t("Offline"))),
    p.rows.length ? h("dl", { class: "facts" }, ...p.rows.map((r) => h("div", { "data-tone": r.tone || false },
      h("dt", {}, r.label), h("dd", {}, MARKS[r.tone] && icon(MARKS[r.tone]), h("span", {}, bdi(String(r.value)), r.words && h("small", {}, bdi(r.words))))))) : h("p", { class: "hint" }, t("It has told nothing yet.")),
  ]);
}

const view = frame({
  draw: (lost, store) => {
    if (!store.ready) return;
    list(at("programs"), programs(store), () => h("article", { class: "card" }), drawProgram);
    if (!admin) return;
    const select = at("profile").elements.gateway;
    const names = store.sorted("gateway").filter(([, g]) => g.availability?.online).map(([name]) => name);
    fill(select, names, () => names.map((name) => h("option", { value: name }, name)));
  },
});

async function lookAtPage() {
  try {
    page = await read("/api/system/page");
    pageWords = "";
  } catch (e) {
    pageWords = e.message;
  }
  view.redraw();
}

const LEVELS = { WARNING: ["warn", "warn", () => t("Warning")], ERROR: ["no", "bad", () => t("Error")], CRITICAL: ["no", "bad", () => t("Critical")] };

function complaint(e) {
  const [mark, tone, word] = LEVELS[e.level] ?? LEVELS.ERROR;
  const times = e.count > 1 ? t("{times}, from {first} to {last}", { times: n("{count} time", "{count} times", e.count), first: moment(e.first), last: moment(e.last) }) : moment(e.last);
  return h("li", {},
    h("p", { class: "what", "data-tone": tone }, icon(mark), h("span", {}, h("b", {}, word()), " ", bdi(e.words))),
    h("p", { class: "sub" }, times, " · ", h("code", {}, e.where)),
    e.detail && h("details", {}, h("summary", {}, t("How it came to it")), h("pre", { tabindex: "0" }, e.detail)));
}

/** With the day, when it was not today. */
function moment(stamp) {
  const then = new Date(stamp);
  return then.toDateString() === new Date().toDateString() ? clock(stamp) : `${then.toLocaleDateString(document.documentElement.lang, { day: "numeric", month: "short" })} ${clock(stamp)}`;
}

function drawErrors(programs) {
  at("errors").replaceChildren(...programs.map((p) => {
    const title = p.kind === "page" ? t("This page") : p.of === "gateway" ? t("Gateway") : t("Gateway {name}", { name: p.of });
    const clear = p.errors.length > 0 && h("button", { class: "btn quiet", type: "button", "aria-label": t("Clear those of {who}", { who: title }), onclick: (ev) => clearErrors(ev.target, p.of) }, t("Clear"));
    return h("section", { class: "card complaints", "data-of": p.of },
      h("div", { class: "head" }, h("h3", {}, bdi(title)), clear || ""),
      p.why ? h("p", { class: "mistake" }, icon("warn"), bdi(p.why)) : !p.errors.length ? h("p", { class: "hint" }, t("None since it started, or since they were cleared.")) : h("ol", {}, ...p.errors.map(complaint)),
      p.more > 0 && h("p", { class: "hint" }, n("{count} older kind is not shown.", "{count} older kinds are not shown.", p.more)));
  }));
}

async function lookAtErrors() {
  attr(at("look"), "aria-busy", "true");
  try {
    drawErrors((await read("/api/system/errors")).programs);
  } catch (e) {
    at("errors").replaceChildren(h("p", { class: "card empty" }, e.message));
  }
  attr(at("look"), "aria-busy", false);
}

async function clearErrors(button, of) {
  attr(button, "disabled", true);
  const answer = await press("/api/system/errors/clear", { of });
  if (answer.ok) await lookAtErrors();
  else button.closest("section").append(h("p", { class: "mistake", role: "alert" }, icon("warn"), bdi(answer.error)));
  at("look").focus();
}

function table(title, rows) {
  return h("section", { class: "card" }, h("h3", {}, title), h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, h("table", {},
    h("thead", {}, h("tr", {}, h("th", {}, t("Function")), h("th", { class: "n" }, t("Own, ms")), h("th", { class: "n" }, t("All, ms")), h("th", { class: "n" }, t("Calls")))),
    h("tbody", {}, ...rows.map((r) => h("tr", {}, h("td", {}, h("code", {}, r.name)), h("td", { class: "n" }, tenths(r.own_ms)), h("td", { class: "n" }, tenths(r.all_ms)), h("td", { class: "n" }, count(r.calls))))))));
}

async function takeProfile(ev) {
  ev.preventDefault();
  const said = new FormData(ev.target);
  const button = ev.target.querySelector("button");
  attr(button, "disabled", true);
  try {
    const p = await errand("/api/system/profile", { gateway: said.get("gateway"), seconds: Number(said.get("seconds")) }, (s) => drawAnswer(at("profile-words"), { tone: "busy", words: t("Watching… {n} s", { n: Math.round(s) }) }));
    drawAnswer(at("profile-words"), null);
    text(at("profiled-words"), t("In {seconds} s the gateway worked {busy} ms, in {calls} calls. About {cost} ms of that was the watching itself.", { seconds: p.seconds, busy: count(Math.round(p.busy_ms)), calls: count(p.calls), cost: count(Math.round(p.cost_ms)) }));
    at("profiled-tables").replaceChildren(table(t("Most time in themselves"), p.own), table(t("Most time with what they call"), p.all));
    attr(at("profiled"), "hidden", false);
    at("profiled").scrollIntoView({ block: "start" });
    at("profiled").focus({ preventScroll: true });
  } catch (e) {
    drawAnswer(at("profile-words"), { tone: "bad", words: e.message });
  }
  attr(button, "disabled", false);
}

lookAtPage();
setInterval(() => document.visibilityState === "visible" && lookAtPage(), PAGE_MS);
if (admin) {
  lookAtErrors();
  at("look").addEventListener("click", lookAtErrors);
  at("profile").addEventListener("submit", takeProfile);
}
