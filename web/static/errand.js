// What takes longer than a press may wait: begun by a press, followed by asking.

import { press, read } from "./link.js";

const LOOK_MS = 500;
const LOST = 20; // looks in vain, one after the other: it goes on while a phone is out of the Wi-Fi for a moment

/** Ask `path` until its `state` is not "running" any more; `show(state)` hears each. Gives the last, failed in words
 * when nothing more can be heard of it. */
export async function follow(path, state, show = () => {}) {
  let lost = 0;
  while (state.state === "running") {
    show(state);
    await new Promise((go) => setTimeout(go, LOOK_MS));
    try {
      state = await read(path);
      lost = 0;
    } catch (e) {
      if (e.status || ++lost === LOST) return { ...state, state: "failed", words: e.message };
    }
  }
  return state;
}

/** Begin it and wait for its end. Gives its result; throws an Error in words. `told(seconds)` hears that it goes on. */
export async function errand(path, body, told = () => {}) {
  const begun = await press(path, body);
  if (!begun.ok) throw new Error(begun.error);
  const since = performance.now();
  const state = await follow(`/api/system/errands/${begun.id}`, begun, () => told((performance.now() - since) / 1000));
  if (state.state === "failed") throw new Error(state.words);
  return state.result;
}
