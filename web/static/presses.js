// Presses that a gateway answers: what each of them has become, in the gateway's words, and which is being asked
// about first.

import { attr, bdi, fill, h, icon, say } from "./dom.js";
import { press } from "./link.js";

const ASK_MS = 10000; // a question nobody answers goes away
const TOLD_MS = 8000;

export class Presses {
  constructor(redraw) {
    this.redraw = redraw;
    this.told = new Map();
    this.question = { key: "", since: 0 };
  }

  /** {busy, tone, words} of the press `key`; null when there is nothing to say of it (any more). */
  get(key) {
    const told = this.told.get(key);
    if (told && !told.busy && performance.now() - told.since > TOLD_MS) this.told.delete(key);
    return this.told.get(key) ?? null;
  }

  tell(key, tone, words) {
    this.told.set(key, { tone, words, since: performance.now() });
    say(words);
    this.redraw();
  }

  /** Ask before `key` is pressed; "" takes the question back. */
  ask(key) {
    this.question = { key, since: performance.now() };
    this.redraw();
  }

  asks(key) {
    return this.question.key === key && performance.now() - this.question.since < ASK_MS;
  }

  /**
   * Press; `done(answer)` gives [tone, words] of a yes, `not` begins the words of a gateway's no. Where nobody said
   * no, nothing is claimed. Gives the answer.
   */
  async send(key, path, body, not, done) {
    if (this.told.get(key)?.busy) return null;
    this.told.set(key, { busy: true });
    this.ask("");
    const answer = await press(path, body);
    this.tell(key, ...(answer.ok ? done(answer) : ["bad", answer.status === 409 ? `${not}: ${answer.error}` : sentence(answer.error)]));
    return answer;
  }
}

const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}.`.replace(/\.\.$/, ".");
const MARKS = { good: "ok", warn: "warn", bad: "no", busy: "wait" };

export const answerLine = () => h("p", { class: "told", hidden: true });

/** Buttons whose press is under way; a second press of them does nothing. */
export const drawBusy = (node, told) => attr(node, "aria-busy", !!told?.busy && "true");

/**
 * Bring an answer's line up to date. It stands in the place of `usual`: what comes and goes must not move the buttons
 * under a thumb.
 */
export function drawAnswer(node, told, usual = null) {
  const words = told?.words ?? "";
  if (usual) attr(usual, "hidden", !!words);
  attr(node, "hidden", !words);
  attr(node, "data-tone", words && told.tone);
  fill(node, [words, told?.tone], () => [words && icon(MARKS[told.tone]), bdi(words)]);
}
