// Backups: made, checked, deleted; and what is older than it may be.

import { asked } from "./dialogs.js";
import { attr, bdi, fill, h, text } from "./dom.js";
import { errand } from "./errand.js";
import { frame } from "./frame.js";
import { press } from "./link.js";
import { drawAnswer } from "./presses.js";
import { n, t } from "./t.js";
import { size } from "./words.js";

const at = (id) => document.getElementById(id);
const busy = (words) => (seconds) => ({ tone: "busy", words: `${words} ${t("{n} s", { n: Math.round(seconds) })}` });

frame({
  draw: (lost, store) => {
    const names = store.sorted("gateway").filter(([, g]) => g.availability?.online).map(([name]) => name);
    fill(at("make").elements.gateway, names, () => names.map((name) => h("option", { value: name }, name)));
    attr(document.querySelector(".gateways"), "hidden", names.length < 2);
  },
});

const gateway = () => at("make").elements.gateway.value;

/** Run it with `button` busy; its line tells how it goes, `done(result)` gives [tone, words] at the end. */
async function run(button, line, path, body, words, done) {
  attr(button, "disabled", true);
  const told = busy(words);
  try {
    const result = await errand(path, body, (seconds) => drawAnswer(line, told(seconds)));
    const [tone, said] = done(result);
    drawAnswer(line, { tone, words: said });
  } catch (e) {
    drawAnswer(line, { tone: "bad", words: e.message });
  }
  attr(button, "disabled", false);
}

async function sure(words, yes, then) {
  text(at("sure-words"), words);
  text(at("sure-yes"), yes);
  if ((await asked(at("sure"))) === "yes") then();
}

at("make").addEventListener("submit", async (ev) => {
  ev.preventDefault();
  let made = false;
  await run(ev.target.querySelector("button"), at("make-words"), "/api/backups", { gateway: gateway() }, t("Making a backup…"), (r) => {
    made = true;
    const left = r.left_out.length ? ` ${t("Left out: {what}", { what: r.left_out.join("; ") })}` : "";
    return ["good", t("Made: {file}, {size}.", { file: r.file.split("/").pop(), size: size(r.size) }) + left];
  });
  if (made) at("make").append(h("a", { class: "btn", href: "/system/backups" }, t("Show it in the list")));
});

const acts = {
  check: (item, button, line) => run(button, line, `/api/backups/${item.dataset.name}/check`, {}, t("Reading all of it…"), (r) => ["good", t("It is whole: {files}, {size}, every checksum is right.", { files: n("{count} file", "{count} files", r.files), size: size(r.bytes) })]),
  restore: async (item, button, line) => {
    const dialog = at("restore");
    const form = dialog.querySelector("form");
    text(at("restore-command"), `stagewire restore ${item.dataset.name}`);
    form.reset();
    form.onsubmit = (ev) => {
      ev.preventDefault();
      dialog.close("yes");
    };
    if ((await asked(dialog)) !== "yes") return;
    run(button, line, `/api/backups/${item.dataset.name}/restore`, { gateway: gateway(), confirm: form.elements.confirm.value }, t("The gateway reads all of it…"), () => ["good", t("It is whole. The gateway stops, puts it back, and begins again: its settings, rules and history are as they were then.")]);
    line.scrollIntoView({ block: "center" });
  },
  delete: (item, button, line) => sure(t("Delete {name}? It cannot be brought back.", { name: item.dataset.name }), t("Delete it"), async () => {
    const answer = await press(`/api/backups/${item.dataset.name}/delete`, {});
    if (answer.ok || answer.status === 404) item.remove();
    else drawAnswer(line, { tone: "bad", words: answer.error });
  }),
};
at("restore-no").addEventListener("click", () => at("restore").close(""));
document.querySelector(".kept").addEventListener("click", (ev) => {
  const button = ev.target.closest("[data-do]");
  if (!button) return;
  const item = button.closest("li");
  acts[button.dataset.do](item, button, item.querySelector(".told"));
});

/** Show what would go; whether anything would. */
function planned(plan) {
  at("retention-found").replaceChildren();
  if (!plan.months.length && !plan.sessions.length && !plan.damaged.length) return false;
  const rows = [
    ...plan.months.map((m) => h("li", {}, t("{file}: {records}, {since} to {until}, {size}", { file: m.file, records: n("{count} record", "{count} records", m.records), since: m.since.slice(0, 10), until: m.until.slice(0, 10), size: size(m.bytes) }))),
    plan.sessions.length && h("li", {}, n("the names in {count} session", "the names in {count} sessions", plan.sessions.length)),
    plan.damaged.length && h("li", {}, n("{count} damaged file", "{count} damaged files", plan.damaged.length)),
  ].filter(Boolean);
  const button = h("button", { class: "btn danger", type: "button" }, t("Delete it now…"));
  button.addEventListener("click", () => sure(t("Delete all of that? No further backup is made before."), t("Delete it"), () => run(button, at("retention-words"), "/api/retention", { gateway: gateway(), apply: true, force: !!plan.why }, t("Deleting…"), () => {
    at("retention-found").replaceChildren();
    return ["good", t("Deleted.")];
  })));
  at("retention-found").replaceChildren(h("ul", { class: "list-plain" }, ...rows), plan.why ? h("p", { class: "mistake" }, bdi(plan.why)) : "", button);
  return true;
}

at("retention").addEventListener("submit", (ev) => {
  ev.preventDefault();
  run(ev.target.querySelector("button"), at("retention-words"), "/api/retention", { gateway: gateway() }, t("Looking…"), (plan) => {
    return planned(plan) ? ["warn", t("This would go:")] : ["good", t("Nothing is older than {days} days.", { days: plan.keep_days })];
  });
});
