// The page as an app: its worker. Browsers allow one only over TLS, or on this machine.

const WORKER = "/sw.js";

/** Under Trusted Types an address of a script must come from a policy; this one knows a single address. */
function trusted() {
  if (!globalThis.trustedTypes) return WORKER;
  const only = (address) => {
    if (address !== WORKER) throw new TypeError(`not a script of this page: ${address}`);
    return address;
  };
  return trustedTypes.createPolicy("stagewire-worker", { createScriptURL: only }).createScriptURL(WORKER);
}

export function install() {
  navigator.serviceWorker?.register(trusted()).catch((e) => console.info(`The page is not kept for times without a network: ${e.message}`));
}
