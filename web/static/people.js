// The ways in, the people and the audit log: plain forms and links; scripts add only the frame and a copy button.

import { attr, say, text } from "./dom.js";
import { frame } from "./frame.js";
import { t } from "./t.js";

frame();

const link = document.getElementById("invitation");
const copy = document.getElementById("copy");
if (link) {
  attr(copy, "hidden", false);
  copy.addEventListener("click", async () => {
    link.select();
    try {
      await navigator.clipboard.writeText(link.value); // not there without TLS
    } catch {
      document.execCommand("copy");
    }
    text(copy, t("Copied"));
    say(t("Copied"));
  });
}
