"""A session that is over gives all that it gave while it ran, from whatever is left of it."""

from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.journal import Query
from gateway.messages import KINDS, CommentEvent, Status
from gateway.review.library import Library
from gateway.review.review import INTERVALS, Review
from gateway.settings.load import load
from gateway.settings.models import Leaderboard
from gateway.stats.archive import details_path
from tests.records import NOON
from tests.review.evening import Evening, busy, kept, venue, written

DAY = 86400.0


async def library(folder: Path, *evenings: Evening) -> Library:
    settings = load(venue(folder)).settings
    await written(folder / "data", *evenings)
    kept(folder / "data", *evenings)
    return Library(settings, folder / "data")


def seen(review: Review) -> dict[str, object]:
    """All that a person can see of it, but what the archive alone knows."""
    return {
        "summary": review.summary,
        "gifts": review.gifts,
        "stations": review.stations,
        "buckets": [review.buckets(interval) for interval in INTERVALS],
        "leaders": review.leaderboard(Leaderboard(top=5, minimum=3)),
        "correlation": review.correlation(),
        "ledger": review.ledger(),
        "events": [entry.id for entry in review.events(limit=1000).entries],
    }


async def test_a_session_that_runs_and_one_that_is_over_give_the_same(tmp_path: Path) -> None:
    evening = busy()
    known = await library(tmp_path, evening)
    running = known.reviewed(evening.record)
    archived = known.review(known.find("last"))
    assert archived.origin == "archive"
    assert seen(archived) == seen(running)
    assert len(archived.buckets(60)) == 49
    assert archived.correlation().enough
    places = archived.leaderboard(Leaderboard(top=2)).places
    assert [place.place for place in places] == [1, 2]


async def test_details_that_are_gone_or_damaged_are_counted_again_from_the_journal(tmp_path: Path) -> None:
    known = await library(tmp_path, busy())
    summary = known.find("last")
    before = seen(known.review(summary))
    details = details_path(known.data, summary.id, False)
    details.write_bytes(b"not a document")
    details.with_name(details.name + ".prev").unlink(missing_ok=True)
    review = known.review(summary)
    assert review.origin == "journal"
    assert seen(review) == before
    assert any(str(details) in words for words in known.trouble)
    details.unlink()
    assert seen(known.review(summary)) == before


async def test_a_session_that_a_person_began_and_ended_is_counted_again_the_same(tmp_path: Path) -> None:
    evening = Evening()
    evening.happens("session", 0, phase="started", by="Noor")
    evening.answered(evening.gift(30, coins=7), Status.DONE)
    evening.comment(40, "halo")
    evening.ends(60)
    known = await library(tmp_path, evening)
    summary = known.find("last")
    before = seen(known.review(summary))
    details_path(known.data, summary.id, False).unlink()
    review = known.review(summary)
    assert (review.origin, review.summary.opened) == ("journal", "hand")
    assert seen(review) == before


async def test_what_was_held_up_on_its_way_counts_again_in_the_session_that_ran_when_it_came(
    tmp_path: Path,
) -> None:
    first, second = Evening(), Evening(since=NOON + 61)
    first.gift(0, coins=7)
    first.happens("like", -0.3, count=5, total=5)  # heard before the gift that began the session, told after it
    first.ends(60)
    second.gift(0, coins=9)
    second.happens("like", -2, count=40, total=40)  # from before the other one's end
    second.ends(60)
    known = await library(tmp_path, first, second)
    for evening, likes in ((first, 5), (second, 40)):
        summary = known.find(evening.summary.id)
        before = known.review(summary).record
        details_path(known.data, summary.id, False).unlink()
        review = known.review(summary)
        assert (review.origin, review.summary.likes) == ("journal", likes)
        assert review.record == before


async def test_where_journal_and_details_are_gone_the_cards_are_left(tmp_path: Path) -> None:
    known = await library(tmp_path, busy())
    summary = known.find("last")
    details_path(known.data, summary.id, False).unlink()
    for path in known.data.glob("journal-*"):
        path.unlink()
    review = known.review(summary)
    assert review.origin == "cards"
    assert review.summary == summary
    assert review.buckets(60) == []
    assert not review.correlation().enough
    assert review.ledger().gifts == 0


async def test_half_a_session_in_the_journal_is_not_shown_as_a_whole_one(tmp_path: Path) -> None:
    evening = busy()
    settings = load(venue(tmp_path)).settings
    half = Evening()
    half.records = evening.records[len(evening.records) // 2 :]
    await written(tmp_path / "data", half)
    kept(tmp_path / "data", evening)
    details_path(tmp_path / "data", evening.summary.id, False).unlink()
    known = Library(settings, tmp_path / "data")
    assert known.review(known.find("last")).origin == "cards"


async def test_a_session_whose_gateway_was_killed_is_counted_up_to_its_last_event(tmp_path: Path) -> None:
    settings = load(venue(tmp_path)).settings
    killed = Evening()
    for minute in range(5):
        killed.gift(minute * 60)
    kept(tmp_path / "data", killed)
    for minute in range(5, 9):
        killed.gift(minute * 60)
    await written(tmp_path / "data", killed)
    known = Library(settings, tmp_path / "data", lambda: NOON + 600)
    summary = known.find("last")
    assert (summary.id, summary.ended, summary.gifts) == (killed.summary.id, None, 5)
    review = known.review(summary)
    assert (review.origin, review.summary.gifts) == ("journal", 9)
    later = Library(settings, tmp_path / "data", lambda: NOON + 3600)  # no gateway has come back
    assert later.find("last").ended == later.find("last").last
    over = later.review(later.find("last")).summary
    assert (over.ended, over.gifts) == (over.last, 9)
    assert over.last > later.find("last").last


async def test_every_gift_has_one_ending_and_they_add_up(tmp_path: Path) -> None:
    known = await library(tmp_path, busy(minutes=40))
    ledger = known.review(known.find("last")).ledger()
    assert ledger.gifts == 40
    assert ledger.endings == {"done": 10, "expired": 10, "held back": 10, "no rule": 10}
    assert ledger.actions == {"done": 20, "expired": 10}


async def test_a_gift_whose_action_never_ended_is_open(tmp_path: Path) -> None:
    evening = Evening()
    evening.answered(evening.gift(1), Status.DONE, Status.DONE)
    evening.records.pop()  # the last one's ending
    known = await library(tmp_path, evening)
    assert known.review(known.find("last")).ledger().endings == {"open": 1}


async def test_events_are_filtered_and_searched_within_the_session_alone(tmp_path: Path) -> None:
    tonight, before, other = busy(since=NOON), busy(since=NOON - DAY), busy("ayu", NOON)
    known = await library(tmp_path, before, tonight, other, busy(since=NOON, simulated=True))
    review = known.review(known.find(tonight.summary.id))
    everything = review.events(limit=1000)
    assert everything.complete
    assert {e.account for e in everything.entries} == {"mara"}
    mine = [record.id for record, _ in reversed(tonight.records) if type(record) in KINDS]
    assert [e.id for e in everything.entries] == mine
    found = review.events(Query(kinds=("event",), types=("comment",), text="HALO 12"))
    (message,) = [e.message() for e in found.entries]
    assert isinstance(message, CommentEvent)
    assert message.data.text == "halo 12"
    gifts = review.events(Query(kinds=("event",), types=("gift",), user="budi"), newest_first=False)
    assert len(gifts.entries) == 16
    assert len(review.events(Query(kinds=("ack",)), 1000).entries) == 36


async def test_two_sessions_are_compared(tmp_path: Path) -> None:
    one, other = busy(minutes=40), busy(since=NOON + DAY, minutes=20)
    known = await library(tmp_path, one, other)
    found = known.review(one.summary).comparison(known.review(other.summary))
    gifts = next(figure for figure in found.figures if figure.name == "gifts")
    assert (gifts.a, gifts.b, gifts.difference) == (40, 20, -20)


async def test_an_id_may_be_shortened_and_a_wrong_one_is_met_with_words(tmp_path: Path) -> None:
    evenings = [busy(since=NOON + DAY * n, minutes=1) for n in range(3)]
    known = await library(tmp_path, *evenings, busy(since=NOON + DAY * 9, minutes=1, simulated=True))
    first = evenings[0].summary.id
    assert known.find(first[:10]).id == first
    assert known.find("last").id == evenings[2].summary.id  # the newest that was real
    with pytest.raises(StorageError, match=r"'2026112' begins 3 sessions: .*write more of it"):
        known.find("2026112")
    with pytest.raises(StorageError, match=rf"did you mean .*{first}"):
        known.find(first[:-1] + "x")
    with pytest.raises(StorageError, match="the newest are"):
        known.find("zzz")


async def test_a_folder_without_sessions_is_told(tmp_path: Path) -> None:
    known = await library(tmp_path)
    with pytest.raises(StorageError, match=r"there is no session in .*: is this the gateway's data folder"):
        known.find("last")


async def test_leaderboards_of_days_sum_up_sessions_and_never_practice(tmp_path: Path) -> None:
    def one(days: float, coins: int, *, simulated: bool = False) -> Evening:
        evening = Evening(since=NOON - days * DAY, simulated=simulated)
        evening.gift(0, "Budi", coins=coins)
        evening.gift(1, "Tomo", coins=3)
        evening.ends(2)
        return evening

    running = Evening(since=NOON)
    running.gift(0, "Budi", coins=1000)
    known = await library(tmp_path, one(20, 100), one(3, 10), one(1, 1), one(1, 7, simulated=True), running)

    def scores(board: str, *, simulated: bool = False) -> dict[str, int]:
        found = known.leaderboard("mara", board, Leaderboard(), NOON + 60, simulated=simulated)  # type: ignore[arg-type]  # one of BOARDS
        return {place.nickname: place.score for place in found.places}

    assert scores("session") == {"Budi": 1000}
    assert scores("7d") == {"Budi": 1011, "Tomo": 6}
    assert scores("30d") == {"Budi": 1111, "Tomo": 9}
    assert scores("7d", simulated=True) == {"Budi": 7, "Tomo": 3}
