// Erasing a viewer: who is meant, what there is, a name typed, and the proof.

import { attr, bdi, fill, h, icon, text } from "./dom.js";
import { errand } from "./errand.js";
import { frame } from "./frame.js";
import { drawAnswer } from "./presses.js";
import { n, t } from "./t.js";
import { count } from "./words.js";

const at = (id) => document.getElementById(id);
let meant = null;

frame({
  draw: (lost, store) => {
    const names = store.sorted("gateway").filter(([, g]) => g.availability?.online).map(([name]) => name);
    fill(at("who").elements.gateway, names, () => names.map((name) => h("option", { value: name }, name)));
    attr(document.querySelector(".gateways"), "hidden", names.length < 2);
  },
});

async function ask(line, body, words) {
  for (const button of document.querySelectorAll("main button")) attr(button, "disabled", true);
  try {
    const result = await errand("/api/erase", { gateway: at("who").elements.gateway.value, ...body }, (s) => drawAnswer(line, { tone: "busy", words: `${words} ${t("{n} s", { n: Math.round(s) })}` }));
    drawAnswer(line, null);
    return result;
  } catch (e) {
    drawAnswer(line, { tone: "bad", words: e.message });
    return null;
  } finally {
    for (const button of document.querySelectorAll("main button")) attr(button, "disabled", false);
  }
}

const hide = (...ids) => ids.forEach((id) => attr(at(id), "hidden", true));

at("who").addEventListener("submit", async (ev) => {
  ev.preventDefault();
  hide("people", "preview", "proved");
  const viewer = new FormData(ev.target).get("viewer").trim();
  const found = await ask(at("who-words"), { do: "who", viewer }, t("Searching…"));
  if (!found) return;
  if (!found.people.length) return drawAnswer(at("who-words"), { tone: "warn", words: t("Nobody of that name is known here.") });
  at("people-found").replaceChildren(...found.people.map((p) => h("div", { class: "person" },
    h("div", {}, h("b", {}, bdi(p.called.join(", ") || p.id)), h("p", { class: "sub" }, p.last ? t("last seen {when}", { when: p.last.slice(0, 10) }) : t("known from an old leaderboard"), " · ", p.id)),
    h("button", { class: "btn", type: "button", "aria-label": t("Look what there is of {name}", { name: p.called[0] ?? p.id }), onclick: () => look(p) }, t("This one")))));
  attr(at("people"), "hidden", false);
});

async function look(person) {
  hide("preview", "proved");
  const found = await ask(at("who-words"), { do: "find", viewer: person.id }, t("Searching…"));
  if (!found) return;
  meant = person;
  const records = Object.values(found.records).reduce((a, b) => a + b, 0);
  const rows = [
    [t("In the journal"), n("{count} record", "{count} records", records)],
    [t("What rules remember"), count(found.rules)],
    [t("Sessions"), count(found.sessions)],
    [t("Leaderboards"), found.leaders.length ? found.leaders.join(", ") : t("none")],
    [t("Exports to be deleted"), found.exports.length ? found.exports.join(", ") : t("none")],
    [t("Damaged files to be deleted"), found.damaged.length ? found.damaged.join(", ") : t("none")],
  ];
  at("preview-found").replaceChildren(...rows.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, bdi(value)))));
  attr(at("backups-tick"), "hidden", !found.copies.length);
  text(at("backups-words"), n("Delete {count} backup that may hold them, too", "Delete {count} backups that may hold them, too", found.copies.length));
  text(at("confirm-label"), t("To be sure, type the name: {name}", { name: person.called[0] ?? person.id }));
  at("erase").reset();
  attr(at("preview"), "hidden", false);
  at("erase").elements.confirm.focus();
}

at("erase").addEventListener("submit", async (ev) => {
  ev.preventDefault();
  const said = new FormData(ev.target);
  const proof = await ask(at("erase-words"), { do: "erase", viewer: meant.id, confirm: said.get("confirm").trim(), backups: said.get("backups") === "1" }, t("Erasing…"));
  if (!proof) return;
  hide("people", "preview");
  at("who").reset();
  const left = proof.left.length ? h("ul", { class: "list-plain" }, ...proof.left.map((words) => h("li", {}, bdi(words)))) : "";
  const rules = proof.rules.length ? h("p", { class: "mistake" }, icon("warn"), bdi(t("Rules that name them, which a person has to edit: {files}", { files: proof.rules.join(", ") }))) : "";
  at("proved-found").replaceChildren(
    h("p", { class: "banner", "data-tone": proof.places ? "bad" : "good" }, icon(proof.places ? "warn" : "ok"),
      h("span", {}, proof.places ? n("Something still stands in {count} place:", "Something still stands in {count} places:", proof.places) : t("Erased. Nothing of this viewer is left in the data folder."))),
    left,
    rules,
    h("p", { class: "hint" }, t("Searched again: {records}, {documents}, {files}.", { records: n("{count} record", "{count} records", proof.records), documents: n("{count} document", "{count} documents", proof.documents), files: n("{count} file", "{count} files", proof.files) })));
  attr(at("proved"), "hidden", false);
  at("proved").focus();
});
