// The rule builder: the form, what it says in words and as text while it is filled in, and saving it.

import { attr, fill, h, icon, say, text } from "./dom.js";
import { RuleForm } from "./builder-form.js";
import { Flaws } from "./builder-flaws.js";
import { frame } from "./frame.js";
import { press, read } from "./link.js";
import { answerLine, drawAnswer } from "./presses.js";
import { t } from "./t.js";

const PREVIEW_MS = 300;
const CHECK_MS = 1500; // the gateway reads all its rules for it
const SAVE_MS = 12000; // it is asked up to four times
const TRIED = ["gift", "comment", "like", "follow", "share", "join", "subscribe", "viewers", "question"];

const at = (id) => document.getElementById(id);
const data = JSON.parse(at("data").textContent);
const key = `builder ${data.gateway} ${data.name}`;
const state = { name: data.name, was: data.name, base: data.base, rule: data.rule };
let unsaved = false;
let strict = !!data.name; // an unfinished new rule is no mistake until somebody wants to save it
let timers = [];
let asked = 0;
let followed = "";

const flaws = new Flaws(at("form"));
const form = new RuleForm(data, changed, draw);
const body = () => ({ gateway: data.gateway, ...state });

function draw(focus = "") {
  const { shape, defs } = form;
  const rule = state.rule;
  const { properties } = defs.Rule;
  const part = (words, ...children) => h("section", { class: "card part-of-rule", "aria-label": words }, ...children);
  const { sections } = shape;
  const more = (name) => form.struct("Rule", rule, [], sections[name]);
  const elses = Object.keys(rule.if ?? {}).length || "unless" in rule || rule.else?.length;
  at("form").replaceChildren(
    part(t("Name"), nameField(), ...form.struct("Rule", rule, [], shape.head)),
    part(t("When"), form.field("Rule", "when", properties.when, rule, [], false)),
    part(t("Conditions"), h("h3", {}, t("Conditions")), ...more("if")),
    part(t("Then"), form.field("Rule", "then", properties.then, rule, [], false)),
    elses ? part(t("Else"), h("h3", {}, t("Else")), ...more("else")) : "",
    part(t("Limits"), h("h3", {}, t("Limits")), ...more("limits")),
    ...form.odd(rule),
  );
  flaws.draw();
  if (focus) (at(focus) ?? at(`${focus}-more`))?.focus();
}

function nameField() {
  const input = h("input", { id: "f-name", type: "text", maxlength: 32, autocapitalize: "off", spellcheck: "false", placeholder: t("such as rose-fires") });
  input.value = state.name;
  input.addEventListener("input", () => {
    state.name = input.value.trim().toLowerCase().replace(/[\s_]+/g, "-");
    changed(["name"]);
  });
  input.addEventListener("change", () => (input.value = state.name));
  return h("div", { class: "field", "data-at": "name" }, h("label", { for: "f-name" }, t("Name of the rule")), input);
}

function changed(where) {
  unsaved = true;
  flaws.touch(where);
  try {
    sessionStorage.setItem(key, JSON.stringify(state));
  } catch {
    // full, or not allowed: the form itself still has it
  }
  timers.forEach(clearTimeout);
  timers = [setTimeout(preview, PREVIEW_MS), setTimeout(() => preview(true), CHECK_MS)];
}

async function preview(ask = false) {
  const mine = ++asked;
  const query = new URLSearchParams({ form: JSON.stringify(body()), ask: ask ? "1" : "" });
  try {
    const answer = await read(`/api/builder/preview?${query}`);
    if (mine !== asked) return;
    text(at("sentence"), answer.sentence);
    text(at("text"), answer.text);
    flaws.take(answer.flaws, strict);
    tell(answer, ask);
  } catch (e) {
    if (mine === asked) note("no", "bad", e.message);
  }
  attr(at("try"), "href", trial());
}

function tell(answer, ask) {
  const open = answer.flaws.length;
  if (open && !strict) note("wait", "quiet", t("Not finished yet."));
  else if (open) note("warn", "warn", t("Something is missing or not right."), answer.flaws);
  else if (answer.away) note("warn", "warn", t("Not checked: {why}", { why: answer.away }));
  else if (answer.text !== state.base || state.name !== state.was) note(ask ? "ok" : "wait", ask ? "good" : "quiet", ask ? t("The gateway can use it. It is not saved yet.") : t("Not saved yet."));
  else note("ok", "good", t("As it is in the file."));
}

function note(mark, tone, words, list = []) {
  const rest = list.filter((flaw) => !flaws.placed(flaw));
  fill(at("state"), [tone, words, rest], () => [
    h("p", { class: "told", "data-tone": tone }, icon(mark), words),
    ...rest.map((flaw) => h("p", { class: "mistake" }, flaw.at.length ? `${flaw.at.join(".")}: ${flaw.words}` : flaw.words)),
  ]);
}

/** Where the rule is tried, with an event that it listens to. */
function trial() {
  const [kind, on] = Object.entries(state.rule.when ?? {})[0] ?? ["", {}];
  const asks = new URLSearchParams({ gateway: data.gateway, rule: state.was || state.name, ...(TRIED.includes(kind) && { kind }) });
  const words = on?.exact ?? on?.contains ?? on?.command;
  const given = { name: on?.name, gift: on?.id, coins: on?.min_coins, count: on?.streak ?? on?.every ?? on?.above, text: words, account: state.rule.accounts?.[0] };
  for (const [name, value] of Object.entries(given)) if (value) asks.set(name, value);
  return `/rules/try?${asks}`;
}

async function save(over = false) {
  strict = true;
  timers.forEach(clearTimeout);
  asked++;
  drawTold({ tone: "busy", words: t("Saving…") });
  const answer = await press("/api/builder/save", { ...body(), over: over === true }, SAVE_MS);
  fill(at("notes"), [], () => []);
  if (answer.ok) return kept(answer);
  if (answer.name) Object.assign(state, { was: answer.name, base: answer.text });
  const found = answer.flaws ?? [];
  flaws.take(found, strict);
  if (answer.theirs !== undefined) conflict(answer);
  const why = answer.status === 409 ? t("Not saved: {why}", { why: answer.error }) : answer.error; // else nobody knows
  const words = found.length ? t("Not saved: something is missing or not right.") : why;
  note("no", "bad", words, found);
  drawTold(null);
  say(words);
  flaws.first()?.focus();
}

function kept(answer) {
  Object.assign(state, { name: answer.name, was: answer.name, base: answer.text });
  unsaved = false;
  sessionStorage.removeItem(key);
  history.replaceState(null, "", `/rules/${answer.name}/edit${location.search}`);
  text(at("title"), t("Edit {name}", { name: answer.name }));
  const words = answer.enabled ? t("In force. It holds for what happens from now on.") : t("Saved. The rule is switched off.");
  drawTold({ tone: "good", words });
  say(words);
  flaws.take([], true);
  preview();
}

/** Somebody else has saved the rule: theirs is shown, ours stays in the form until a person decides. */
function conflict(answer) {
  fill(at("notes"), answer.theirs, () => [
    h("div", { class: "banner warn", role: "alert" }, icon("warn"),
      h("div", { class: "conflict" },
        h("p", {}, t("Somebody else has changed this rule since. What you made is still here.")),
        h("pre", { tabindex: 0 }, answer.theirs || t("(it was removed)")),
        h("div", { class: "pair" },
          h("button", { type: "button", class: "btn", onclick: () => save(true) }, t("Save mine over it")),
          answer.theirs && h("button", { type: "button", class: "btn quiet", onclick: discard }, t("Take theirs"))))),
  ]);
}

function discard() {
  sessionStorage.removeItem(key);
  unsaved = false;
  location.reload();
}

const told = answerLine();
told.id = "told";
at("told").replaceWith(told);
const drawTold = (answer) => drawAnswer(told, answer);

/** What was typed before this screen was left or loaded again; made from another text, it is only offered. */
function restore() {
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
  if (!kept) return;
  const bring = () => {
    Object.assign(state, kept);
    unsaved = true;
    draw();
    preview();
  };
  const button = (words, press) => h("button", { type: "button", class: "btn quiet", onclick: press }, words);
  const anew = button(t("Begin anew"), discard);
  const fresh = kept.base === data.base;
  if (fresh) bring();
  fill(at("notes"), "draft", () => [
    h("div", { class: "banner" }, icon("back"),
      h("p", {}, fresh ? t("What you had begun is here again.") : t("Somebody else has changed this rule since you began. What you had begun is kept.")),
      !fresh && button(t("Bring it back"), bring), anew),
  ]);
}

at("form").addEventListener("submit", (e) => {
  e.preventDefault();
  save();
});
addEventListener("keydown", (e) => {
  if (!(e.ctrlKey || e.metaKey) || e.key !== "s") return;
  e.preventDefault();
  save();
});
addEventListener("beforeunload", (e) => unsaved && e.preventDefault());

/** What a rule can name changes while the form is open: a gateway is heard, a station comes. */
async function follow(_lost, store) {
  const seen = JSON.stringify([store.sorted("gateway").map(([name, one]) => [name, one.availability?.online]), store.sorted("station").map(([name]) => name)]);
  if (!store.ready || seen === followed) return;
  followed = seen;
  const answer = await read(`/api/builder/known?${new URLSearchParams({ gateway: data.gateway })}`).catch(() => null);
  if (!answer || JSON.stringify(answer.known) === JSON.stringify(form.known)) return;
  data.gateway = answer.gateway;
  form.known = answer.known;
  draw(document.activeElement?.id);
}

draw();
preview();
restore();
frame({ draw: follow });
