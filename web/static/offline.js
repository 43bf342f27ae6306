// Tries until the page answers, then shows what was asked for.

const TRY_MS = 2000;
const node = document.getElementById("since");
const time = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format();
node.textContent = node.dataset.words.replace("{time}", time);

for (;;) {
  await new Promise((go) => setTimeout(go, TRY_MS));
  const answer = await fetch("/manifest.webmanifest", { cache: "no-store" }).catch(() => null);
  if (answer?.ok) break;
}
if (location.pathname === "/offline") location.replace("/");
else location.reload();
