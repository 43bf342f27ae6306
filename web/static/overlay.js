// An overlay on a stream: all that it is told stands in its address.

import { Showing } from "./overlay_show.js";

const node = document.getElementById("overlay");
const asked = new URLSearchParams(location.search);
const path = `${node.dataset.path}?${new URLSearchParams({ token: asked.get("token") ?? "" })}`;
new Showing(node, path, { title: node.dataset.title, ...Object.fromEntries(asked) }).run();
