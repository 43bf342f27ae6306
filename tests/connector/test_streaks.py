"""A streak pays exactly what was given, however its messages are cut, lost, doubled or mixed up."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gateway import messages as m
from gateway.connector.account.streaks import CLOSE_AFTER, REMEMBERED, Streaks

AT = m.stamp(1_800_000_000)


def told(streak: str, total: int, *, ended: bool = False, n: int = 0) -> m.GiftEvent:
    """What the mapping makes of one message: the count so far, and nothing paid yet."""
    gift = m.Gift(
        user=m.User(id="1"), gift_id="5655", name="Rose", coins=1, count=0, total=total, streak=streak, ended=ended
    )
    return m.GiftEvent(
        id=f"room-{streak}-{total}-{ended}-{n}",
        source="t",
        time=AT,
        received=AT,
        account="a",
        room="room",
        data=gift,
    )


def pay_all(messages: list[m.GiftEvent]) -> list[m.GiftEvent]:
    streaks = Streaks()
    return [paid for n, e in enumerate(messages) if (paid := streaks.pay(e, n * 0.01)) is not None]


def test_a_streak_of_five_pays_one_each_and_ends_with_nothing_more() -> None:
    paid = pay_all([*(told("s", n) for n in range(1, 6)), told("s", 5, ended=True)])
    assert [(e.data.count, e.data.total, e.data.ended) for e in paid] == [
        (1, 1, False), (1, 2, False), (1, 3, False), (1, 4, False), (1, 5, False), (0, 5, True),
    ]  # fmt: skip


def test_a_single_last_message_pays_the_whole_streak() -> None:
    (paid,) = pay_all([told("s", 7, ended=True)])
    assert (paid.data.count, paid.data.ended) == (7, True)


def test_a_gift_that_is_no_streak_passes_as_it_is() -> None:
    event = told("", 3, ended=True)
    event = msgspec.structs.replace(event, data=msgspec.structs.replace(event.data, count=3))
    assert pay_all([event, event]) == [event, event]


def test_a_forgotten_end_is_made_by_the_timer_and_once() -> None:
    streaks = Streaks()
    streaks.pay(told("s", 1), 0.0)
    streaks.pay(told("s", 3), 1.0)
    due = streaks.due
    assert due == 1.0 + CLOSE_AFTER
    assert streaks.close_overdue(0.9 + CLOSE_AFTER, AT) == []
    (ended,) = streaks.close_overdue(1.0 + CLOSE_AFTER, AT)
    assert (ended.data.count, ended.data.total, ended.data.ended) == (0, 3, True)
    assert streaks.due is None
    assert streaks.close_overdue(99.0, AT) == []


def test_what_grows_after_the_timer_is_paid_and_ends_nothing_again() -> None:
    streaks = Streaks()
    streaks.pay(told("s", 3), 0.0)
    streaks.close_overdue(CLOSE_AFTER, AT)
    late = streaks.pay(told("s", 5, ended=True), CLOSE_AFTER + 1)
    assert late is not None
    assert (late.data.count, late.data.ended) == (2, False)
    assert streaks.pay(told("s", 5, ended=True, n=2), CLOSE_AFTER + 2) is None


def test_closed_streaks_do_not_fill_the_memory() -> None:
    streaks = Streaks()
    for n in range(REMEMBERED + 100):
        streaks.pay(told(f"s{n}", 1, ended=True), float(n))
    assert len(streaks._closed) == REMEMBERED


@st.composite
def streams(draw: st.DrawFn) -> tuple[dict[str, int], list[m.GiftEvent], set[str]]:
    """Streaks of many users, their messages cut, lost, doubled and shuffled; and whose last message came."""
    counts = draw(st.dictionaries(st.sampled_from([f"user{n}" for n in range(6)]), st.integers(1, 12), min_size=1))
    messages: list[m.GiftEvent] = []
    whole = set()
    for name, count in counts.items():
        steps = draw(st.lists(st.integers(1, count), max_size=14))
        messages += [told(name, step, n=n) for n, step in enumerate(steps)]
        if draw(st.booleans()):
            whole.add(name)
            messages += [told(name, count, ended=True)] * draw(st.integers(1, 3))
    return counts, draw(st.permutations(messages)), whole


@given(streams(), st.data())
def test_deltas_add_up_to_the_true_count_and_never_beyond(
    stream: tuple[dict[str, int], list[m.GiftEvent], set[str]], data: st.DataObject
) -> None:
    counts, messages, whole = stream
    streaks, now, paid = Streaks(), 0.0, dict.fromkeys(counts, 0)
    ends = dict.fromkeys(counts, 0)

    def take(events: list[m.GiftEvent]) -> None:
        for event in events:
            paid[event.data.streak] += event.data.count
            ends[event.data.streak] += event.data.ended
            assert paid[event.data.streak] == event.data.total <= counts[event.data.streak]

    for message in messages:
        now += data.draw(st.sampled_from([0.1, 1.0, CLOSE_AFTER + 1]))
        take(streaks.close_overdue(now, AT))
        event = streaks.pay(message, now)
        take([event] if event else [])
    take(streaks.close_overdue(now + CLOSE_AFTER, AT))
    for name, count in counts.items():
        if name in whole:
            assert paid[name] == count
    seen = {e.data.streak for e in messages}
    assert ends == {name: int(name in seen) for name in counts}
