"""Accounts go where there is room, seldom move, and workers come and go with the load."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connector.workers.planner import LIMITS, Move, Placed, place, rebalance, size

NONE: frozenset[int] = frozenset()


def test_new_accounts_are_spread_evenly_and_the_heavy_ones_apart() -> None:
    found = place({f"a{n}": 0.0 for n in range(7)}, [], [1, 2, 3])
    assert sorted(list(found.values()).count(w) for w in (1, 2, 3)) == [2, 2, 3]
    found = place({"big": 0.5, "huge": 0.6, "small": 0.01}, [], [1, 2])
    assert found["big"] != found["huge"]
    assert found["small"] == found["big"]


def test_a_dead_workers_accounts_go_to_the_one_with_the_least_to_do() -> None:
    placed = [Placed(1, 0.5), Placed(2, 0.1), Placed(2, 0.1)]
    assert place({"x": 0.05}, placed, [1, 2]) == {"x": 2}
    assert place({"x": 0.05}, placed, []) == {}


def test_nothing_moves_while_nobody_has_too_much() -> None:
    accounts = {"a": Placed(1, 0.3), "b": Placed(1, 0.25)}
    assert rebalance(accounts, {1: 0.55, 2: 0.0}, NONE, 0.0) is None


def test_the_move_that_helps_most_is_made_and_none_that_only_moves_the_trouble() -> None:
    accounts = {"a": Placed(1, 0.5), "b": Placed(1, 0.3), "c": Placed(1, 0.1)}
    assert rebalance(accounts, {1: 0.9, 2: 0.2}, NONE, 0.0) == Move(
        "b", 2
    )  # 0.6 and 0.5; "a" would be 0.4 and 0.7
    assert rebalance(accounts, {1: 0.9, 2: 0.0}, NONE, 0.0) == Move("a", 2)
    assert rebalance({"a": Placed(1, 0.9)}, {1: 0.9, 2: 0.0}, NONE, 0.0) is None
    assert rebalance({"a": Placed(1, 0.4, fixed=True)}, {1: 0.9, 2: 0.0}, NONE, 0.0) is None
    assert rebalance({"a": Placed(1, 0.4, fixed=True)}, {1: 0.9, 2: 0.0}, frozenset({1}), 0.0) == Move("a", 2)
    assert rebalance({"a": Placed(1, 0.45), "b": Placed(1, 0.45)}, {1: 0.9, 2: 0.85}, NONE, 0.0) is None


def test_after_a_death_accounts_come_back_to_the_worker_that_was_started_anew() -> None:
    accounts = {f"a{n}": Placed(1, 0.001 * n) for n in range(6)}
    moved = []
    while (move := rebalance(accounts, {1: 0.02, 2: 0.0}, NONE, 100.0)) is not None:
        moved.append(move.account)
        accounts[move.account] = Placed(move.to, accounts[move.account].load, moved_at=100.0)
    assert moved == ["a0", "a1"]  # the lightest, and no more than it takes
    busy = {f"a{n}": Placed(1, 0.02) for n in range(9)} | {"big": Placed(2, 0.55)}
    assert rebalance(busy, {1: 0.18, 2: 0.55}, NONE, 0.0) is None


def test_an_account_rests_after_a_move_and_longer_in_the_middle_of_a_streak() -> None:
    def after(seconds: float, streaking: bool) -> Move | None:
        accounts = {"a": Placed(1, 0.4, streaking=streaking, moved_at=0.0), "b": Placed(1, 0.4, moved_at=seconds)}
        return rebalance(accounts, {1: 0.8, 2: 0.0}, NONE, seconds)

    assert after(LIMITS.rest - 1, False) is None
    assert after(LIMITS.rest, False) == Move("a", 2)
    assert after(LIMITS.rest, True) is None
    assert after(LIMITS.streak_rest - 1, True) is None
    assert after(LIMITS.streak_rest, True) == Move("a", 2)


def test_a_worker_that_retires_is_emptied_but_no_running_streak_is_moved_again_so_soon() -> None:
    accounts = {"a": Placed(1, 0.01, moved_at=90.0), "b": Placed(1, 0.01, streaking=True, moved_at=90.0)}
    retiring = frozenset({1})
    assert rebalance(accounts, {1: 0.02, 2: 0.1, 3: 0.05}, retiring, 100.0) == Move("a", 3)
    left = {"b": accounts["b"]}
    assert rebalance(left, {1: 0.02, 2: 0.1}, retiring, 100.0) is None
    assert rebalance(left, {1: 0.02, 2: 0.1}, retiring, 90.0 + LIMITS.streak_rest) == Move("b", 2)
    assert rebalance(accounts, {1: 0.02}, retiring, 100.0) is None  # nowhere to go


@pytest.mark.parametrize(
    ("loads", "expected"),
    [
        ([], 1),
        ([0.1], 1),
        ([0.9], 2),
        ([0.9, 0.05], 2),  # one account that cannot be split: another worker would not help
        ([0.7, 0.7], 3),
        ([0.2, 0.1], 1),
        ([0.3, 0.3], 2),
        ([0.7, 0.7, 0.7, 0.7], 4),
        ([0.1, 0.1, 0.1, 0.1, 0.1], 4),
    ],
)
def test_there_are_as_many_workers_as_the_load_needs(loads: list[float], expected: int) -> None:
    assert size(loads, 1, 4) == expected


@given(st.lists(st.floats(0, 0.25), min_size=1, max_size=24))
def test_a_steady_load_comes_to_rest_and_nobody_is_moved_to_and_fro(weights: list[float]) -> None:
    """Placed, sized and rebalanced again and again: it settles, and the number of workers never swings."""
    accounts: dict[str, Placed] = {f"a{n}": Placed(1, weight) for n, weight in enumerate(weights)}
    workers, now, counts, moves = [1], 0.0, [1], 0
    for _ in range(200):
        now += LIMITS.streak_rest
        loads = {w: min(1.0, sum(a.load for a in accounts.values() if a.worker == w)) for w in workers}
        wanted = size(list(loads.values()), 1, 8)
        retiring = NONE
        if wanted > len(workers):
            workers.append(max(workers) + 1)
        elif wanted < len(workers):
            retiring = frozenset({min(workers, key=lambda w: loads[w])})
        counts.append(wanted)
        loads |= {w: 0.0 for w in workers if w not in loads}
        moved = 0
        while (move := rebalance(accounts, loads, retiring, now)) is not None:
            old = accounts[move.account]
            accounts[move.account] = Placed(move.to, old.load, moved_at=now)
            loads[old.worker] -= old.load
            loads[move.to] += old.load
            moved += 1
            assert moved <= len(accounts)
        moves = moved if retiring or moved else 0
        workers = [w for w in workers if w not in retiring]
    assert moves == 0
    changes = [b - a for a, b in pairwise(counts) if a != b]
    assert changes == sorted(changes, reverse=True), counts  # up, then perhaps down, and that is it
