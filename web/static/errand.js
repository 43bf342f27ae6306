// What takes longer than a press may wait: begun by a press, followed by asking.

import { press, read } from "./link.js";

const LOOK_MS = 500;

/** Begin it and wait for its end. Gives its result; throws an Error in words. `told(seconds)` hears that it goes on. */
export async function errand(path, body, told = () => {}) {
  const begun = await press(path, body);
  if (!begun.ok) throw new Error(begun.error);
  const since = performance.now();
  let state = begun;
  while (state.state === "running") {
    told((performance.now() - since) / 1000);
    await new Promise((go) => setTimeout(go, LOOK_MS));
    state = await read(`/api/system/errands/${begun.id}`);
  }
  if (state.state === "failed") throw new Error(state.words);
  return state.result;
}
