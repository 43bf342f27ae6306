"""What the page shows, as rows with versions: one thread writes, every other reads and waits."""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from gateway.messages import stamp
from web.feed import MAX_ACTIONS, MAX_EVENTS, MAX_SAID
from web.venue import Key

LIMITS = {"event": MAX_EVENTS, "action": MAX_ACTIONS, "announcement": MAX_SAID}
"""Of rows that only ever come: the newest so many are kept."""
MEMO = 8
"""Answers kept: phones that listen ask from the same few versions."""


class Rows:
    """``instance`` names this run, so that a phone never mistakes another run's version for ours."""

    def __init__(self, instance: str) -> None:
        self.instance = instance
        self.closed = False
        self._changed = threading.Condition()
        self._version = 0
        self._rows: dict[Key, tuple[int, Raw]] = {}
        self._memo: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def put(self, changed: Mapping[Key, Any]) -> None:
        """Take rows, None for one that is no more. Without a real change nobody is woken."""
        encoded = {key: Raw(msgspec.json.encode(row)) for key, row in changed.items()}
        with self._changed:
            new = {k: b for k, b in encoded.items() if k not in self._rows or self._rows[k][1] != b}
            if not new:
                return
            self._version += 1
            for key, body in new.items():
                self._rows.pop(key, None)  # the newest stand last
                self._rows[key] = (self._version, body)
            for kind, limit in LIMITS.items():
                self._trim(kind, limit)
            self._changed.notify_all()

    def _trim(self, kind: str, limit: int) -> None:
        names = [key for key in self._rows if key[0] == kind]
        for key in names[: max(0, len(names) - limit)]:
            del self._rows[key]

    def changes(self, since: int) -> tuple[int, bytes]:
        """Version and JSON of every row that changed after version ``since``; 0 gives them all.

        The same bytes serve every phone that asks from the same version.
        """
        with self._changed:
            version = self._version
            if since > version:
                since = 0
            body = self._memo.get((since, version))
            if body is None:
                rows: dict[str, dict[str, Raw]] = {}
                for (kind, name), (changed, row) in self._rows.items():
                    if changed > since:
                        rows.setdefault(kind, {})[name] = row
                told = {
                    "instance": self.instance,
                    "version": version,
                    "full": since == 0,
                    "now": stamp(time.time()),
                    "rows": rows,
                }
                body = msgspec.json.encode(told)
                if since != version:  # a heartbeat tells the time, so it is made anew
                    self._memo[since, version] = body
                    if len(self._memo) > MEMO:
                        self._memo.popitem(last=False)
            return version, body

    def of(self, kind: str) -> dict[str, Any]:
        """The rows of one kind by name, the oldest first, without what is no more."""
        with self._changed:
            found = {name: row for (k, name), (_, row) in self._rows.items() if k == kind}
        decoded = ((name, msgspec.json.decode(row)) for name, row in found.items())
        return {name: row for name, row in decoded if row is not None}

    def of_the_stop(self) -> bytes:
        """What a stranger may know, so that their stop button tells the truth: of the stop, and who is there."""
        with self._changed:
            found = {
                key: row for key, (_changed, row) in self._rows.items() if key[0] in ("stop", "link", "gateway")
            }
            version = self._version
        rows: dict[str, dict[str, Any]] = {}
        for (kind, name), row in found.items():
            rows.setdefault(kind, {})[name] = _presence(row) if kind == "gateway" else row
        told = {
            "instance": self.instance,
            "version": version,
            "full": False,
            "now": stamp(time.time()),
            "rows": rows,
        }
        return msgspec.json.encode({**told, "signed_out": True})

    def wait(self, since: int, timeout: float) -> None:
        """Return when there is something after version ``since``, at the end, or after ``timeout`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > since or self.closed, timeout)

    def close(self) -> None:
        """The end: wake everyone who waits."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()


def _presence(gateway: Raw) -> Any:
    """Of a gateway's row only whether it is there."""
    row = msgspec.json.decode(gateway)
    return row and {"availability": row.get("availability")}
