// The settings as a form: changes, a new station, the way back, restarts.

import { attr, fill, h, icon, text } from "./dom.js";
import { frame } from "./frame.js";
import { press } from "./link.js";
import { restarting } from "./restart.js";
import { SettingsForm } from "./settings_form.js";

const at = (id) => document.getElementById(id);
const root = at("form");
const place = { gateway: root.dataset.gateway, fingerprint: root.dataset.fingerprint };
const form = new SettingsForm(root, place);

let follow = () => {};
const { store } = frame({ draw: () => follow() });
follow = restarting(store);

at("new-station")?.addEventListener("submit", async (e) => {
  e.preventDefault();
  const said = Object.fromEntries(new FormData(e.target));
  const board = said.kind === "uno" ? { id: said.id } : { id: said.id, kind: said.kind };
  const station = { path: ["stations", said.name], value: { board, channels: {}, actions: {} } };
  const answer = await form.save([station], () => location.assign(`/stations/${said.name}/wiring?gateway=${place.gateway}`));
  const told = e.target.querySelector(".mistake");
  const words = answer?.ok ? "" : [...(answer?.mistakes ?? []).map((m) => m.words), answer?.mistakes?.length ? "" : answer?.error].filter(Boolean).join(" ");
  attr(told, "hidden", !words);
  fill(told, words, () => [icon("warn"), h("span", {}, words)]);
});

at("rollback")?.addEventListener("click", async () => {
  const answer = await press("/api/settings/rollback", { gateway: place.gateway });
  if (answer.ok) {
    form.leaving = true;
    location.reload();
    return;
  }
  attr(at("rolled"), "hidden", false);
  attr(at("rolled"), "data-tone", "bad");
  text(at("rolled"), answer.error);
});
