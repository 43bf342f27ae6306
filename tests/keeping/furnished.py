"""A venue with everything that a backup may hold, in files as the gateway itself writes them."""

import asyncio
from pathlib import Path

from gateway.journal import Journal
from gateway.messages import Event
from gateway.rulebook.history import History
from gateway.settings.load import Config, load
from gateway.stats.storage import CrashSafeFile
from tests import records

SETTINGS = """\
venue: hall
broker: {username: gateway, password_file: secrets/broker.password}
connector:
  tiktok: {sign_key_file: sign.key}
  privacy: pseudonymous
gateway: {data: data, backup: {at: "30 4 * * *", folder: backups, keep: 3}}
sounds:
  gong: {file: sounds/gong.wav}
webhooks:
  lights: {url_file: lights.url, header_file: lights.headers}
"""
RULES = """\
rules:
  rose: {when: {gift: {name: Rose}}, then: [{announce: Thanks}]}
"""
SECRETS = {
    "secrets/broker.password": "open-sesame-5417",
    "sign.key": "sign-me-8821",
    "lights.url": "https://lights.example/hook/9307",
    "lights.headers": "Authorization: Bearer 2266-4410",
    "privacy.key": "0123456789abcdef0123456789abcdef",
}
PASSPHRASE = "four words are enough"
WAVE = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(300)


def furnish(folder: Path, settings: str = SETTINGS, events: int = 20) -> Config:
    """Journal, statistics, rules with a history, a sound, secrets."""
    texts = {"stagewire.yaml": settings, "rules.yaml": RULES, **SECRETS}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o600 if name in SECRETS else 0o644)
    (folder / "sounds").mkdir()
    (folder / "sounds" / "gong.wav").write_bytes(WAVE)
    data = folder / "data"
    write_journal(data, [records.gift("old", records.NOON - 40 * 86400)], at=records.NOON - 40 * 86400)
    write_journal(data, [records.gift(f"g-{n}", records.NOON + n) for n in range(events)])
    for name in ("stats.json", "sessions-2026.json", "sessions/s-1.json", "leaders.json"):
        CrashSafeFile(data / name).write({})
    CrashSafeFile(data / "stats.json").write({"meta": {"1": {"mark": events}}})
    History(data / "rules", lambda: records.NOON).keep(RULES.encode())
    (data / "exports").mkdir()
    (data / "exports" / "sessions.csv").write_text("made anew when it is wanted\n")
    return load(folder / "stagewire.yaml")


def write_journal(data: Path, events: list[Event], at: float = records.NOON) -> None:
    """Through the gateway's own writer, as if it were ``at``."""

    async def write() -> None:
        journal = Journal(data, clock=lambda: at)
        await journal.open()
        for number, event in enumerate(events, 1):
            journal.append(event, state={"counter": b"%d" % number})
        await journal.close()

    asyncio.run(write())


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder`` but locks, by its path there."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
