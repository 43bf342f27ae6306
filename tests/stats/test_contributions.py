"""Who gave what: exact as long as memory allows, and honest beyond."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from gateway.messages import Contribution, User
from gateway.stats import contributions as room
from gateway.stats.contributions import LOOKED_AT, Contributions, Deed, Merged, merged

SCORES = ("coins", "gifts", "likes", "comments", "shares", "follows")
DEEDS: tuple[Deed, ...] = ("likes", "comments", "shares", "follows")

Stream = list[tuple[int, str, int]]
streams: st.SearchStrategy[Stream] = st.lists(
    st.tuples(st.integers(0, 25), st.sampled_from((*DEEDS, "gift")), st.integers(0, 40)), max_size=150
)
"""Who (0 is nobody), what, how many."""


def user(viewer: int) -> User | None:
    return User(id=str(viewer), name=f"viewer{viewer}") if viewer else None


def feed(table: Contributions, stream: Stream) -> None:
    for viewer, what, count in stream:
        if what == "gift":
            giver = table.giver(user(viewer))
            giver.gifts += 1
            giver.coins += count
        else:
            table.count(user(viewer), what, count)  # type: ignore[arg-type]  # one of DEEDS


def exactly(*parts: Stream) -> dict[str, Counter[str]]:
    truth = {score: Counter[str]() for score in SCORES}
    for viewer, what, count in (step for stream in parts for step in stream):
        who = str(viewer) if viewer else ""
        if what == "gift":
            truth["gifts"][who] += 1
            truth["coins"][who] += count
        else:
            truth[what][who] += count
    return truth


def table_of(c: Contributions) -> Merged:
    return Merged(
        contributions=c.contributions(), others=c.others, exact=c.exact, missing_at_most=c.missing_at_most
    )


def check(table: room.Table, truth: dict[str, Counter[str]]) -> None:
    """Nothing is lost of the sums; no score is too great, and none, shown or not, misses more than is said."""
    shown = {c.viewer: c for c in table.contributions}
    nothing = Contribution(viewer="")
    for score in SCORES:
        everything = sum(getattr(c, score) for c in (*table.contributions, table.others))
        assert everything == sum(truth[score].values())
        for viewer, true in truth[score].items():
            if viewer:
                missing = true - getattr(shown.get(viewer, nothing), score)
                assert 0 <= missing <= table.missing_at_most
    assert not table.exact or not table.missing_at_most


@settings(max_examples=200, deadline=None)
@given(streams, st.integers(1, 30))
def test_the_bound_holds_for_every_viewer_and_every_score(stream: Stream, most: int) -> None:
    table = Contributions(most)
    feed(table, stream)
    assert len(table) <= most
    check(table_of(table), exactly(stream))
    assert table.unique >= len({viewer for viewer, _, _ in stream if viewer})


@settings(max_examples=200, deadline=None)
@given(st.lists(streams, max_size=4), st.integers(1, 30), st.integers(1, 30))
def test_the_bounds_of_several_sessions_add_up(parts: list[Stream], most: int, keep: int) -> None:
    tables = []
    for stream in parts:
        table = Contributions(most)
        feed(table, stream)
        tables.append(table_of(table))
    at_once = merged(tables, keep)
    assert len(at_once.contributions) <= keep
    check(at_once, exactly(*parts))
    one_by_one = Merged()
    for table_ in tables:
        one_by_one = merged([one_by_one, table_], keep)
    check(one_by_one, exactly(*parts))


@given(streams)
def test_while_there_is_room_it_is_exact(stream: Stream) -> None:
    table = Contributions()
    feed(table, stream)
    truth = exactly(stream)
    assert table.exact
    assert table.unique == len({viewer for viewer, _, _ in stream if viewer})
    for c in table.contributions():
        assert all(getattr(c, score) == truth[score][c.viewer] for score in SCORES)


def test_who_gave_most_stays_while_thousands_pass_by() -> None:
    table = Contributions(100)
    feed(table, [(n, "gift", 1000 + n) for n in range(1, LOOKED_AT)])
    feed(table, [(10_000 + n, "likes", 3) for n in range(5000)])
    best = [c for c in table.contributions() if c.gifts]
    assert [c.coins for c in best] == [1000 + n for n in range(LOOKED_AT - 1, 0, -1)]
    assert not table.exact
    assert table.missing_at_most < 450  # three likes for each time that all 37 other seats were taken anew: 405


def test_who_is_forgotten_leaves_the_sums_and_no_name() -> None:
    table = Contributions()
    feed(table, [(7, "gift", 50), (7, "likes", 9), (8, "likes", 1)])
    assert table.forget("7")
    assert not table.forget("7")
    assert [c.viewer for c in table.contributions()] == ["8"]
    assert (table.others.coins, table.others.likes, table.others.name) == (50, 9, "")
    feed(table, [(7, "likes", 2)])  # they may come back
    assert {c.viewer: c.likes for c in table.contributions()} == {"7": 2, "8": 1}


@pytest.mark.parametrize("nobody", ["", "erased"])
def test_who_has_no_id_is_nobody(nobody: str) -> None:
    table = Contributions()
    table.count(User(id=nobody, name="somebody"), "likes", 5)
    assert (len(table), table.others, table.unique) == (0, Contribution(viewer="", likes=5), 0)


def test_a_viewer_is_shown_by_the_name_of_today() -> None:
    table = Contributions()
    for name in ("otto.quist", "", "otto.the.second"):
        table.count(User(id="7", name=name, nickname=name.title()), "likes", 1)
    assert table.contributions() == [
        Contribution(viewer="7", name="otto.the.second", nickname="Otto.The.Second", likes=3)
    ]
    earlier = Merged(contributions=[Contribution(viewer="7", name="otto.quist", coins=4)])
    assert merged([earlier, table_of(table)]).contributions[0].name == "otto.the.second"


def test_merged_tables_say_when_somebody_was_cut() -> None:
    table = Merged(contributions=[Contribution(viewer=str(n), coins=n) for n in range(10)])
    cut = merged([table], keep=4)
    assert ([c.coins for c in cut.contributions], cut.others.coins) == ([9, 8, 7, 6], 15)
    assert (cut.exact, cut.missing_at_most) == (False, 5)
    assert merged([table]) == structs.replace(table, contributions=table.contributions[::-1])
