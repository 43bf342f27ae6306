"""What the audit log says of a request."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from flask import g, request
from werkzeug.exceptions import HTTPException

from gateway.text import clean
from web.people.audit import Audit, Line
from web.people.present import Person, present

LONGEST_BODY = 4096
"""Bytes; of a longer one only the size is told."""
LONGEST_VALUE, LONGEST = 60, 300
_SECRETS = ("pass", "secret", "token", "code", "key")
"""Parts of names whose values are never written down."""
_PRIVATE = {"backups.erase": ("viewer", "confirm")}
"""By endpoint the values that are told to nobody: who was forgotten must not be remembered for that."""
TOO_OFTEN = 429
STOP, STOP_S = "press.trip", 10.0
"""The stop has no limit, so its lines have one: a script that holds it down must not push out all others."""
MOST_ADDRESSES = 1000


def note(audit: Audit, status: int) -> None:
    """Write down the request that was just answered; of a flood that was refused, nothing."""
    if status == TOO_OFTEN:
        return
    if request.endpoint == STOP and not _worth_a_line(audit):
        return
    asker: Person = g.get("asker") or present()
    audit.write(
        Line(
            at=audit.clock(),
            who=asker.name,
            role=asker.role.word if asker.role else "",
            address=request.remote_addr or "",
            did=request.endpoint or "",
            what=clean(", ".join(_short()), LONGEST),
            status=status,
        )
    )


def _worth_a_line(audit: Audit) -> bool:
    """Of one address the first stop in so many seconds."""
    now, address = audit.clock(), request.remote_addr or ""
    if len(audit.stops) > MOST_ADDRESSES:
        audit.stops.clear()
    if 0 <= now - audit.stops.get(address, 0.0) < STOP_S:
        return False
    audit.stops[address] = now
    return True


def _short() -> Iterator[str]:
    """Names and values that were asked with, without secrets."""
    for name, value in {**(request.view_args or {}), **_body()}.items():
        if any(word in str(name).lower() for word in _SECRETS):
            continue
        if name in _PRIVATE.get(request.endpoint or "", ()):
            continue
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        yield f"{name}={text if len(text) <= LONGEST_VALUE else f'({len(text)} characters)'}"


def _body() -> Mapping[str, Any]:
    if (request.content_length or 0) > LONGEST_BODY:
        return {"body": f"{request.content_length} bytes"}
    try:
        if request.mimetype != "application/json":
            return request.form.to_dict()
        body = msgspec.json.decode(request.get_data() or b"{}")
    except (HTTPException, OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return body if isinstance(body, dict) else {}
