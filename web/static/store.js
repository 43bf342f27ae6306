// What the page knows: rows by kind and id, merged from snapshots and deltas.

const KEEP = { event: 60, action: 40, announcement: 5 };

export class Store {
  constructor() {
    this.kinds = new Map();
    this.offset = 0; // server clock minus ours, in ms: phones' clocks are often wrong
    this.ready = false;
    this.signedOut = false; // then only the stop is told
  }

  take(message) {
    if (message.full) this.kinds.clear();
    this.signedOut = !!message.signed_out;
    this.offset = Date.parse(message.now) - Date.now();
    for (const [kind, rows] of Object.entries(message.rows)) {
      const known = this.rows(kind);
      for (const [name, row] of Object.entries(rows)) {
        const all = row && message.signed_out ? { ...known.get(name), ...row } : row; // strangers are told a part
        known.delete(name); // what changed last stands last
        if (row !== null) known.set(name, all);
      }
      for (const name of known.keys()) {
        if (known.size <= (KEEP[kind] ?? Infinity)) break;
        known.delete(name);
      }
    }
    this.instance = message.instance; // another one: the server began anew
    this.ready = true;
  }

  rows(kind) {
    if (!this.kinds.has(kind)) this.kinds.set(kind, new Map());
    return this.kinds.get(kind);
  }

  get(kind, name) {
    return this.rows(kind).get(name) ?? null;
  }

  /** [id, row] pairs by id. */
  sorted(kind) {
    return [...this.rows(kind)].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** [id, row] pairs, newest first. */
  newest(kind) {
    return [...this.rows(kind)].reverse().sort(([, a], [, b]) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  }

  /** Seconds since a time of the server's clock. */
  since(stamp) {
    return (Date.now() + this.offset - Date.parse(stamp)) / 1000;
  }
}
