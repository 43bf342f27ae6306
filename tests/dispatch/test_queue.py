"""Who runs next, and who gives way: fair between viewers, whatever comes in."""

import itertools
import sys
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


@st.composite
def runs(draw: st.DrawFn) -> list[list[Command]]:
    """Runs of one to three steps, as rules and viewers make them."""
    viewers = draw(st.lists(st.sampled_from("abcde"), max_size=25))
    return [
        [command(viewer, n, step, priority=priority, value=value) for step in "xyz"[: draw(st.integers(1, 3))]]
        for n, viewer in enumerate(viewers)
        for priority, value in [(draw(st.sampled_from([0, 0, 0, 3])), draw(st.integers(0, 9)))]
    ]


@given(runs(), st.integers(1, 40), st.sampled_from(["newest", "oldest", "cheapest"]), st.data())
def test_nothing_is_lost_nothing_runs_twice_and_what_is_shown_is_what_runs(
    all_runs: list[list[Command]], limit: int, overflow: Overflow, data: st.DataObject
) -> None:
    q, ended = FairQueue(limit, overflow), Counter[str]()
    for c in itertools.chain.from_iterable(all_runs):
        if (gone := q.push(c, 0.0)) is not None:
            ended[gone.command.id] += 1
        waiting = q.waiting
        match data.draw(st.sampled_from(["come", "come", "pop", "hold", "first", "take", "take run"])):
            case "pop" if (first := q.pop()) is not None:
                ended[first.command.id] += 1
            case "hold" if waiting:
                data.draw(st.sampled_from(waiting)).held = True
            case "first" if waiting:
                assert q.put_first(data.draw(st.sampled_from(waiting)).command.id)
            case "take" if waiting:
                taken = q.take(data.draw(st.sampled_from(waiting)).command.id)
                assert taken is not None
                ended[taken.command.id] += 1
            case "take run" if waiting:
                ended.update(w.command.id for w in q.take_run(data.draw(st.sampled_from(waiting)).run))
    assert len(q) == len(q.waiting) <= limit
    shown = [w.command.id for w in q]
    held = [w.command.id for w in q.waiting if w.held]
    assert drain(q) + held == shown
    assert q.first() is None
    ended.update(shown)
    assert [w.command.id for w in q.clear()] == held
    assert ended == Counter(c.id for run in all_runs for c in run)
    assert not len(q)


@given(runs(), st.data())
def test_a_viewers_first_waits_at_most_for_the_running_run_and_one_of_each_who_waited_before(
    all_runs: list[list[Command]], data: st.DataObject
) -> None:
    q = FairQueue(1000, "newest")
    under_way: tuple[str, int] = ("", 0)
    may_wait_for: dict[str, Counter[str]] = {}  # a viewer's first run -> whose runs may still go before it

    def step() -> None:
        nonlocal under_way
        first = q.pop()
        if first is None:
            return
        c = first.command
        if first.run != under_way[0]:
            under_way = first.run, c.priority
            may_wait_for.pop(first.run, None)
            for run, allowed in may_wait_for.items():
                assert c.priority >= priority_of[run]
                if c.priority == priority_of[run]:
                    allowed[c.viewer] -= 1
                    assert allowed[c.viewer] >= 0, f"{first.run} went before {run}"

    priority_of = {run[0].run: run[0].priority for run in all_runs}
    for run in all_runs:
        viewer, priority = run[0].viewer, run[0].priority
        level = [w for w in q.waiting if w.command.priority == priority]
        if all(w.viewer != viewer for w in level):
            may_wait_for[run[0].run] = Counter({w.viewer for w in level if w.run != under_way[0]})
        for c in run:
            q.push(c, 0.0)
        for _ in range(data.draw(st.integers(0, 4))):
            step()
    while len(q):
        step()
    assert not may_wait_for


@given(runs())
def test_between_two_turns_of_a_viewer_every_other_one_who_waits_has_one(all_runs: list[list[Command]]) -> None:
    level = [run[0] for run in all_runs if not run[0].priority]
    q = queue(*level)
    order = drain(q)
    last = {c.viewer: max(order.index(d.id) for d in level if d.viewer == c.viewer) for c in level}
    for first, then in itertools.pairwise(order):
        if first[0] == then[0]:  # twice in a row: nobody else waits any more
            assert all(last[viewer] <= order.index(first) for viewer in last if viewer != first[0])


@pytest.mark.parametrize("overflow", ["newest", "oldest", "cheapest"])
def test_a_push_and_a_pop_look_at_no_more_when_more_wait(overflow: Overflow) -> None:
    def looks(waiting: int) -> int:
        """Calls made inside the queue by a push and a pop."""
        q = queue(*(command(str(n % 10), n) for n in range(waiting)), limit=waiting + 1, overflow=overflow)
        calls = 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1

        sys.setprofile(count)
        try:
            q.push(command("late", 0), 0.0)
            q.pop()
        finally:
            sys.setprofile(None)
        return calls

    assert looks(1000) == looks(10)
