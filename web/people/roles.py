"""What each role may do: one table, asked before every request. Pure.

A viewer looks. An operator runs the show: whatever makes safe, queues, debts, buttons, stations' actions. A
supervisor sets machines free to move and decides what moves them: reset, arming, going live, rules, channels,
exports. An admin keeps the house: people, accounts, settings, backups, erasure.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum


class Role(IntEnum):
    """In order: each may do what those before it may."""

    VIEWER = 1
    OPERATOR = 2
    SUPERVISOR = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        return self.name.lower()


ANYONE = None
"""No sign-in is asked for: whoever can reach the page may see that there is one, and may stop the machines."""

LEAST: Mapping[str, Role | None] = {
    "page.static": ANYONE,
    "press.trip": ANYONE,  # whoever sees somebody in danger must not be asked who they are
    "page.index": Role.VIEWER,
    "live.snapshot": Role.VIEWER,
    "live.events": Role.VIEWER,
    "sessions.index": Role.VIEWER,
    "sessions.one": Role.VIEWER,
    "sessions.two": Role.VIEWER,
    "session_parts.buckets": Role.VIEWER,
    "session_parts.correlation": Role.VIEWER,
    "session_parts.ledger": Role.VIEWER,
    "session_parts.events": Role.VIEWER,
    "press.queue": Role.OPERATOR,
    "press.ledger": Role.OPERATOR,
    "press.button": Role.OPERATOR,
    "press.arm": Role.OPERATOR,  # to disarm; see the view
    "press.mode": Role.OPERATOR,  # to pause or rehearse; see the view
    "press.reset": Role.SUPERVISOR,
    "exports.begin": Role.SUPERVISOR,
    "exports.state": Role.SUPERVISOR,
    "exports.cancel": Role.SUPERVISOR,
    "exports.file": Role.SUPERVISOR,
}
"""Of every endpoint the least role that may ask it."""


def check(endpoints: Iterable[str]) -> None:
    """Raises ``LookupError`` for an endpoint that the table forgets, or an entry of it that is no endpoint: a page
    with either is not served."""
    known = set(endpoints)
    if wrong := sorted(known ^ LEAST.keys()):
        raise LookupError(f"web/people/roles.py and the views disagree about {', '.join(wrong)}")
