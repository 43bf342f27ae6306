"""The parts of a session over HTTP, and readers who are too many, too early, or on a damaged disk."""

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient

from gateway.messages import Bucket, Correlation, SessionSummary
from tests.review.evening import Evening, kept, written
from tests.web.evenings import SATURDAY, ZONE, two_evenings
from tests.web.past import Evenings, Venue, words
from tests.web.people import signed_in
from web.history import FRESH_S, READERS


def test_buckets_are_the_archives_own_in_every_interval(client: FlaskClient, evenings: Evenings) -> None:
    record = evenings[2].record
    for interval in ("10", "60", "300", "3600"):
        told = client.get(f"/api/sessions/{record.summary.id}/buckets?interval={interval}").json
        assert told is not None
        assert msgspec.convert(told["buckets"], list[Bucket]) == record.buckets[interval]
        assert told["timezone"] == ZONE
        assert sum(b["gap_seconds"] for b in told["buckets"]) == 720
    bad = client.get(f"/api/sessions/{record.summary.id}/buckets?interval=7")
    assert (bad.status_code, "10, 60, 300, 3600" in bad.text) == (400, True)


def test_correlation_and_ledger_are_those_of_the_review(
    client: FlaskClient, venue: Venue, saturday: SessionSummary
) -> None:
    review = venue.history.review(saturday.id)
    found = client.get(f"/api/sessions/{saturday.id}/correlation")
    assert msgspec.json.decode(found.data, type=Correlation) == review.correlation()
    ledger = client.get(f"/api/sessions/{saturday.id}/ledger").json
    assert ledger is not None
    assert ledger["gifts"] == sum(ledger["endings"].values()) == 28
    assert ledger["actions"] == {"done": 21, "expired": 7}


def events(client: FlaskClient, session: str, query: str = "") -> list[dict[str, Any]]:
    """All pages of a search."""
    found: list[dict[str, Any]] = []
    before = ""
    for _ in range(100):
        answer = client.get(f"/api/sessions/{session}/events?{query}&before={before}")
        assert answer.status_code == 200, answer.text
        page = answer.json
        assert page is not None
        found += page["rows"]
        if page["next"] is None:
            return found
        before = page["next"]
    raise AssertionError("it never ends")


def test_events_come_newest_first_page_by_page_and_each_once(
    client: FlaskClient, saturday: SessionSummary
) -> None:
    rows = events(client, saturday.id)
    seqs = [row["seq"] for row in rows]
    assert seqs == sorted(set(seqs), reverse=True)
    kinds = [row["event"]["kind"] for row in rows]
    assert kinds.count("comment") == saturday.comments
    assert kinds.count("gift") == 28
    assert "viewers" not in kinds
    assert {row["event"]["account"] for row in rows} == {"mira"}


def test_events_are_filtered_and_searched(client: FlaskClient, saturday: SessionSummary) -> None:
    assert {row["event"]["kind"] for row in events(client, saturday.id, "kind=gap")} == {"gap"}
    actions = events(client, saturday.id, "kind=action")
    assert len(actions) == 28
    assert {row["action"]["station"] for row in actions} == {"bell"}
    liens = events(client, saturday.id, "kind=gift&text=lien")
    assert {row["event"]["who"] for row in liens} == {"Liên"}
    assert events(client, saturday.id, "text=nobody+wrote+this") == []
    for wrong in ("kind=secrets", "before=x", "before=-1", "before=99999999999999999999"):
        assert client.get(f"/api/sessions/{saturday.id}/events?{wrong}").status_code == 400, wrong


def test_too_many_readers_are_told_to_come_again_and_the_rest_of_the_page_goes_on(
    client: FlaskClient, venue: Venue, saturday: SessionSummary
) -> None:
    held = [venue.history.reading() for _ in range(READERS)]
    for reading in held:
        reading.__enter__()
    try:
        for address in (f"/api/sessions/{saturday.id}/buckets", "/sessions", f"/sessions/{saturday.id}"):
            answer = client.get(address)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "1"
            assert "try again in a second" in answer.text
        assert client.get("/").status_code == 200
        assert client.get("/api/snapshot").status_code == 200
    finally:
        for reading in held:
            reading.__exit__(None, None, None)
    assert client.get("/sessions").status_code == 200


def test_a_damaged_file_is_named_and_the_rest_is_shown(tmp_path: Path) -> None:
    friday, saturday = asyncio.run(two_evenings(tmp_path))
    (details,) = (tmp_path / "sessions").glob(f"{saturday.summary.id}.json")
    details.write_bytes(details.read_bytes()[:100])
    client = signed_in(Venue(tmp_path).app)
    page = client.get(f"/sessions/{saturday.summary.id}")
    assert page.status_code == 200
    assert "Something could not be read" in page.text
    assert "the details were counted again from the journal" in page.text
    buckets = client.get(f"/api/sessions/{saturday.summary.id}/buckets").json
    assert buckets is not None
    assert msgspec.convert(buckets["buckets"], list[Bucket]) == saturday.record.buckets["60"]
    assert client.get(f"/sessions/{friday.summary.id}").status_code == 200


def test_a_session_that_ends_while_it_is_looked_at_is_soon_shown_as_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    club = Evening("club", SATURDAY)
    club.happens("live", 0, phase="started", title="")
    club.viewers(5, 31)
    asyncio.run(written(tmp_path, club))
    kept(tmp_path, club)
    venue = Venue(tmp_path, SATURDAY + 60)
    client = signed_in(venue.app)
    assert venue.history.review("last") is venue.history.review("last"), "one screen reads it once"
    address = f"/sessions/{club.summary.id}"
    assert "still runs" in client.get(address).text
    club.ends(600)
    kept(tmp_path, club)
    assert "still runs" in client.get(address).text, "for a moment"
    monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + FRESH_S + 60)
    assert "still runs" not in client.get(address).text
    assert "Length 10 min" in words(client.get(address).text)
