"""Statistics over MQTT: the request ``statistics``, for sessions that run and those that are over."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from gateway.errors import StagewireError, StorageError
from gateway.messages import BOARDS, MAX_PAYLOAD, Board, Request, Score, SessionRecord, first_that_fit, seconds
from gateway.review.library import LAST, Library
from gateway.review.review import INTERVALS, Review
from gateway.settings.models import Leaderboard

Part = Literal["summary", "buckets", "leaderboard", "gifts", "stations", "correlation", "ledger", "sessions"]
MOST_BYTES = MAX_PAYLOAD - 2048
"""Of what is listed in an answer; the rest of it stands around that."""
MOST_SESSIONS = 100


_CHOICES: dict[str, tuple[object, ...]] = {
    "part": get_args(Part),
    "interval": INTERVALS,
    "by": get_args(Score),
    "board": BOARDS,
}


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The request's parameters: of ``session`` (an id, or ``last``), or of the latest one of ``account``.

    ``interval`` and ``since`` (seconds since 1970) are of ``buckets``; ``by``, ``top``, ``minimum``,
    ``hide_anonymous`` and ``board`` of ``leaderboard``, and what is left out of them is as the settings say.
    ``practice``: of practice sessions.
    """

    part: Part = "summary"
    account: str | None = None
    session: str | None = None
    practice: bool = False
    interval: Literal[10, 60, 300, 3600] = 60
    since: float | None = None
    by: Score | None = None
    top: Annotated[int, Meta(ge=1, le=50)] | None = None
    minimum: Annotated[int, Meta(ge=0)] | None = None
    hide_anonymous: bool | None = None
    board: Board = "session"


class StatisticsRequests:
    """``running`` gives an account's session that runs; its record is then made in a thread. Give ``handlers`` to
    the gateway's requests."""

    def __init__(
        self,
        library: Library,
        running: Callable[[str], Callable[[], SessionRecord] | None],
        clock: Callable[[], float],
    ) -> None:
        self._library, self._running, self._clock = library, running, clock
        self._one = asyncio.Lock()
        self.handlers: Mapping[str, Callable[[Request], Awaitable[tuple[str, dict[str, Any]]]]] = {
            "statistics": self.answer
        }

    async def answer(self, request: Request) -> tuple[str, dict[str, Any]]:
        """In words why not, or nothing, and the part that was asked for. What does not fit into one message is
        left out, the oldest or the least first, and ``more`` says how much. The disk is read in a thread."""
        try:
            asked = msgspec.convert(request.params, Asked)
        except msgspec.ValidationError as e:
            return f"statistics: {e}; {_expected(str(e))}", {}
        if asked.account is None and asked.session is None and asked.part != "sessions":
            return "statistics of what? expected params: {account: NAME} or {session: ID}", {}
        async with self._one:  # a long session is much to read, and the gateway drives machines meanwhile
            try:
                running = await self._that_runs(asked)
                return "", await asyncio.to_thread(self._found, asked, running)
            except (StagewireError, OSError) as e:
                return str(e), {}

    async def _that_runs(self, asked: Asked) -> SessionRecord | None:
        """The record of the account's session that runs, or of the one that is asked for, if that runs."""
        if asked.account is not None:
            accounts = [asked.account]
        elif asked.session is not None:
            accounts = await asyncio.to_thread(self._may_have, asked.session)
        else:
            return None
        for account in accounts:
            look = self._running(account)
            record = None if look is None else await asyncio.to_thread(look)
            if record is not None and (asked.account is not None or _means(asked.session, record)):
                return record
        return None

    def _may_have(self, session: str) -> list[str]:
        """Accounts whose running session it may be. One that has just begun is not on disk yet."""
        try:
            summary = self._library.find(session)
        except StorageError:
            return list(self._library.settings.accounts)
        return [] if summary.ended is not None else [summary.account]

    def _found(self, asked: Asked, running: SessionRecord | None) -> dict[str, Any]:
        if asked.part == "sessions":
            known = self._library.summaries(simulated=asked.practice, account=asked.account)
            return _fitting("sessions", known, most=MOST_SESSIONS)
        if asked.part == "leaderboard" and asked.board != "session":
            if asked.account is None or asked.session is not None:
                raise StagewireError(f"board {asked.board} is of an account: expected params: {{account: NAME}}")
            return _plain(
                self._library.leaderboard(
                    asked.account,
                    asked.board,
                    self._shown(asked),
                    self._clock(),
                    simulated=asked.practice,
                    running=running,
                )
            )
        review = self._review(asked, running)
        head = {"session": review.summary.id, "origin": review.origin}
        return head | self._part(asked, review)

    def _part(self, asked: Asked, review: Review) -> dict[str, Any]:
        match asked.part:
            case "summary" | "sessions":
                return _plain(review.summary)
            case "buckets":
                since = asked.since
                some = [b for b in review.buckets(asked.interval) if since is None or seconds(b.since) >= since]
                newest = _fitting("buckets", some[::-1])
                return newest | {"interval": asked.interval, "buckets": newest["buckets"][::-1]}
            case "leaderboard":
                return _plain(review.leaderboard(self._shown(asked)))
            case "gifts":
                return _fitting("gifts", review.gifts)
            case "stations":
                return _fitting("stations", review.stations)
            case "correlation":
                return _plain(review.correlation())
            case "ledger":
                return _plain(review.ledger())

    def _review(self, asked: Asked, running: SessionRecord | None) -> Review:
        if asked.session is not None:
            if running is not None and _means(asked.session, running):
                return self._library.reviewed(running)
            return self._library.review(self._library.find(asked.session))
        if running is not None and running.summary.simulated == asked.practice:
            return self._library.reviewed(running)
        known = self._library.summaries(simulated=asked.practice, account=asked.account)
        if not known:
            raise StagewireError(f"no session of {asked.account!r} is known")
        return self._library.review(known[0])

    def _shown(self, asked: Asked) -> Leaderboard:
        usual = self._library.settings.statistics.leaderboard
        return Leaderboard(
            by=asked.by or usual.by,
            top=asked.top or usual.top,
            minimum=usual.minimum if asked.minimum is None else asked.minimum,
            hide_anonymous=usual.hide_anonymous if asked.hide_anonymous is None else asked.hide_anonymous,
        )


def _expected(trouble: str) -> str:
    """What may be said of the param that ``trouble`` (msgspec's) names; else which params there are."""
    name = trouble.rpartition("`$.")[2].removesuffix("`")
    if name in _CHOICES:
        return f"{name} is one of {', '.join(map(str, _CHOICES[name]))}"
    return f"known are {', '.join(Asked.__struct_fields__)}"


def _means(session: str | None, record: SessionRecord) -> bool:
    return session in (LAST, record.summary.id) or bool(session and record.summary.id.startswith(session))


def _plain(message: Struct) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(message)
    return plain


def _fitting(name: str, items: Sequence[Struct], most: int | None = None) -> dict[str, Any]:
    fit = first_that_fit(items[:most], MOST_BYTES)
    return {name: msgspec.to_builtins(fit), "more": len(items) - len(fit)}
