// Overlays: made by a form, shown once with a preview, removed at once.

import { asked } from "./dialogs.js";
import { attr, h, text } from "./dom.js";
import { frame } from "./frame.js";
import { press } from "./link.js";
import { Showing } from "./overlay_show.js";
import { drawAnswer } from "./presses.js";
import { t } from "./t.js";

const LOOKS = ["title", "target", "top", "size", "side", "tone"];
const at = (id) => document.getElementById(id);
const form = at("make");

frame();

function choose() {
  const option = form.elements.kind.selectedOptions[0];
  for (const label of form.querySelectorAll("[data-for]")) attr(label, "hidden", !label.dataset.for.split(" ").includes(option.value));
  const titles = [...form.elements.kind.options].map((o) => o.dataset.title);
  if (titles.includes(form.elements.title.value)) form.elements.title.value = option.dataset.title;
}

/** What of the look does not stand in the token, as part of the address. */
function looks(kind) {
  const said = new FormData(form);
  const meant = LOOKS.filter((name) => said.get(name) && (name !== "target" || kind === "goal") && (name !== "top" || ["queue", "leaderboard"].includes(kind)));
  return Object.fromEntries(meant.map((name) => [name, said.get(name)]));
}

async function make(e) {
  e.preventDefault();
  const said = new FormData(form);
  const kind = said.get("kind");
  const answer = await press("/api/overlays", {
    kind,
    name: said.get("name"),
    of: said.get(`of-${kind}`) ?? "",
    nameless: said.get("nameless") === "1",
  });
  drawAnswer(at("make-words"), answer.ok ? { tone: "good", words: t("Made. Its address stands beside.") } : { tone: "bad", words: answer.error });
  if (answer.ok) show(answer, said);
}

function show({ id, kind, path }, said) {
  const asked = looks(kind);
  const address = new URL(path, location.origin);
  for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
  at("address").value = address.href;
  at("open").href = address.href;
  text(at("copied"), "");
  attr(at("fresh"), "hidden", false);
  const preview = h("div", { class: "overlay", "data-kind": kind });
  at("preview").replaceWith(preview);
  preview.id = "preview";
  new Showing(preview, path.replace(`/${kind}?`, `/${kind}/data?`), asked).run();
  const name = said.get("name");
  const button = h("button", { class: "btn danger", type: "button", "data-revoke": id, "aria-label": t("Remove {name}", { name }) }, t("Remove…"));
  at("made").append(h("li", { class: "card", "data-id": id },
    h("div", { class: "what" }, h("h3", {}, h("bdi", {}, name)), h("p", { class: "sub" }, t("Made just now"))), h("div", { class: "acts" }, button)));
  at("fresh").focus();
  at("fresh").scrollIntoView({ block: "nearest" });
}

async function copy() {
  const field = at("address");
  field.select();
  let done = false;
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(field.value);
      done = true;
    } else done = document.execCommand("copy"); // pages without TLS have no clipboard
  } catch {
    done = false;
  }
  text(at("copied"), done ? t("Copied.") : t("This browser does not let a page copy: the address is marked, press Ctrl+C."));
}

async function ask(button) {
  const item = button.closest("li");
  text(at("sure-words"), t("Remove {name}? Its address shows nothing from then on; a stream that has it goes blank.", { name: item.querySelector("h3").textContent }));
  if ((await asked(at("sure"))) === "yes") revoke(button, item);
}

async function revoke(button, item) {
  attr(button, "disabled", true);
  const answer = await press(`/api/overlays/${button.dataset.revoke}/revoke`, {});
  if (answer.ok || answer.status === 404) item.remove();
  else {
    attr(button, "disabled", false);
    drawAnswer(at("make-words"), { tone: "bad", words: answer.error });
  }
}

form.elements.kind.addEventListener("change", choose);
form.addEventListener("submit", make);
at("copy").addEventListener("click", copy);
at("made").addEventListener("click", (e) => e.target.dataset.revoke && ask(e.target));
choose();
