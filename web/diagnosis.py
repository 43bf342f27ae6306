"""One file for whoever helps: what gateways and the page know of themselves, and nothing of people or secrets."""

import io
import secrets
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import msgspec

from gateway.diagnostics import PARTS, machine
from gateway.errors import BusError, PayloadError
from gateway.messages import stamp
from gateway.scrub import Scrub
from web.parts import Parts

MOST_PIECES = 500
"""Of one part; a gateway that never comes to an end is not followed."""
TOLD = ("gateway", "station", "connector", "link", "mode", "account")
"""Rows of the page that go with it, those of accounts without their names."""
README = """\
Diagnostics of the Stagewire venue {venue}, made {at}.

Left out, wherever they were found: passwords, keys and addresses; viewers' names, ids and words; names of users.
An id became a pseudonym (#1a2b3c4d), the same wherever it stands in one folder; of texts of the settings only the
length is told. Look through it all the same before you send it to somebody.

page/        the page itself: health, errors, the last lines of its log
venue.json   stations, gateways and accounts as the page sees them
<gateway>/   of each gateway: about it, settings, rules, files and records of its data folder, what happened last
             and what became of it, errors, the last lines of its log
"""


def make(parts: Parts, by: str, page: dict[str, Any]) -> bytes:
    """A zip. ``page``: ``Condition.now``. A gateway that does not answer is told as that."""
    at = stamp(time.time())
    rows = msgspec.json.decode(parts.source.rows.changes(0)[1])["rows"]
    scrub = Scrub(secrets.token_bytes(16), (), _people(parts, rows))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("README.txt", README.format(venue=parts.source.venue, at=at))
        z.writestr("page/about.json", _json({**machine(), **page}))
        z.writestr("page/errors.json", _json(scrub.words(msgspec.to_builtins(parts.condition.errors.seen()))))
        z.writestr("page/log.txt", "".join(f"{scrub.text(line)}\n" for line in parts.condition.errors.lines()))
        z.writestr("venue.json", _json(scrub.words({kind: _told(rows.get(kind, {})) for kind in TOLD})))
        for gateway in sorted(g for g, row in rows.get("gateway", {}).items() if row):
            for name, text in _of_gateway(parts, gateway, by, scrub):
                z.writestr(f"{gateway}/{name}", text)
    return packed.getvalue()


def _of_gateway(parts: Parts, gateway: str, by: str, scrub: Scrub) -> Iterator[tuple[str, str]]:
    for part in PARTS:
        try:
            text = _fetched(parts, gateway, part, by)
        except (BusError, PayloadError) as e:
            yield "not-complete.txt", f"{part}: {e}\n"
            return
        if part == "log":
            yield "log.txt", "".join(f"{scrub.text(line)}\n" for line in text.splitlines())
        else:
            yield f"{part}.json", _json(scrub.words(msgspec.json.decode(text)))


def _fetched(parts: Parts, gateway: str, part: str, by: str) -> str:
    """Raises ``BusError`` in words, also for a gateway that knows no diagnostics."""
    text, offset = "", 0
    for _ in range(MOST_PIECES):
        answer = parts.source.ask("diagnostics", {"part": part, "offset": offset}, by, gateway, patience=10.0)
        if not answer.ok:
            raise BusError(answer.error)
        text += str(answer.result.get("text", ""))
        after = answer.result.get("next")
        if not isinstance(after, int) or after <= offset:
            return text
        offset = after
    raise BusError("it has no end")


def _people(parts: Parts, rows: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Whom the page knows: its users, the streamers, and viewers in sight."""
    yield from (member.name for member in parts.people.everyone())
    yield from (account.username for account in parts.settings.accounts.values())
    for account in rows.get("account", {}).values():
        yield str(((account or {}).get("state") or {}).get("username", ""))
        yield from (str(line.get("user", "")) for line in (account or {}).get("top", ()) if isinstance(line, dict))
    for kind in ("event", "action"):
        for row in rows.get(kind, {}).values():
            yield from (str(row[field]) for field in ("who", "user") if row and isinstance(row.get(field), str))


def _told(rows: dict[str, Any]) -> dict[str, Any]:
    """Without who is in it."""
    left_out = ("username", "top", "last", "stats")
    return {
        name: {
            field: {k: v for k, v in value.items() if k not in left_out} if isinstance(value, dict) else value
            for field, value in row.items()
            if field not in left_out
        }
        for name, row in rows.items()
        if row
    }


def _json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode() + "\n"
