// The service worker of an installed page. It keeps the page's own files of one version, and the screen that says that
// the page cannot be reached. Never a state and never a screen: an old venue on a phone would be a lie.
// `told` (version, files) stands before this (web/views/install.py).

const CACHE = `stagewire ${told.version}`;
const OFFLINE = "/offline";

async function keep() {
  const cache = await caches.open(CACHE);
  await cache.addAll([OFFLINE, ...told.files]);
  await self.skipWaiting();
}

async function forget() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  await self.clients.claim();
}

async function file(request) {
  const known = await caches.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok) await (await caches.open(CACHE)).put(request, answer.clone());
  return answer;
}

async function screen(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(OFFLINE)) ?? Response.error();
  }
}

self.addEventListener("install", (e) => e.waitUntil(keep()));
self.addEventListener("activate", (e) => e.waitUntil(forget()));
self.addEventListener("fetch", (e) => {
  const { pathname, origin } = new URL(e.request.url);
  if (e.request.method !== "GET" || origin !== location.origin) return;
  if (pathname.startsWith(`/static/${told.version}/`)) e.respondWith(file(e.request));
  else if (e.request.mode === "navigate" && !pathname.startsWith("/overlay/")) e.respondWith(screen(e.request));
});
