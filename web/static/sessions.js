// The list of sessions, two side by side, and what cannot be shown: the frame, and exports where there is a form.

import { exporting } from "./export.js";
import { frame } from "./frame.js";

frame();
exporting();
