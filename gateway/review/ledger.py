"""What became of each gift of a session, from the journal's rows."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from gateway.errors import PayloadError
from gateway.journal import Entry
from gateway.messages import Count, GiftEvent, Outcome, Status

OPEN, HELD_BACK, NO_RULE = "open", "held back", "no rule"


class GiftLedger(Struct, frozen=True, kw_only=True):
    """``gifts`` were heard (messages: a streak has several), and ``endings`` gives each exactly one, so that they
    add up. ``done``: all that it set in motion; else the status of its first action that was not done; ``open``
    where one has no ending; ``held back`` by a cooldown, a budget or the like; ``no rule`` meant it, or one only
    counted it.

    ``actions``: what the gifts set in motion, by status. All of it as it was on the evening: what was owed then
    and given later is not done here.
    """

    gifts: Count = 0
    endings: dict[str, Count] = {}
    actions: dict[str, Count] = {}


class _Gift:
    __slots__ = ("actions", "counts", "gist", "unlike")

    def __init__(self, counts: bool) -> None:
        self.counts, self.gist, self.unlike = counts, "", ""
        self.actions: dict[str, str] = {}

    @property
    def ending(self) -> str:
        if self.actions:
            first = next((e for e in self.actions.values() if e not in (Status.DONE, OPEN)), None)
            return first or (OPEN if OPEN in self.actions.values() else Status.DONE)
        if self.gist == Outcome.FIRED:
            return Status.DONE
        return HELD_BACK if self.gist == "blocked" else NO_RULE


def ledger(rows: Iterable[Entry]) -> GiftLedger:
    """``rows``: the session's gifts, then decisions, commands and acks, oldest first."""
    gifts: dict[str, _Gift] = {}
    for row in rows:
        if row.kind == "event":
            if row.type == "gift":
                gifts[row.id] = _Gift(_adds(row))
        elif (gift := gifts.get(row.cause)) is not None:
            match row.kind:
                case "decision":
                    gift.gist = row.type
                case "command":
                    gift.actions.setdefault(row.id, OPEN)
                case "ack":
                    gift.actions[row.id] = _status(row)
    # What only closes a streak adds nothing: it is a gift here where a rule had a word on it.
    counted = [gift for gift in gifts.values() if gift.counts or gift.gist or gift.actions]
    return GiftLedger(
        gifts=len(counted),
        endings=dict(Counter(gift.ending for gift in counted).most_common()),
        actions=dict(Counter(e for gift in counted for e in gift.actions.values()).most_common()),
    )


def _adds(row: Entry) -> bool:
    try:
        event = row.message()
    except PayloadError:  # changed by hand: it was a gift all the same
        return True
    return isinstance(event, GiftEvent) and event.data.count > 0


def _status(row: Entry) -> str:
    return row.type if row.type in set(Status) else Status.FAILED
