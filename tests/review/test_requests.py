"""The request ``statistics``: one answer for what runs and for what is over, and it fits into a message."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.messages import MAX_PAYLOAD, Bucket, Param, Request, Response, SessionRecord, encode, stamp
from gateway.review.requests import StatisticsRequests
from tests.records import NOON
from tests.review.evening import Evening, busy
from tests.review.test_review import DAY, library


class Desk:
    """Asks, and has the running records of accounts."""

    def __init__(self, requests: StatisticsRequests) -> None:
        self._handler = requests.handlers["statistics"]

    async def ask(self, **params: Param) -> dict[str, Any]:
        why, result = await self._answer(params)
        assert why == ""
        return result

    async def refused(self, **params: Param) -> str:
        why, result = await self._answer(params)
        assert result == {}
        return why

    async def _answer(self, params: dict[str, Param]) -> tuple[str, dict[str, Any]]:
        why, result = await self._handler(Request(transaction="t", params=params))
        whole = encode(Response(transaction="t" * 200, ok=not why, error=why, result=result))
        assert len(whole) <= MAX_PAYLOAD
        return why, result


async def desk(folder: Path, *evenings: Evening, running: SessionRecord | None = None) -> Desk:
    known = await library(folder, *evenings)

    def of_account(account: str) -> Callable[[], SessionRecord] | None:
        return (lambda: running) if running is not None and running.summary.account == account else None

    return Desk(StatisticsRequests(known, of_account, lambda: NOON + DAY))


PARTS = ("summary", "buckets", "leaderboard", "gifts", "stations", "correlation", "ledger")


async def test_each_part_is_the_same_for_a_session_that_runs_and_one_that_is_over(tmp_path: Path) -> None:
    evening = busy()
    over = await desk(tmp_path, evening)
    (tmp_path / "running").mkdir()
    runs = await desk(tmp_path / "running", running=evening.record)
    for part in PARTS[:-1]:
        was, now = await over.ask(session="last", part=part), await runs.ask(account="mara", part=part)
        assert {**was, "origin": ""} == {**now, "origin": ""}, part
    assert (await over.ask(session="last", part="ledger"))["gifts"] == 48
    assert (await over.ask(account="mara"))["id"] == evening.summary.id


async def test_buckets_come_in_the_interval_and_from_the_time_that_is_asked_for(tmp_path: Path) -> None:
    ask = (await desk(tmp_path, busy())).ask
    found = await ask(session="last", part="buckets", interval=300, since=NOON + 1200)
    assert (found["interval"], found["more"]) == (300, 0)
    times = [bucket["since"] for bucket in found["buckets"]]
    assert times == [stamp(NOON + 300 * n) for n in range(4, 10)]


async def test_of_what_does_not_fit_the_oldest_goes_and_more_says_so(tmp_path: Path) -> None:
    long = busy().record
    many = [
        Bucket(since=stamp(NOON + 10 * n), seconds=10, gifts=n, coins=10**12, likes=10**12) for n in range(2000)
    ]
    record = msgspec.structs.replace(long, buckets={"10": many})
    found = await (await desk(tmp_path, running=record)).ask(account="mara", part="buckets", interval=10)
    some = found["buckets"]
    assert found["more"] == 2000 - len(some)
    assert found["more"] > 100
    assert len(some) > 100
    assert [b["gifts"] for b in some] == list(range(found["more"], 2000))


async def test_leaderboards_of_many_sessions_hold_the_running_one(tmp_path: Path) -> None:
    running = Evening(since=NOON + DAY - 60)
    running.gift(0, "Budi", coins=10_000)
    one = await desk(tmp_path, busy(), running=running.record)
    first = (await one.ask(account="mara", part="leaderboard"))["places"]
    assert [(place["nickname"], place["score"]) for place in first] == [("Budi", 10_000)]
    week = await one.ask(account="mara", part="leaderboard", board="7d", top=1, by="gifts", minimum=2)
    assert [(p["nickname"], p["score"], p["place"]) for p in week["places"]] == [("Budi", 17, 1)]
    assert (week["board"], week["exact"]) == ("7d", True)


async def test_sessions_are_listed_newest_first_and_practice_apart(tmp_path: Path) -> None:
    one = await desk(
        tmp_path, busy(minutes=1), busy(since=NOON + DAY, minutes=1), busy("ayu", minutes=1, simulated=True)
    )
    found = await one.ask(part="sessions")
    assert [s["since"] for s in found["sessions"]] == [stamp(NOON + DAY), stamp(NOON)]
    assert [s["account"] for s in (await one.ask(part="sessions", practice=True))["sessions"]] == ["ayu"]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, r"statistics of what\? expected params: \{account: NAME\} or \{session: ID\}"),
        ({"account": "nobody"}, "no session of 'nobody' is known"),
        ({"session": "2020"}, "there is no session '2020'"),
        (
            {"account": "mara", "part": "weather"},
            "Invalid enum value 'weather' .*; part is one of summary, buckets, leaderboard",
        ),
        (
            {"account": "mara", "part": "buckets", "interval": 7},
            "Invalid enum value 7 .*; interval is one of 10, 60, 300, 3600",
        ),
        ({"account": "mara", "part": "leaderboard", "top": 1000}, "Expected `int` <= 50"),
        ({"session": "last", "part": "leaderboard", "board": "7d"}, "board 7d is of an account"),
        ({"account": "mara", "intervall": 60}, "unknown field `intervall`; known are part, account"),
    ],
)
async def test_what_cannot_be_answered_is_told_in_words(
    tmp_path: Path, params: dict[str, Param], words: str
) -> None:
    why = await (await desk(tmp_path, busy(minutes=1))).refused(**params)
    assert re.search(words, why), why
