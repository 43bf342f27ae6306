// Light or dark: as the phone has it, or as a person chose on it. The server draws with it from the first moment
// (web/looks.py).

import { attr } from "./dom.js";

const A_YEAR_S = 365 * 24 * 3600;
const LOOKS = {
  auto: ["light dark", "(prefers-color-scheme: dark)"],
  light: ["light", "not all"],
  dark: ["dark", "all"],
};

const chosen = () => /(?:^|; )look=(light|dark)/.exec(document.cookie)?.[1] ?? "auto";

function choose(look) {
  document.cookie = `look=${look}; path=/; samesite=lax; max-age=${look === "auto" ? 0 : A_YEAR_S}`;
  const [scheme, media] = LOOKS[look];
  document.querySelector('meta[name="color-scheme"]').content = scheme;
  document.getElementById("dark").media = media;
  document.dispatchEvent(new Event("look"));
}

export function looks() {
  const group = document.getElementById("looks");
  const draw = () => {
    for (const button of group.children) attr(button, "aria-pressed", String(button.dataset.look === chosen()));
  };
  group.addEventListener("click", (e) => {
    if (!e.target.dataset.look) return;
    choose(e.target.dataset.look);
    draw();
  });
  draw();
  attr(group, "hidden", false);
}
