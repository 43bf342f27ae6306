// The wiring of a station: pins that say what is on them, and only the settings that mean something.

import { attr, fill, h } from "./dom.js";
import { frame } from "./frame.js";
import { read } from "./link.js";
import { restarting } from "./restart.js";
import { SettingsForm } from "./settings_form.js";
import { t } from "./t.js";

const at = (id) => document.getElementById(id);
const place = at("form").dataset;
const main = document.querySelector("main");
let pins = JSON.parse(place.pins);
let follow = () => {};
const { store } = frame({ draw: () => follow() });

const channels = () => [...main.querySelectorAll("[data-map] > [data-entry]")].filter((entry) => entry.querySelector("[data-pins]") && entry.dataset.state !== "gone");
const field = (entry, name) => [...entry.querySelectorAll(".field")].find((f) => JSON.parse(f.dataset.path).at(-1) === name);
const nameOf = (entry) => JSON.parse(entry.dataset.block).at(-1);

/** Which pins there are, what is on them, and which of them this kind of channel cannot use. */
function drawPins() {
  const taken = new Map(channels().map((entry) => [entry.querySelector("[data-pins]").value, nameOf(entry)]));
  for (const entry of channels()) {
    const select = entry.querySelector("[data-pins]");
    const kind = field(entry, "kind").querySelector("select").value;
    const now = select.value;
    const known = pins.some(({ pin }) => String(pin) === now) || !now ? pins : [...pins, { pin: Number(now), analog: "", kinds: [] }];
    fill(select, [known, kind, now, [...taken]], () => [
      !now && h("option", { value: "" }, "–"),
      ...known.map(({ pin, analog, kinds }) => {
        const by = taken.get(String(pin));
        const words = [analog, by && by !== nameOf(entry) ? t("taken by {name}", { name: by }) : "", kind && !kinds.includes(kind) ? t("not for {kind}", { kind }) : ""];
        return h("option", { value: pin, selected: String(pin) === now }, [`${pin}`, ...words.filter(Boolean)].join(" · "));
      }),
    ]);
    select.value = now;
    for (const one of entry.querySelectorAll("[data-only]")) {
      const means = !kind || one.dataset.only.split(" ").includes(kind);
      const said = [...one.querySelectorAll("input, select, textarea")].some((each) => (each.type === "checkbox" ? each.checked : each.value));
      attr(one, "hidden", !means && !said);
    }
  }
  const list = at("channels");
  const names = channels().map(nameOf);
  fill(list, names, () => names.map((value) => h("option", { value })));
}

const form = new SettingsForm(main, { gateway: place.gateway, fingerprint: place.fingerprint });
form.onadd = drawPins;
follow = restarting(store);
main.addEventListener("change", async (e) => {
  const of = e.target.closest(".field");
  if (of && of.dataset.path.endsWith('"board","kind"]')) pins = (await read(`/api/pins/${e.target.value || "uno"}`)).pins;
  drawPins();
});
main.addEventListener("click", () => drawPins());
drawPins();

at("remove")?.addEventListener("click", () => {
  attr(at("remove"), "hidden", true);
  attr(at("sure"), "hidden", false);
  at("not").focus();
});
at("not")?.addEventListener("click", () => {
  attr(at("remove"), "hidden", false);
  attr(at("sure"), "hidden", true);
  at("remove").focus();
});
at("really")?.addEventListener("click", () => {
  form.save([{ path: JSON.parse(at("remove").dataset.path) }], () => location.assign(`/settings?gateway=${place.gateway}`));
});
