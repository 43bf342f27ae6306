// The road to the server: an event stream, polling when all streams are taken, and presses.
// Silence is the signal: the server says something every second, so 2.5 s of nothing means it is gone.

import { t } from "./t.js";

const SILENCE_MS = 2500;
const POLL_MS = 1000;
const POLL_WAIT_MS = 1500;
const BACK_TO_STREAM_MS = 30000;
const PRESS_MS = 4500; // longer than the server waits for a gateway

const TOKEN = document.querySelector("meta[name=csrf-token]")?.content ?? "";

/** fetch that gives up; AbortSignal.timeout is younger than many phones. */
async function ask(path, timeout, options = {}) {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), timeout);
  try {
    const answer = await fetch(path, { ...options, signal: control.signal });
    return { ok: answer.ok, status: answer.status, body: await answer.json() };
  } finally {
    clearTimeout(timer);
  }
}

export class Link {
  /** `onChange(message)` gets every snapshot or delta. */
  constructor(onChange) {
    this.onChange = onChange;
    this.heard = performance.now();
    this.cursor = "";
    this.polling = null;
    this.stream = null;
    this.opened = 0;
    if (document.body.dataset.role) this.open();
    else this.poll(); // a stranger sees the stop, and gets no stream
    setInterval(() => this.watch(), 500);
    document.addEventListener("visibilitychange", () => this.watch());
    addEventListener("online", () => this.watch());
    addEventListener("pagehide", () => this.stream?.close());
    addEventListener("pageshow", (e) => e.persisted && this.open());
  }

  /** Seconds since the server was last heard, 0 while all is well. */
  get silent() {
    const gap = performance.now() - this.heard;
    return this.refused || gap > SILENCE_MS ? Math.max(gap / 1000, 0.001) : 0;
  }

  open() {
    this.stream?.close();
    this.opened = performance.now();
    this.polling = null;
    const stream = (this.stream = new EventSource(`/api/events?since=${this.cursor}`));
    stream.onmessage = (e) => this.take(JSON.parse(e.data));
    stream.onerror = () => {
      if (stream !== this.stream) return;
      if (stream.readyState === EventSource.CLOSED) this.poll(); // answered, but not with a stream
      else this.refused = true; // cut off: known at once, without waiting for the silence
    };
  }

  watch() {
    const now = performance.now();
    if (this.polling) {
      if (document.body.dataset.role && now - this.opened > BACK_TO_STREAM_MS) this.open();
    } else if (now - Math.max(this.heard, this.opened) > SILENCE_MS) this.open();
  }

  async poll() {
    const run = (this.polling = {}); // this loop ends when another begins
    while (this.polling === run) {
      try {
        const answer = await ask(`/api/snapshot?since=${this.cursor}`, POLL_WAIT_MS, { cache: "no-store" });
        if (answer.ok) this.take(answer.body);
      } catch {
        this.refused = true;
      }
      await new Promise((go) => setTimeout(go, POLL_MS));
    }
  }

  take(message) {
    this.heard = performance.now();
    this.refused = false;
    this.cursor = `${message.instance}.${message.version}`;
    this.onChange(message);
  }
}

const READ_MS = 20000; // a large journal on a small machine
const BUSY_TRIES = 5;

/** GET something of the past, waiting while the server is busy. Throws an Error in words; `status`: of an answer. */
export async function read(path) {
  for (let tries = 1; ; tries++) {
    let answer;
    try {
      answer = await ask(path, READ_MS, { cache: "no-store" });
    } catch {
      throw new Error(t("The page's server does not answer."));
    }
    if (answer.ok) return answer.body;
    if (answer.status !== 503 || tries === BUSY_TRIES) throw Object.assign(new Error(answer.body.error), { status: answer.status });
    await new Promise((go) => setTimeout(go, 1000));
  }
}

/** POST a press. Resolves to {ok, status, ...answer}; `status` 0 means that nobody answered. */
export async function press(path, body, timeout = PRESS_MS) {
  try {
    const { body: answer, ok, status } = await ask(path, timeout, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": TOKEN },
      body: JSON.stringify(body),
    });
    return { ...answer, ok, status };
  } catch {
    return { ok: false, status: 0, error: t("The page's server does not answer: look whether it heard you before you press again.") };
  }
}
