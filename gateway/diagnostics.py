"""What somebody needs to help with a gateway, and nothing of people or secrets: the request ``diagnostics``.

Longer than a message, so it is fetched in pieces: the first asks for offset 0, which makes it anew.
"""

import asyncio
import os
import platform
import secrets
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from gateway import __version__
from gateway import messages as m
from gateway.errors import SettingsError, StorageError
from gateway.errors_seen import ErrorsSeen
from gateway.journal.months import count, months
from gateway.keeping import inventory
from gateway.requests import Answer
from gateway.scrub import Scrub
from gateway.settings.load import Config
from gateway.settings.models import RuleBook
from gateway.settings.secrets import read_secret

PARTS = ("about", "settings", "rules", "data", "traces", "errors", "log")
PIECE = 8000
"""Characters of one answer; six bytes each in the worst case, and a message is 64 KiB."""
TRACES = 50
MOST_FILES = 200
"""Told by name; a venue of many years has a hundred thousand sessions, a file each."""
EXPECTED = f"expected params: {{part: {', '.join(PARTS)}; offset: a number}}"


class Diagnostics:
    """``rules``: those in force; ``traces``: the last ones, the newest first; ``health``: as it is now. ``asked``
    answers {text, next}: ``next`` is the offset of the piece that follows, absent after the last."""

    def __init__(
        self,
        config: Config,
        errors: ErrorsSeen,
        rules: Callable[[], RuleBook],
        traces: Callable[[int], Iterable[m.Trace]],
        health: Callable[[], m.GatewayHealth],
    ) -> None:
        self._config, self._errors = config, errors
        self._rules, self._traces, self._health = rules, traces, health
        self._key = secrets.token_bytes(16)
        self._texts: dict[str, str] = {}

    async def asked(self, request: m.Request) -> Answer:
        part, offset = request.params.get("part"), request.params.get("offset", 0)
        if part not in PARTS or isinstance(offset, bool) or not isinstance(offset, int) or offset < 0:
            return EXPECTED, {}
        part = str(part)
        if offset == 0 or part not in self._texts:
            self._texts[part] = await self._make(part)
        text = self._texts[part]
        result: dict[str, Any] = {"text": text[offset : offset + PIECE]}
        if offset + PIECE < len(text):
            result["next"] = offset + PIECE
        return "", result

    async def _make(self, part: str) -> str:
        # What the loop owns is taken here; looking for every name in every line takes seconds, on a thread.
        traces, rules, about = list(self._traces(sys.maxsize)), self._rules(), self._about()
        return await asyncio.to_thread(self._write, part, traces, rules, about)

    def _write(self, part: str, traces: list[m.Trace], rules: RuleBook, about: dict[str, Any]) -> str:
        scrub = Scrub(self._key, self._secrets(), [*self._people(), *_viewers(traces)])
        match part:
            case "about":
                return _json(scrub.words(about))
            case "settings":
                return _json(scrub.settings(msgspec.to_builtins(self._config.settings)))
            case "rules":
                return _json(scrub.settings(msgspec.to_builtins(rules)))
            case "data":
                return _json(scrub.words(_data(inventory.data_folder(self._config))))
            case "traces":
                return _json([_trace(t, scrub) for t in traces[:TRACES]])
            case "errors":
                return _json(scrub.words(msgspec.to_builtins(self._errors.seen())))
        return "".join(scrub.text(line) + "\n" for line in self._errors.lines())

    def _about(self) -> dict[str, Any]:
        return {"stagewire": __version__, **machine(), "health": msgspec.to_builtins(self._health())}

    def _secrets(self) -> list[str]:
        """What stands in the files of mode 0600 and in the environment, to be found wherever it slipped to."""
        found = [value for name, value in os.environ.items() if name.startswith("STAGEWIRE_")]
        for file in inventory.secrets(self._config):
            with suppress(SettingsError):  # missing, or open to others: its owner is told elsewhere
                whole = read_secret(file.path, file.setting)
                # A header is a name and its value; either may have slipped.
                found += [
                    whole,
                    *(part for line in whole.splitlines() for part in (line, line.partition(": ")[2])),
                ]
        return found

    def _people(self) -> list[str]:
        s = self._config.settings
        return [account.username for account in s.accounts.values()] + [s.broker.username or ""]


def machine() -> dict[str, Any]:
    """This machine and this Python, without its name."""
    return {
        "python": sys.version.split()[0],
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count(),
    }


def _data(folder: Path) -> dict[str, Any]:
    files: dict[str, int] = {}
    with suppress(OSError):  # a folder that cannot be read has told so in its own words
        for path in folder.rglob("*"):
            if path.is_file():
                files[str(path.relative_to(folder))] = path.stat().st_size
    largest = sorted(files, key=lambda name: files[name], reverse=True)[:MOST_FILES]
    rows: dict[str, int | str] = {}
    try:
        for month in months(folder):
            rows[month.path.name] = count(month.path)
    except (OSError, StorageError) as e:
        rows["trouble"] = str(e)
    sums = {"files": len(files), "bytes": sum(files.values())}
    return {**sums, "largest": {name: files[name] for name in largest}, "records": rows}


def _viewers(traces: Iterable[m.Trace]) -> Iterable[str]:
    """Who is known from what happened last."""
    for trace in traces:
        user = getattr(trace.event and getattr(trace.event, "data", None), "user", None)
        if isinstance(user, m.User):
            yield from (user.name, user.nickname)
        for traced in trace.commands:
            yield traced.command.user


def _trace(trace: m.Trace, scrub: Scrub) -> dict[str, Any]:
    """Which rule said what, which station did what, and when; nobody's name, nobody's words."""
    told: dict[str, Any] = {}
    if (event := trace.event) is not None:
        told["event"] = {
            "id": scrub.pseudonym(event.id),
            "kind": m.KINDS[type(event)],
            "time": event.time,
            "received": event.received,
            "account": event.account,
            "simulated": event.simulated,
            "stale": event.stale,
        }
    if trace.decided is not None:
        told["rules"] = [
            {"rule": r.rule, "outcome": r.outcome.value, "times": r.times}
            for r in trace.decided.reasons
            if r.outcome is not m.Outcome.NO_MATCH
        ]
    told["commands"] = [
        {
            "station": c.command.station,
            "action": c.command.work,
            "expires_at": c.command.expires_at,
            "steps": [
                {"status": a.status.value, "reason": scrub.text(a.reason), "latency_ms": a.latency_ms}
                for a in c.steps
            ],
        }
        for c in trace.commands
    ]
    return told


def _json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode() + "\n"
