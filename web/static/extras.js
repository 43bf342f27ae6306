// What is handy on every screen, and not needed: loaded after all else.

import { install } from "./install.js";
import { keys } from "./keys.js";
import { looks } from "./look.js";
import { panes } from "./panes.js";

document.querySelector(".ways [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }); // on a phone it may stand behind the edge
looks();
keys();
panes();
install();
