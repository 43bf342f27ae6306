"""Which accounts there are to listen to: as the settings say, as the command line narrows it, and what changed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from gateway import messages as m
from gateway.errors import SourceError
from gateway.settings import models

_OF_THE_LIVE = ("username", "source", "file", "speed", "guest_gifts")
"""The settings of an account that make another account of it; the others change nothing that it hears."""


@dataclass(frozen=True, slots=True)
class Change:
    """From one roster to the next. ``switched``: accounts that are only switched on or off."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    switched: tuple[str, ...] = ()


def chosen(settings: models.Settings, names: Sequence[str] = ()) -> dict[str, models.Account]:
    """The accounts of the settings, or just those of ``names``, switched on; one that the settings do not know is
    taken for an @name. Raises ``SourceError`` for what can be neither."""
    if not names:
        return dict(settings.accounts)
    accounts = {}
    for name in names:
        known = settings.accounts.get(name)
        if known is not None:
            accounts[name] = msgspec.structs.replace(known, enabled=True)
            continue
        username = name.removeprefix("@")
        if not re.fullmatch(models.USERNAME, username):
            others = f"; accounts in the settings: {', '.join(settings.accounts)}" if settings.accounts else ""
            raise SourceError(f"{name!r} is no account and cannot be an @name (letters, digits, . and _){others}")
        accounts[account_id(username)] = models.Account(username=username)
    return accounts


def account_id(username: str) -> m.Id:
    """An id for topics from an @name: ``@Ada.Otter_7`` becomes ``ada-otter-7``."""
    return re.sub(r"[^a-z0-9]+", "-", username.lower()).strip("-")[:32] or "account"


def difference(before: Mapping[str, models.Account], after: Mapping[str, models.Account]) -> Change:
    """What must be done to come from one to the other."""
    both = [name for name in after if name in before]
    changed = [name for name in both if _live(before[name]) != _live(after[name])]
    return Change(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(changed),
        switched=tuple(n for n in both if n not in changed and before[n].enabled != after[n].enabled),
    )


def _live(account: models.Account) -> list[object]:
    return [getattr(account, field) for field in _OF_THE_LIVE]
