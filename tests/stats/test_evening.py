"""The numbers of an evening that was counted by hand (evening.md)."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.messages import Ack, Bucket, Event, SessionRecord, seconds, stamp
from gateway.stats.session import SessionFold
from gateway.stats.totals import Totals
from tests import records

HERE = Path(__file__).parent
DAY = "2026-11-22T"
EXPECTED: dict[str, Any] = msgspec.json.decode((HERE / "evening-expected.json").read_bytes())


def messages() -> list[Event | Ack]:
    found: list[Event | Ack] = []
    for row in msgspec.json.decode((HERE / "evening.json").read_bytes()):
        if "ack" in row:
            found.append(msgspec.convert({"id": row.pop("ack"), "account": "mara"} | row, Ack))
            continue
        stale = row.get("stale", False)
        e = records.event(
            row["kind"],
            row["event"],
            seconds(row["received"]),
            room=row.get("room", "room-1"),
            simulated=row.get("simulated", False),
            **row["data"],
        )
        found.append(msgspec.structs.replace(e, stale=stale))
    return found


@pytest.fixture(scope="module")
def evening() -> tuple[Totals, list[SessionFold]]:
    totals, ended = Totals(), []
    for message in messages():
        session = totals.ack(message) if isinstance(message, Ack) else totals.event(message)
        if session is not None and session not in ended:
            ended.append(session)
    return totals, ended


@pytest.fixture(scope="module")
def record(evening: tuple[Totals, list[SessionFold]]) -> SessionRecord:
    live = evening[1][0]
    return live.record(live.last)


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def _with_latency(expected: dict[str, Any]) -> dict[str, Any]:
    """Latencies are right within one percent."""
    return {k: pytest.approx(v, rel=0.01) if k.startswith("latency") else v for k, v in expected.items()}


def test_the_summary_is_what_was_counted_by_hand(record: SessionRecord) -> None:
    summary = _plain(record.summary)
    assert summary.pop("id").startswith("20261122-120000-")
    assert summary == _with_latency(EXPECTED["session"])


@pytest.mark.parametrize("part", ["gifts", "contributions", "others", "exact", "missing_at_most"])
def test_each_part_is_what_was_counted_by_hand(record: SessionRecord, part: str) -> None:
    assert _plain(getattr(record, part)) == EXPECTED[part]


def test_the_stations_are_what_was_counted_by_hand(record: SessionRecord) -> None:
    assert _plain(record.stations) == [_with_latency(station) for station in EXPECTED["stations"]]


@pytest.mark.parametrize("interval", ["10", "60", "300", "3600"])
def test_the_buckets_of_every_interval_are_what_was_counted_by_hand(record: SessionRecord, interval: str) -> None:
    sparse = dict(EXPECTED["buckets"][interval])
    first, last = seconds(f"{DAY}{sparse.pop('from')}Z"), seconds(f"{DAY}{sparse.pop('to')}Z")
    expected = []
    for at in range(int(first), int(last) + 1, int(interval)):
        since = stamp(at)
        expected.append({"since": since, "seconds": int(interval)} | sparse.pop(since[11:19], {}))
    assert not sparse
    assert record.buckets[interval] == msgspec.convert(expected, list[Bucket])


def test_the_account_counts_all_its_sessions_and_practice_apart(
    evening: tuple[Totals, list[SessionFold]],
) -> None:
    totals, ended = evening
    assert [s.opened for s in ended] == ["live", "hand"]
    for stats, expected in (
        (totals.stats("mara"), EXPECTED["account"]),
        (totals.stats("mara", simulated=True), EXPECTED["practice"]),
        (ended[1].summary(ended[1].last), EXPECTED["by_hand"]),
    ):
        assert {k: v for k, v in _plain(stats).items() if k in expected} == expected


def test_wear_and_catalogue_are_what_was_counted_by_hand(evening: tuple[Totals, list[SessionFold]]) -> None:
    totals, _ = evening
    for name, expected in EXPECTED["wear"].items():
        assert {k: v for k, v in _plain(totals.station(name, records.NOON)).items() if k in expected} == expected
    assert _plain(totals.catalogue()) == EXPECTED["catalogue"]
