// The settings file as a text: checked, saved, and mistakes that lead to their line.

import { attr, fill, h, icon, say, text } from "./dom.js";
import { frame } from "./frame.js";
import { press } from "./link.js";
import { n, t } from "./t.js";

const SAVE_MS = 15000;
const at = (id) => document.getElementById(id);
const root = at("raw");
const area = at("text");
let was = area?.value ?? "";
let fingerprint = root.dataset.fingerprint;

frame();

function tell(tone, words) {
  attr(at("told"), "hidden", !words);
  attr(at("told"), "data-tone", tone);
  fill(at("told"), [tone, words], () => [icon(tone === "good" ? "ok" : "warn"), h("span", {}, words)]);
  say(words);
}

/** Put the cursor where the line begins, in sight. */
function go(line) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  area.scrollTop = Math.max(0, (line - 6) * parseFloat(getComputedStyle(area).lineHeight));
}

function complain(mistakes) {
  attr(at("mistakes"), "hidden", !mistakes.length);
  attr(area, "aria-invalid", mistakes.length > 0 && "true");
  fill(at("mistakes"), mistakes, () => mistakes.map(({ line, path, words }) => h("li", {},
    h("button", { class: "btn quiet", type: "button", onclick: () => go(line) }, t("Line {line}", { line })),
    h("span", {}, path.length ? `${path.join(".")}: ${words}` : words))));
}

async function ask(path, body) {
  const answer = await press(path, { gateway: root.dataset.gateway, text: area.value, ...body }, SAVE_MS);
  complain(answer.mistakes ?? []);
  const count = answer.mistakes?.length ?? 0;
  if (count) tell("bad", n("{count} mistake: nothing was saved.", "{count} mistakes: nothing was saved.", count));
  return answer;
}

async function check() {
  const answer = await ask("/api/settings/check", {});
  if (!answer.ok) tell("bad", answer.error);
  else if (!answer.mistakes.length) tell(answer.rules.length ? "warn" : "good", answer.rules.length ? `${t("With these settings some rules do not run:")} ${answer.rules.join(" ")}` : t("No mistakes. Nothing is saved yet."));
}

async function save() {
  const answer = await ask("/api/settings/text", { fingerprint });
  if (answer.ok) {
    was = area.value;
    location.assign(`/settings?gateway=${root.dataset.gateway}`);
  } else if (answer.values) {
    tell("warn", answer.error);
    const theirs = await (await fetch(`/api/settings/text?gateway=${root.dataset.gateway}`)).json();
    attr(at("theirs"), "hidden", false);
    text(at("theirs").querySelector("pre"), theirs.text);
    at("theirs").theirs = theirs;
  } else if (!answer.mistakes?.length) tell("bad", answer.error);
}

at("check")?.addEventListener("click", check);
at("save")?.addEventListener("click", save);
at("over")?.addEventListener("click", () => {
  fingerprint = at("theirs").theirs.fingerprint;
  attr(at("theirs"), "hidden", true);
  save();
});
at("take")?.addEventListener("click", () => {
  const { text: said, fingerprint: print } = at("theirs").theirs;
  area.value = was = said;
  fingerprint = print;
  attr(at("theirs"), "hidden", true);
  tell("good", t("This is the file as it stands."));
});
addEventListener("beforeunload", (e) => area && area.value !== was && e.preventDefault());
