"""Power and interlocks across stations, as bookkeeping: nobody over the limits, nobody passed for ever."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from gateway.dispatch.resources import Resources
from gateway.settings.venue_limits import Need


def made(budget: float | None, **needs: Need) -> Resources:
    """Each station has one action, ``go``."""
    return Resources(budget, {(station, "go"): need for station, need in needs.items()})


def watts(power: float) -> Need:
    return Need(power=power)


def locked(*names: str) -> Need:
    return Need(interlocks=frozenset(names))


def test_what_needs_nothing_always_runs() -> None:
    r = made(10, heater=watts(10))
    assert r.take("heater", "go")
    assert r.take("lamp", "go")
    assert r.shares("heater", "go")
    assert not r.shares("lamp", "go")


def test_a_supply_is_used_up_to_its_last_watt_and_not_beyond() -> None:
    r = made(0.3, a=watts(0.1), b=watts(0.2), c=watts(0.001))
    assert r.take("a", "go")
    assert r.take("b", "go")
    assert not r.take("c", "go")
    assert r.why("c") == "power: it takes 0.001 W, and of 0.3 W 0.3 are taken or spoken for"
    r.leave("a")
    assert r.take("c", "go")
    assert r.why("c") == ""


def test_of_an_interlock_one_runs_and_who_waits_hears_when_it_is_free() -> None:
    r = made(None, cannon=locked("airlock"), door=locked("airlock"))
    room: list[str] = []
    r.on_room = room.append
    assert r.take("cannon", "go")
    assert not r.take("door", "go")
    assert r.why("door") == "cannon (interlock airlock)"
    assert not room
    r.leave("cannon")
    assert room == ["door"]
    assert r.take("door", "go")


def test_a_big_one_is_not_passed_by_small_ones_and_keeps_nobody_from_other_things() -> None:
    r = made(100, small=watts(30), big=watts(90), late=watts(5), cannon=locked("air"), door=locked("air"))
    assert r.take("small", "go")
    assert not r.take("big", "go")
    assert not r.take("late", "go")  # it would fit now, and keep the big one waiting
    assert r.take("cannon", "go")
    assert not r.take("door", "go")
    r.leave("small")
    assert r.take("big", "go")
    assert r.take("late", "go")  # beside the big one there is room


def test_who_gives_up_or_asks_for_less_makes_room_for_those_behind() -> None:
    b = {("b", "big"): watts(60), ("b", "tiny"): watts(1)}
    r = Resources(100, {("a", "go"): watts(60), ("c", "go"): watts(39)} | b)
    room: list[str] = []
    r.on_room = room.append
    assert r.take("a", "go")
    assert not r.take("b", "big")
    assert not r.take("c", "go")
    assert not room
    assert r.take("b", "tiny")
    assert room == ["c"]
    assert r.take("c", "go")
    r.leave("b")
    assert not r.take("b", "big")
    room.clear()
    r.leave("b")  # its command was skipped
    assert room == []


NEEDS = st.builds(
    Need, power=st.sampled_from([0.0, 5.0, 30.0, 70.0, 100.0]), interlocks=st.frozensets(st.sampled_from("xy"))
)
BUDGET = 100.0


def fit(needs: Mapping[str, Need]) -> bool:
    locks = [lock for need in needs.values() for lock in need.interlocks]
    return sum(n.power for n in needs.values()) <= BUDGET and len(locks) == len(set(locks))


@given(st.lists(NEEDS, min_size=2, max_size=6), st.data())
def test_nobody_is_over_the_limits_and_nobody_is_passed_by_whom_they_wait_for(
    needs: list[Need], data: st.DataObject
) -> None:
    of = {f"s{i}": need for i, need in enumerate(needs)}
    r = made(BUDGET, **of)
    ready: set[str] = set()
    r.on_room = ready.add
    holding: dict[str, Need] = {}
    line: dict[str, Need] = {}

    def ask(station: str) -> None:
        ready.discard(station)
        ahead = {}
        for other, need in line.items():
            if other == station:
                break
            ahead[other] = need
        if r.take(station, "go"):
            line.pop(station, None)
            holding[station] = of[station]
            assert fit(holding)
            for other, need in ahead.items():  # whoever asked before could still begin beside it
                assert fit({station: of[station], other: need})
        else:
            line.setdefault(station, of[station])
            assert r.why(station)

    for _ in range(data.draw(st.integers(1, 30))):
        station = data.draw(st.sampled_from(sorted(of)))
        if station in holding:
            del holding[station]
            r.leave(station)
        elif station not in line:
            ask(station)
        while ready:
            ask(min(ready))
        if line:  # the first in the line waits for those who run, and for nobody else
            first, need = next(iter(line.items()))
            assert not fit({**holding, first: need})
    for station in list(holding):
        del holding[station]
        r.leave(station)
        while ready:
            station = min(ready, key=list(line).index)
            ask(station)
            if station in holding:
                del holding[station]
                r.leave(station)
    assert not line
