"""Looking for records: filters, a search of what viewers wrote, and pages that are bounded in work."""

from collections.abc import Callable
from functools import lru_cache

import msgspec
from msgspec import Struct

from gateway.journal.entry import Entry
from gateway.text import normalise

MOST_NAMES = 20_000
"""Names kept in the form in which they are compared: a viewer is met again and again."""


class Query(Struct, frozen=True, kw_only=True):
    """Which records are meant; what is empty or None asks nothing.

    ``accounts``, ``kinds`` (event, decision, command, ack), ``types`` and ``stations``: one of them.
    ``since`` <= time < ``until``: milliseconds since 1970. ``after`` < seq < ``before``.
    ``user``: part of a viewer's @name or nickname, or the whole platform id. ``text``: part of those, or of what
    was written, given or said: a comment, a gift's name, a rule, a reason. Case and accents do not matter.
    """

    accounts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    simulated: bool | None = None
    since: int | None = None
    until: int | None = None
    after: int | None = None
    before: int | None = None
    user: str = ""
    text: str = ""


class Page(Struct, frozen=True, kw_only=True):
    """What was found. ``complete``: there is no more; else ask on with ``next`` as the query's ``before`` (newest
    first) or ``after``, also where ``entries`` are few or none: a call looks only for so long.

    ``scanned``: so many records were looked at; ``reached``: the time of the last of them, ms since 1970.
    """

    entries: list[Entry]
    next: int | None
    scanned: int
    complete: bool
    reached: int | None = None


class _User(Struct, gc=False):
    id: str = ""
    name: str = ""
    nickname: str = ""


class _Data(Struct, gc=False):
    user: _User | None = None
    text: str = ""
    plain: str = ""
    name: str = ""
    title: str = ""
    topic: str = ""
    payload: str = ""
    by: str = ""
    why: str = ""


class _Said(Struct, gc=False):
    rule: str = ""
    words: str = ""


class _Searched(Struct, gc=False):
    """The fields of all messages that are searched: to decode no more than these is twice as quick."""

    data: _Data | None = None
    user: str = ""
    viewer: str = ""
    rule: str = ""
    reason: str = ""
    action: str = ""
    reasons: list[_Said] = []


_decoder = msgspec.json.Decoder(_Searched)
_name = lru_cache(maxsize=MOST_NAMES)(normalise)


def matcher(query: Query) -> Callable[[bytes], bool] | None:
    """What ``user`` and ``text`` ask of a body; None where they ask nothing."""
    user, text = normalise(query.user).removeprefix("@"), normalise(query.text)
    if not (user or text):
        return None
    platform_id = query.user.strip()

    def matches(body: bytes) -> bool:
        try:
            seen = _decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return False  # changed by hand
        if user and not _is_user(seen, user, platform_id):
            return False
        return not text or _has_text(seen, text)

    return matches


def _is_user(seen: _Searched, user: str, platform_id: str) -> bool:
    who = seen.data.user if seen.data is not None else None
    if who is not None:
        return user in _name(who.name) or user in _name(who.nickname) or who.id == platform_id
    return user in _name(seen.user) or (bool(seen.viewer) and seen.viewer == platform_id)


def _has_text(seen: _Searched, text: str) -> bool:
    data = seen.data
    if data is not None:
        if data.user is not None and (text in _name(data.user.name) or text in _name(data.user.nickname)):
            return True
        if text in (data.plain or normalise(data.text)):
            return True
        others: tuple[str, ...] = (data.name, data.title, data.topic, data.payload, data.by, data.why)
    else:
        others = (seen.user, seen.rule, seen.reason, seen.action)
    if any(text in _name(other) for other in others if other):
        return True
    return any(text in _name(said.rule) or text in _name(said.words) for said in seen.reasons)
