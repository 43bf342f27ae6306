// What somebody typed into the editor and has not saved: kept in this tab, so that no error, no reload and no gateway
// that is away loses a letter of it.

const key = (gateway) => `rules-draft:${gateway}`;

/** {text, fingerprint (of the file that it was made from), at}, or null. */
export function draft(gateway) {
  try {
    return JSON.parse(sessionStorage.getItem(key(gateway)));
  } catch {
    return null;
  }
}

export const keep = (gateway, text, fingerprint) =>
  sessionStorage.setItem(key(gateway), JSON.stringify({ text, fingerprint, at: new Date().toISOString() }));

export const forget = (gateway) => sessionStorage.removeItem(key(gateway));
