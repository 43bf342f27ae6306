"""The crowd of a seed is always the same crowd, and behaves as a crowd does."""

from collections import Counter
from itertools import islice, takewhile

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.practice.tiktok.acts import GIFTS, Act, Likes, Tap
from gateway.practice.tiktok.crowd import Crowd
from gateway.practice.tiktok.rates import Rates


def doings(seed: str, rates: Rates | None = None, count: int = 2000) -> list[tuple[float, Act]]:
    return list(islice(Crowd(seed, rates or Rates(), GIFTS).moments(), count))


def test_the_same_seed_does_the_same_again_and_another_does_not() -> None:
    assert doings("7/ada") == doings("7/ada")
    assert doings("7/ada") != doings("8/ada")


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=5))
def test_time_never_runs_backwards(seed: str) -> None:
    times = [t for t, _ in doings(seed, count=500)]
    assert times == sorted(times)


def test_every_kind_happens_about_as_often_as_its_rate_says() -> None:
    rates = Rates(streak=0)
    seen = Counter(
        type(act).__name__ for _, act in takewhile(lambda m: m[0] < 2000, Crowd("1", rates, GIFTS).moments())
    )
    for name, rate in (
        ("Comment", rates.comment),
        ("Likes", rates.like),
        ("Join", rates.join),
        ("Tap", rates.gift),
    ):
        assert 0.6 < seen[name] / (2000 * rate) < 1.4, (name, seen[name])


def test_a_streak_counts_up_by_one_and_most_are_ended() -> None:
    streaks: dict[int, list[Tap]] = {}
    for _, act in doings("3", Rates(streak=1, gift=0, guest=0, comment=0, like=0, viewers=0), 5000):
        if isinstance(act, Tap):
            streaks.setdefault(act.group, []).append(act)
    whole = list(streaks.values())[:-60]  # the last are still under way
    assert len(whole) > 100
    for taps in whole:
        counting = [t for t in taps if not t.ended]
        assert [t.count for t in counting] == list(range(1, len(counting) + 1))
        assert all(t.count == len(counting) for t in taps if t.ended)
        assert len({(t.viewer, t.gift) for t in taps}) == 1
    ended = sum(taps[-1].ended for taps in whole)
    assert 0.85 * len(whole) < ended < len(whole)


def test_a_busier_crowd_is_the_same_mix_only_faster() -> None:
    calm, busy = (sum(isinstance(a, Likes) for _, a in doings("5", r)) for r in (Rates(), Rates().times(10)))
    assert abs(calm - busy) < 150
    assert doings("5", Rates().times(10))[-1][0] < doings("5")[-1][0] / 5
