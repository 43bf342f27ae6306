// The rules file as text: checked, saved, and never lost.

import { attr, bdi, fill, h, icon, text } from "./dom.js";
import { frame } from "./frame.js";
import { press, read } from "./link.js";
import { answerLine, drawAnswer, Presses } from "./presses.js";
import { draft, forget, keep } from "./rules-draft.js";
import { Editor } from "./rules-editor.js";
import { sentence, way } from "./rules-words.js";
import { n, t } from "./t.js";
import { clock } from "./words.js";

const SEND_MS = 8000; // a long file on a small machine
const at = (id) => document.getElementById(id);
const gateway = document.body.dataset.gateway;
const may = !at("text").readOnly;
const editor = new Editor(at("text"), at("gutter"), at("where"));
const answer = answerLine();
at("told").append(answer);

let base = null; // {text, fingerprint}: the file that the text in the box was made from
let away = "";
let restored = "";
let working = false;

const { redraw } = frame({ draw });
const presses = new Presses(redraw);
const dirty = () => base !== null && editor.value !== base.text;

function draw(lost) {
  drawAnswer(answer, presses.get("file"));
  for (const name of ["check", "save"]) {
    if (at(name)) attr(at(name), "disabled", !!lost || working || base === null || (name === "save" && !!away));
  }
  fill(at("notes"), [away, restored, dirty()], () => [
    away && h("div", { class: "banner warn" }, icon("warn"), h("p", {}, h("strong", {}, t("The gateway does not answer, so nothing can be saved now.")),
      ` ${sentence(away)}. ${t("What you type stays here.")}`), h("button", { type: "button", class: "btn", onclick: load }, t("Try again"))),
    restored && dirty() && h("div", { class: "banner warn" }, icon("warn"),
      h("p", {}, t("This is what you wrote and did not save, last at {time}.", { time: clock(restored) })),
      h("button", { type: "button", class: "btn", onclick: discard }, t("Forget it"))),
  ]);
}

async function load() {
  let got;
  try {
    got = await read(way("/api/rules/file", gateway, { gateway }));
  } catch (e) {
    away = e.message;
    return show(base ?? { text: "", fingerprint: "" }, []);
  }
  away = got.book.away;
  show(got.book, got.mistakes);
}

/** The file as it was read; what somebody typed goes before it. */
function show(book, mistakes) {
  const typed = base !== null && dirty() ? editor.value : null;
  const kept = may ? draft(gateway) : null;
  const mine = typed ?? (kept && kept.text !== book.text ? kept.text : null);
  const from = typed !== null ? base.fingerprint : kept?.fingerprint;
  base = { text: book.text, fingerprint: book.fingerprint };
  attr(at("text"), "disabled", false);
  if (mine === null) {
    editor.value = book.text;
    forget(gateway);
  } else {
    restored = kept?.at ?? restored;
    editor.value = mine;
    if (from && book.fingerprint && from !== book.fingerprint) theirs(book, from);
  }
  tell(mine === null ? mistakes : []);
  const line = Number(new URLSearchParams(location.search).get("line"));
  if (line) editor.go(line);
  redraw();
}

function discard() {
  editor.value = base.text;
  restored = "";
  forget(gateway);
  tell([]);
  redraw();
}

/** What is wrong, each with a button that leads to it. */
function tell(mistakes) {
  editor.mark(mistakes.map((m) => m.line).filter(Boolean));
  attr(at("mistakes"), "hidden", !mistakes.length);
  fill(at("mistakes"), mistakes, () => mistakes.map((m) => h("li", {},
    h("button", { type: "button", onclick: () => editor.go(m.line || 1, m.column || 1) },
      h("b", {}, m.line ? `${m.line}:${m.column}` : t("file")), h("span", {}, bdi(m.words))))));
}

const wrong = (mistakes) => n("{count} mistake: press it to get there.", "{count} mistakes: press one to get there.", mistakes.length);

async function work(job) {
  if (working || base === null) return;
  working = true;
  redraw();
  try {
    await job();
  } finally {
    working = false;
    redraw();
  }
}

const check = () => work(async () => {
  const got = await press("/api/rules/check", { gateway, text: editor.value }, SEND_MS);
  if (!got.ok) return presses.tell("file", "bad", sentence(got.error));
  tell(got.mistakes);
  presses.tell("file", got.mistakes.length ? "bad" : "good", got.mistakes.length ? wrong(got.mistakes) : t("No mistakes. Nothing is saved yet."));
});

const save = (fingerprint = base?.fingerprint) => work(async () => {
  const sent = editor.value;
  const got = await press("/api/rules/apply", { gateway, text: sent, fingerprint }, SEND_MS);
  if (got.ok) return saved(sent, got.result);
  if (got.theirs) return theirs(got.theirs, fingerprint);
  if (got.mistakes) tell(got.mistakes);
  presses.tell("file", "bad", got.mistakes?.some((m) => m.line) ? `${t("Not saved.")} ${wrong(got.mistakes)}` : `${t("Not saved:")} ${got.error}`);
});

function saved(sent, result) {
  base = { text: sent, fingerprint: result.fingerprint };
  away = restored = "";
  attr(at("theirs"), "hidden", true);
  if (editor.value === sent) forget(gateway);
  else keep(gateway, editor.value, base.fingerprint); // somebody types fast
  tell([]);
  const broken = result.broken ?? [];
  presses.tell("file", broken.length ? "warn" : "good", broken.length ? t("Saved and in force, but not all of it runs: {what}.", { what: broken.map((b) => b.name || b.kind).join(", ") }) : t("Saved, and in force."));
}

/** Somebody else has changed the file meanwhile: theirs is shown, mine stays in the box. */
function theirs(book, from) {
  attr(at("theirs"), "hidden", false);
  text(at("theirs").querySelector("pre"), book.text);
  at("over").onclick = () => save(book.fingerprint);
  at("take").onclick = () => {
    base = { text: book.text, fingerprint: book.fingerprint };
    attr(at("theirs"), "hidden", true);
    discard();
    at("text").focus();
  };
  base = { text: book.text, fingerprint: from }; // saving asks again
  presses.tell("file", "warn", t("Somebody else has changed the file meanwhile. Nothing was saved; yours is in the box, theirs below."));
}

if (may) {
  at("check").addEventListener("click", check);
  at("save").addEventListener("click", () => save());
  at("text").addEventListener("input", () => {
    if (dirty()) keep(gateway, editor.value, base.fingerprint);
    else forget(gateway);
    redraw();
  });
  addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && !e.altKey && e.key.toLowerCase() === "s") {
      e.preventDefault();
      save();
    }
  });
  addEventListener("beforeunload", (e) => dirty() && e.preventDefault());
}
if (gateway) load();
