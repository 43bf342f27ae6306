"""Viewers of a recording: nobody can tell who they are, not even who recorded them."""

import secrets
from typing import Any

from msgspec.structs import replace

from gateway import messages as m
from gateway.connector.privacy import NOBODY, Pseudonyms

NUMBERS = 1_000_000
"""Names to invent. Two of a thousand viewers share one now and then; their ids tell them apart."""


class Disguise:
    """Call it with an event: what ``Pseudonyms`` does, and nicknames are invented (``Viewer 482113``).

    The key is random and goes with this object: two recordings do not tell that a viewer was in both. The words
    of comments stay, but for whom they mention with an @.
    """

    def __init__(self) -> None:
        self._pseudonyms = Pseudonyms(secrets.token_bytes(32))

    def __call__(self, event: m.Event) -> m.Event:
        event = self._pseudonyms(event)
        data: Any = event.data
        user = getattr(data, "user", None)
        if not isinstance(user, m.User):
            return event
        return replace(event, data=replace(data, user=replace(user, nickname=invented_name(user.id))))

    def id(self, raw: str) -> str:
        """The pseudonym of a platform id."""
        return self._pseudonyms.id(raw)


def invented_name(pseudonym: str) -> str:
    """A nickname for a viewer with this pseudonym; empty for one whom the platform does not name."""
    return "" if pseudonym in NOBODY else f"Viewer {int(pseudonym[1:], 16) % NUMBERS}"
