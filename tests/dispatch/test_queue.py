"""Who runs next, and who gives way: fair between viewers, whatever comes in."""

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dispatch.queue import FairQueue, Overflow
from gateway.messages import Command


def command(viewer: str, n: int, steps: str = "", *, priority: int = 0, value: int = 0) -> Command:
    """The ``n``-th of a viewer; ``steps`` marks one of several steps of a run."""
    return Command(
        id=f"{viewer}{n}{steps}",
        station="cannon",
        action="fire",
        viewer=viewer,
        run=f"{viewer}{n}",
        expires_at="2026-11-22T12:00:00.000Z",
        priority=priority,
        value=value,
    )


def queue(*commands: Command, limit: int = 1000, overflow: Overflow = "newest") -> FairQueue:
    made = FairQueue(limit, overflow)
    for c in commands:
        made.push(c, 0.0)
    return made


def drain(q: FairQueue) -> list[str]:
    ids = []
    while (first := q.pop()) is not None:
        ids.append(first.command.id)
    return ids


def test_viewers_take_turns_each_in_their_own_order() -> None:
    q = queue(*(command("a", n) for n in range(4)), command("b", 0), command("c", 0), command("b", 1))
    assert drain(q) == ["a0", "b0", "c0", "a1", "b1", "a2", "a3"]


def test_a_thousand_gifts_of_one_never_hold_back_anothers_first() -> None:
    q = queue(*(command("a", n) for n in range(999)))
    assert q.pop()
    q.push(command("b", 0), 0.0)
    first_two = [q.pop(), q.pop()]
    assert "b0" in [w.command.id for w in first_two if w]


def test_the_steps_of_one_run_stay_together() -> None:
    q = queue(command("a", 0, "x"), command("a", 0, "y"), command("b", 0, "x"), command("b", 0, "y"))
    assert drain(q) == ["a0x", "a0y", "b0x", "b0y"]


def test_higher_priority_runs_first_but_does_not_tear_a_run_apart() -> None:
    q = queue(command("a", 0, "x"), command("a", 0, "y"), command("b", 0))
    assert q.pop()
    q.push(command("c", 0, priority=5), 0.0)
    assert drain(q) == ["a0y", "c0", "b0"]


def test_what_is_held_keeps_its_place_and_does_not_run() -> None:
    q = queue(command("a", 0), command("a", 1), command("b", 0))
    held = q.find("a0")
    assert held is not None
    held.held = True
    assert [w.command.id for w in q] == ["a1", "b0", "a0"]
    assert q.pop()
    held.held = False
    assert drain(q) == ["b0", "a0"]


def test_what_is_put_first_runs_next_with_all_its_steps() -> None:
    q = queue(
        command("a", 0, "x"), command("a", 0, "y"), command("b", 0), command("c", 0, "x"), command("c", 0, "y")
    )
    assert q.pop()
    assert q.put_first("b0")
    assert q.put_first("c0y")
    assert [w.command.id for w in q] == ["a0y", "c0x", "c0y", "b0"]
    assert drain(q) == ["a0y", "c0x", "c0y", "b0"]
    assert not q.put_first("b0")


@pytest.mark.parametrize(("overflow", "gone"), [("newest", "a3"), ("oldest", "a0"), ("cheapest", "b0")])
def test_in_a_full_queue_gives_way_what_the_settings_say(overflow: Overflow, gone: str) -> None:
    q = queue(*(command("a", n, value=5) for n in range(4)), limit=4, overflow=overflow)
    victim = q.push(command("b", 0, value=1), 0.0)
    assert victim is not None
    assert victim.command.id == gone
    assert len(q) == 4


COMMANDS = st.lists(
    st.builds(
        command,
        st.sampled_from("abcde"),
        st.integers(0, 10**6),
        priority=st.sampled_from([0, 0, 0, 3]),
        value=st.integers(0, 9),
    ),
    max_size=60,
    unique_by=lambda c: c.id,
)


@given(COMMANDS, st.integers(1, 40), st.sampled_from(["newest", "oldest", "cheapest"]), st.data())
def test_nothing_is_lost_nothing_runs_twice_and_what_is_shown_is_what_runs(
    commands: list[Command], limit: int, overflow: Overflow, data: st.DataObject
) -> None:
    q, ended = FairQueue(limit, overflow), Counter[str]()
    for c in commands:
        if (gone := q.push(c, 0.0)) is not None:
            ended[gone.command.id] += 1
        if data.draw(st.booleans()) and (first := q.pop()) is not None:
            ended[first.command.id] += 1
    assert len(q) <= limit
    shown = [w.command.id for w in q]
    assert drain(q) == shown
    ended.update(shown)
    assert ended == Counter(c.id for c in commands)


@given(COMMANDS)
def test_between_two_turns_of_a_viewer_every_other_one_who_waits_has_one(commands: list[Command]) -> None:
    level = [c for c in commands if not c.priority]
    q = queue(*level)
    order = drain(q)
    last = {c.viewer: max(order.index(d.id) for d in level if d.viewer == c.viewer) for c in level}
    for first, then in itertools.pairwise(order):
        if first[0] == then[0]:  # twice in a row: nobody else waits any more
            assert all(last[viewer] <= order.index(first) for viewer in last if viewer != first[0])
