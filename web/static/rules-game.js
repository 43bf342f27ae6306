// A game's form: sent as it stands, and each mistake told at its field.

import { attr, text } from "./dom.js";
import { frame } from "./frame.js";
import { answerLine, drawAnswer, Presses } from "./presses.js";
import { t } from "./t.js";

const { gateway, template } = document.body.dataset;
const form = document.getElementById("game");
const answer = answerLine();
document.getElementById("told").append(answer);
const { redraw } = frame({ draw });
const presses = new Presses(redraw);

function draw(lost) {
  drawAnswer(answer, presses.get("game"));
  attr(form.querySelector("[type=submit]"), "disabled", !!lost || !gateway || !!presses.get("game")?.busy);
}

function mark(wrong) {
  let first = null;
  for (const field of form.querySelectorAll("[name]")) {
    const words = wrong[field.name] ?? "";
    const line = field.parentElement.querySelector(".mistake");
    text(line, words);
    attr(line, "hidden", !words);
    attr(field, "aria-invalid", words ? "true" : null);
    if (words) first ??= field;
  }
  first?.focus();
}

form.addEventListener("submit", async (e) => {
  e.preventDefault();
  const said = Object.fromEntries([...form.querySelectorAll("[name]:not([data-own])")].map((f) => [f.name, f.value]));
  const name = form.querySelector("[data-own]").value;
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(name)) {
    mark({});
    const own = form.querySelector("[data-own]");
    attr(own, "aria-invalid", "true");
    own.focus();
    return presses.tell("game", "bad", t("Give it a name of small letters, digits and -, that begins with a letter."));
  }
  const got = await presses.send("game", "/api/rules/games", { gateway, template, name, with: said }, t("Not added"),
    () => ["good", t("{name} is in the rules, and in force.", { name })]);
  mark(got?.fields ?? {});
  if (got?.ok) attr(document.getElementById("after"), "hidden", false);
  return got;
});
