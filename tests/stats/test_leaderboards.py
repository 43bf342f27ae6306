"""Who gave most: places that are shared, names that are missing, and bounds that are passed on."""

import random

from hypothesis import given
from hypothesis import strategies as st

from gateway.messages import Contribution
from gateway.stats.contributions import Merged, merged
from gateway.stats.leaderboards import board

ZOE = Contribution(viewer="9", name="zoe.fern", nickname="Zoe", coins=500, gifts=2, likes=7)
OTTO = Contribution(viewer="7", name="otto.quist", coins=200, gifts=200)
PIA = Contribution(viewer="3", nickname="Pia", coins=200, comments=12)
HIDDEN = Contribution(viewer="5", coins=200, shares=1)
LUKA = Contribution(viewer="1", name="luka.ray", coins=30)
QUIET = Contribution(viewer="2", name="quiet.one", likes=900)
ALL = [LUKA, QUIET, PIA, HIDDEN, OTTO, ZOE]


def table(*contributions: Contribution) -> Merged:
    return Merged(contributions=list(contributions))


def shown(contributions: list[Contribution], **how: object) -> list[tuple[int, str, int]]:
    leaders = board(table(*contributions), account="mara", **how)  # type: ignore[arg-type]  # keywords of the call
    return [(p.place, p.viewer, p.score) for p in leaders.places]


def test_equal_scores_share_a_place_and_the_next_one_is_as_many_further_on() -> None:
    assert shown(ALL) == [(1, "9", 500), (2, "3", 200), (2, "5", 200), (2, "7", 200), (5, "1", 30)]


def test_who_gave_nothing_has_no_place() -> None:
    assert "2" not in [viewer for _, viewer, _ in shown(ALL, top=50)]
    assert shown([QUIET]) == []


def test_places_are_given_by_any_score() -> None:
    assert shown(ALL, by="likes") == [(1, "2", 900), (2, "9", 7)]
    assert shown(ALL, by="gifts") == [(1, "7", 200), (2, "9", 2)]
    assert shown(ALL, by="comments") == [(1, "3", 12)]
    assert shown(ALL, by="shares") == [(1, "5", 1)]


def test_a_board_is_cut_at_its_top_and_at_its_minimum() -> None:
    assert shown(ALL, top=2) == [(1, "9", 500), (2, "3", 200)]
    assert shown(ALL, minimum=200) == [(1, "9", 500), (2, "3", 200), (2, "5", 200), (2, "7", 200)]
    assert shown(ALL, minimum=201) == [(1, "9", 500)]


def test_who_has_no_name_can_be_hidden_and_holds_no_place_then() -> None:
    assert shown(ALL, hide_anonymous=True) == [(1, "9", 500), (2, "3", 200), (2, "7", 200), (4, "1", 30)]


def test_names_are_shown_as_they_are_known() -> None:
    first, second, *_ = board(table(*ALL), account="mara").places
    assert (first.name, first.nickname) == ("zoe.fern", "Zoe")
    assert (second.name, second.nickname) == ("", "Pia")


def test_what_may_be_missing_is_said() -> None:
    cut = Merged(contributions=[ZOE], others=LUKA, exact=False, missing_at_most=30)
    leaders = board(cut, account="mara", board="all", simulated=True, since="2026-11-01T00:00:00.000Z")
    assert (leaders.exact, leaders.missing_at_most) == (False, 30)
    assert (leaders.account, leaders.board, leaders.by) == ("mara", "all", "coins")
    assert (leaders.simulated, leaders.since) == (True, "2026-11-01T00:00:00.000Z")


def test_a_week_is_the_sum_of_its_sessions() -> None:
    monday, friday = table(OTTO, ZOE), table(PIA, OTTO, LUKA)
    leaders = board(merged([monday, friday]), account="mara", board="7d")
    assert [(p.place, p.viewer, p.score) for p in leaders.places] == [
        (1, "9", 500),
        (2, "7", 400),
        (3, "3", 200),
        (4, "1", 30),
    ]
    assert leaders.exact


viewers = st.lists(
    st.builds(
        Contribution,
        viewer=st.integers(0, 200).map(str),
        name=st.sampled_from(["", "a", "b"]),
        coins=st.integers(0, 8),
    ),
    max_size=60,
    unique_by=lambda c: c.viewer,
)


@given(viewers, st.integers(1, 50), st.integers(0, 5), st.booleans(), st.randoms(use_true_random=False))
def test_places_are_what_counting_says_in_whatever_order_viewers_stand(
    contributions: list[Contribution], top: int, minimum: int, hide: bool, rng: random.Random
) -> None:
    found = shown(contributions, top=top, minimum=minimum, hide_anonymous=hide)
    meant = [c for c in contributions if c.coins >= max(1, minimum) and (c.name or not hide)]
    assert len(found) == min(top, len(meant))
    score = {c.viewer: c.coins for c in meant}
    for place, viewer, coins in found:
        assert coins == score[viewer]
        assert place == 1 + sum(other > coins for other in score.values())
    mixed = rng.sample(contributions, len(contributions))
    assert shown(mixed, top=top, minimum=minimum, hide_anonymous=hide) == found
