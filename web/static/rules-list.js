// The list of rules: what each did last, why it did not, its switch, and what a supervisor may change.

import { asked } from "./dialogs.js";
import { attr, bdi, fill, h, icon, list, text } from "./dom.js";
import { frame } from "./frame.js";
import { read } from "./link.js";
import { answerLine, drawAnswer, Presses } from "./presses.js";
import { drawKept } from "./rules-kept.js";
import { happened, OUTCOMES, sentence, since, way } from "./rules-words.js";
import { n, t } from "./t.js";
import { count } from "./words.js";

const AGAIN_MS = 1000; // between two looks, however often the rules fire
const RETRY_MS = 3000;
const MOVED_MS = 5000;
const at = (id) => document.getElementById(id);
const gateway = document.body.dataset.gateway;
const may = ["supervisor", "admin"].includes(document.body.dataset.role);
const mayTry = may || document.body.dataset.role === "operator";

let told = { rules: [], parts: [] };
let seen = null;
let looked = -RETRY_MS;
let looking = false;
let failed = "";
let moved = null;
const answer = answerLine();
if (at("told")) at("told").append(answer);

const { store, redraw } = frame({ draw, old: t("What follows is what was known last.") + " " });
const presses = new Presses(redraw);

async function look() {
  looking = true;
  looked = performance.now();
  seen = store.get("rules", gateway);
  try {
    told = await read(way("/api/rules", gateway, { gateway }));
    failed = "";
  } catch (e) {
    failed = e.message;
  }
  attr(at("list"), "aria-busy", false);
  looking = false;
  redraw();
}

function draw(lost) {
  const waited = performance.now() - looked;
  if (gateway && !looking && (store.get("rules", gateway) !== seen ? waited > AGAIN_MS : (failed || told.away) && waited > RETRY_MS)) look();
  drawTrouble();
  const rules = told.rules ?? [];
  const order = [...rules].sort((a, b) => !!b.state.broken - !!a.state.broken); // stable: else as in the file
  text(at("count"), rules.length ? count(rules.length) : "");
  list(at("list"), order.map((r) => [r.rule, r]), ruleCard, (node, r) => drawRule(node, r, lost), told.state === undefined ? t("Looking…") : t("There are no rules yet."));
  const answers = [...presses.told.keys()].map((key) => presses.get(key)).filter(Boolean);
  drawAnswer(answer, answers.at(-1));
  if (at("rollback")) {
    attr(at("rollback"), "hidden", !told.state?.previous);
    attr(at("rollback"), "disabled", !!lost || !!told.away);
  }
  focusAgain();
  drawKept(at("kept"), told.state, store);
}

function drawTrouble() {
  const parts = (told.parts ?? []).filter((p) => p.rule !== "file");
  const file = (told.parts ?? []).find((p) => p.rule === "file");
  fill(at("trouble"), [failed, told.away, file, parts, told.state?.more], () => [
    failed && banner("lost", t("The rules could not be asked for."), failed),
    told.away && banner("warn", t("The file cannot be read now, so nothing can be changed here."), sentence(told.away)),
    file && banner("lost", t("The file as it stands is not in force: the rules that were last in force go on."), file.broken, true),
    ...parts.map((p) => banner("warn", t("{part} does not run.", { part: p.rule }), p.broken, true)),
    told.state?.more > 0 && banner("warn", n("{count} rule had no room in this list.", "{count} rules had no room in this list.", told.state.more), t("See the file for all of them.")),
  ]);
}

const banner = (tone, title, words, mend = false) =>
  h("div", { class: `banner ${tone}`, role: tone === "lost" && "alert" }, icon("warn"),
    h("div", {}, h("p", {}, h("strong", {}, title)), h("ul", {}, h("li", {}, bdi(words)))),
    mend && h("a", { class: "btn", href: way("/rules/file", gateway, { line: /:(\d+): /.exec(words)?.[1] }) }, may ? t("Mend it") : t("See it")));

function ruleCard() {
  const node = h("li", { class: "rule" });
  node.words = h("h3");
  node.sub = h("p", { class: "sub" });
  node.onoff = h("button", { class: "switch", type: "button", role: "switch" }, h("i"), h("span"));
  node.fault = h("p", { class: "fault" });
  node.last = h("p", { class: "last" });
  node.whys = h("ul", { class: "whys" });
  node.acts = h("p", { class: "acts" });
  node.append(h("div", { class: "over" }, h("div", { class: "what" }, node.words, node.sub), node.onoff), node.fault, node.last, node.whys, node.acts);
  node.onoff.addEventListener("click", () => turn(node.rule));
  return node;
}

function drawRule(node, r, lost) {
  node.rule = r;
  const { state } = r;
  const off = !state.enabled;
  const still = !!lost || !!told.away || !may;
  attr(node, "data-off", off);
  attr(node, "data-broken", !!state.broken);
  text(node.words, state.title || r.rule);
  const made = r.game ? t("of the game {game}", { game: r.game }) : r.placed || told.away ? "" : t("not in the file itself");
  text(node.sub, [state.title && r.rule, made].filter(Boolean).join(" · "));
  attr(node.onoff, "hidden", !!state.broken);
  attr(node.onoff, "aria-checked", String(!off));
  attr(node.onoff, "aria-label", state.title || r.rule);
  attr(node.onoff, "disabled", still || !r.placed || !!presses.get(r.rule)?.busy);
  text(node.onoff.lastChild, off ? t("Off") : t("On"));
  fill(node.fault, state.broken, () => [icon("no"), h("span", {}, bdi(state.broken))]);
  attr(node.fault, "hidden", !state.broken);
  drawLast(node, state);
  const names = told.rules.filter((x) => x.placed).map((x) => x.rule);
  const i = names.indexOf(r.rule);
  fill(node.acts, [r.placed, !!state.broken, i, names.length, still], () => acts(r, names, i, still));
  attr(node.acts, "hidden", !node.acts.childElementCount);
}

function drawLast(node, { broken, fired, last, why_not: whys }) {
  const counted = n("Fired once", "Fired {count} times", fired);
  const when = last ? [" · ", since(store.since(last.time)), " · ", ...happened(last)] : fired ? [` · ${t("not since the gateway began")}`] : [];
  fill(node.last, [fired, last, last && since(store.since(last.time))], () => [h("b", {}, fired ? counted : t("Never fired")), ...when]);
  attr(node.last, "hidden", !!broken);
  const shown = (whys ?? []).filter((w) => !last || w.time > last.time || w.outcome !== "waiting").slice(0, 2);
  fill(node.whys, shown.map((w) => [w, since(store.since(w.time))]), () => shown.map((w) => {
    const [mark, , word] = OUTCOMES[w.outcome] ?? ["off", "quiet", w.outcome];
    // "Still counting" is no word for a streak's further gifts, which come with words of their own.
    const whole = w.words && (w.outcome === "waiting" || w.words.startsWith(word));
    const said = whole ? [h("b", {}, bdi(sentence(w.words)))] : [h("b", {}, sentence(word)), w.words && ": ", w.words && bdi(w.words)].filter(Boolean);
    return h("li", {}, icon(mark), h("span", {}, ...said, ` · ${since(store.since(w.time))} · `, ...happened(w)));
  }));
  attr(node.whys, "hidden", !shown.length || !!broken);
}

function acts(r, names, i, still) {
  const name = encodeURIComponent(r.rule);
  const link = (words, path, more) => h("a", { class: "btn", href: way(path, gateway, more) }, words);
  const button = (words, press, more = {}) => h("button", { type: "button", class: "btn", disabled: still, onclick: press, ...more }, words);
  const line = /:(\d+): /.exec(r.state.broken)?.[1];
  if (r.state.broken) return [may && link(t("Mend it"), "/rules/file", { line })];
  return [
    mayTry && link(t("Try"), "/rules/try", { rule: r.rule }),
    ...(may && r.placed ? [
      link(t("Edit"), `/rules/${name}/edit`),
      button("↑", () => move(r, names[i - 1], "up"), { "data-way": "up", class: "btn square", "aria-label": t("Move {rule} up", { rule: r.rule }), disabled: still || i === 0 }),
      button("↓", () => move(r, names[i + 2], "down"), { "data-way": "down", class: "btn square", "aria-label": t("Move {rule} down", { rule: r.rule }), disabled: still || i === names.length - 1 }),
      h("details", { class: "more" }, h("summary", { class: "btn square", "aria-label": t("More for {rule}", { rule: r.rule }) }, "⋯"),
        h("div", { class: "acts" }, button(t("Rename"), () => rename(r)), button(t("Delete"), () => remove(r)))),
    ] : []),
  ];
}

const change = (r, body, done) => presses.send(r.rule, "/api/rules", { gateway, rule: r.rule, ...body }, t("Not changed"), () => ["good", done]).then(look);
const turn = (r) => change(r, { do: "enable", enabled: !r.state.enabled },
  r.state.enabled ? t("{rule} is off: it fires no more.", { rule: r.rule }) : t("{rule} is on.", { rule: r.rule }));
const move = (r, before, way) => {
  moved = { rule: r.rule, way, at: performance.now() };
  return change(r, before ? { do: "move", before } : { do: "move" }, t("{rule} has another place.", { rule: r.rule }));
};

/** A rule that was moved has left its place, and the focus with it: whoever uses keys goes on with the same button. */
function focusAgain() {
  if (!moved || document.activeElement !== document.body) return;
  if (performance.now() - moved.at < MOVED_MS) at("list").rows?.get(moved.rule)?.acts.querySelector(`[data-way="${moved.way}"]:enabled`)?.focus();
  moved = null;
}

async function rename(r) {
  const to = await ask({ title: t("Rename {rule}", { rule: r.rule }), words: t("Small letters, digits and -. What it counted stays with the old name."), yes: t("Rename"), field: t("Its new name"), value: r.rule });
  if (to && to !== r.rule) await change(r, { do: "rename", to }, t("{rule} is called {to} now.", { rule: r.rule, to }));
}

async function remove(r) {
  const yes = await ask({ title: t("Delete {rule}?", { rule: r.rule }), words: t("It is taken out of the file, with the comment above it. Undo the last change brings it back."), yes: t("Delete") });
  if (yes) await change(r, { do: "remove" }, t("{rule} is deleted.", { rule: r.rule }));
}

at("rollback")?.addEventListener("click", async () => {
  const words = t("The version before the one in force becomes the file again. What you have now stays among the versions.");
  if (!(await ask({ title: t("Undo the last change?"), words, yes: t("Undo it") }))) return;
  await presses.send("", "/api/rules/rollback", { gateway }, t("Not undone"), ({ result }) => ["good", undone(result.changes)]);
  look();
});

function undone(changes) {
  const said = Object.values(changes ?? {}).flat();
  return said.length ? t("Undone: {what}.", { what: [...new Set(said)].join(", ") }) : t("Undone.");
}

/** A question; resolves to the field's value (or true), or to null. */
async function ask({ title, words, yes, field = "", value = "" }) {
  const dialog = at("ask");
  const input = dialog.querySelector("input");
  text(at("ask-title"), title);
  text(at("ask-words"), words);
  text(at("ask-yes"), yes);
  attr(at("ask-field"), "hidden", !field);
  text(at("ask-field").firstElementChild, field);
  attr(input, "disabled", !field);
  input.value = value;
  return (await asked(dialog)) === "yes" ? (field ? input.value : true) : null;
}
