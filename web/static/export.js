// An export: begun by its form, followed by polling, cancelled by its button.

import { attr, say, text } from "./dom.js";
import { follow } from "./errand.js";
import { press, read } from "./link.js";
import { t } from "./t.js";
import { size } from "./words.js";

const KEPT = "export"; // a screen that is loaded anew follows the export that it began
const at = (id) => document.getElementById(id);

function order(form) {
  const said = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  return { ...said, practice: said.practice === "1", rows: said.rows === "1" };
}

function show(state) {
  const running = state.state === "running";
  const part = state.total ? state.done / state.total : 0;
  const words = {
    running: t("Exporting… {percent} %", { percent: Math.floor(100 * part) }),
    done: `${t("Ready: {name}, {size}.", { name: state.name, size: size(state.size) })} ${state.words}`,
    cancelled: state.words,
    failed: state.words,
  };
  attr(at("exporting"), "hidden", false);
  attr(at("exporting"), "data-state", state.state);
  text(at("export-words"), words[state.state]);
  const progress = at("export-progress");
  attr(progress, "hidden", !running);
  if (state.total) progress.value = part;
  else progress.removeAttribute("value"); // not known yet
  attr(at("export-cancel"), "hidden", !running);
  const file = at("export-file");
  const hadFocus = document.activeElement === at("export-cancel");
  attr(file, "hidden", state.state !== "done");
  if (state.state === "done") {
    attr(file, "href", `/api/exports/${state.id}/file`);
    attr(file, "download", state.name);
    if (hadFocus) file.focus();
  }
  attr(at("export").querySelector("button"), "disabled", running);
}

async function watch(state) {
  sessionStorage.setItem(KEPT, state.id);
  const last = await follow(`/api/exports/${state.id}`, state, show);
  show(last);
  say(at("export-words").textContent);
  if (last.state !== "done") sessionStorage.removeItem(KEPT);
}

/** Bring the screen's form for exports to life, where it has one. */
export function exporting() {
  const form = at("export");
  if (!form) return;
  let now = "";
  const go = (state) => {
    now = state.id;
    return watch(state);
  };
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const answer = await press("/api/exports", order(form));
    if (answer.ok) await go(answer);
    else {
      show({ state: "failed", words: answer.error });
      say(answer.error);
    }
  });
  at("export-cancel").addEventListener("click", () => press(`/api/exports/${now}/cancel`, {}));
  const kept = sessionStorage.getItem(KEPT);
  if (kept) read(`/api/exports/${kept}`).then(go, () => sessionStorage.removeItem(KEPT));
}
