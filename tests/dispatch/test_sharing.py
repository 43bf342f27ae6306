"""Stations that share a supply or an interlock: a command waits in its queue for them, and is not lost there."""

import asyncio

import pytest

from gateway.dispatch import worker
from gateway.dispatch.resources import Resources
from gateway.drivers.base import Ending, Health
from gateway.messages import FINAL, Status, stamp
from gateway.settings.venue_limits import Need
from tests.dispatch.stage import NOW, command, playing

AIRLOCK = frozenset({"airlock"})


def airlock() -> Resources:
    """Cannon and door never run together; the lamp has to do with neither."""
    return Resources(None, {("cannon", "fire"): Need(0, AIRLOCK), ("door", "open"): Need(0, AIRLOCK)})


async def test_an_interlocked_station_waits_for_the_other_and_a_third_goes_on() -> None:
    async with playing(airlock()) as stage:
        d, gates = stage.dispatcher, stage.gates
        d.submit(command("shot"))
        await stage.until(lambda: gates["cannon"].started)
        d.submit(command("open", "door", action="open"))
        d.submit(command("light", "lamp"))
        await stage.until(lambda: gates["lamp"].started)
        assert gates["door"].started == []
        assert (d.waiting("door"), d.running("door")) == (1, "")
        assert d.waits_for("door") == "cannon (interlock airlock)"
        gates["cannon"].open.set()
        await stage.until(lambda: gates["door"].started)
        assert stage.of("shot")[-1] is Status.DONE
        assert d.waits_for("door") == ""


async def test_a_command_that_waits_for_power_can_be_skipped_overtaken_and_paused() -> None:
    shared = Resources(100, {("cannon", "fire"): Need(80), ("lamp", "fire"): Need(60), ("lamp", "dim"): Need(10)})
    async with playing(shared) as stage:
        d, gates = stage.dispatcher, stage.gates
        d.submit(command("shot"))
        await stage.until(lambda: gates["cannon"].started)
        for name in ("a", "b"):
            d.submit(command(name, "lamp"))
        d.submit(command("c", "lamp", action="dim"))
        await stage.until(lambda: d.waits_for("lamp"))
        assert d.skip("lamp", "a", "Noor")
        assert d.put_first("lamp", "c")
        await stage.until(lambda: gates["lamp"].started)
        assert gates["lamp"].started == ["c"]
        gates["lamp"].open.set()
        await stage.until(lambda: d.waits_for("lamp"))
        d.pause("lamp", True)
        await stage.until(lambda: not d.waits_for("lamp"))
        d.pause("lamp", False)
        await stage.until(lambda: d.waits_for("lamp"))
        gates["cannon"].open.set()
        await stage.until(lambda: Status.DONE in stage.of("b"))
        assert gates["lamp"].started == ["c", "b"]


async def test_what_waits_for_power_until_its_deadline_says_so_and_lets_others_pass() -> None:
    shared = Resources(100, {("cannon", "fire"): Need(80), ("lamp", "fire"): Need(60), ("door", "open"): Need(20)})
    async with playing(shared) as stage:
        d, gates = stage.dispatcher, stage.gates
        d.submit(command("shot", expires_at=stamp(NOW + 300)))
        await stage.until(lambda: gates["cannon"].started)
        d.submit(command("light", "lamp"))
        await stage.until(lambda: d.waits_for("lamp"))
        d.submit(command("open", "door", action="open", expires_at=stamp(NOW + 300)))
        await stage.until(lambda: d.waits_for("door"))
        stage.now = NOW + 31
        await stage.until(lambda: gates["door"].started)
        late = stage.ending("light")
        assert (late.status, late.kept_by) == (Status.EXPIRED, "deadline")
        assert "the station waited for power: it takes 60 W, and of 100 W 80 are taken" in late.reason


@pytest.mark.parametrize("how", ["failed", "crashed", "cancelled", "disarmed", "paused", "stopped"])
async def test_however_a_command_ends_what_it_held_is_free(how: str) -> None:
    async with playing(airlock()) as stage:
        d, gates = stage.dispatcher, stage.gates

        async def crash(*_: object) -> None:
            raise RuntimeError("a bug")

        if how == "crashed":
            gates["cannon"].perform = crash  # type: ignore[method-assign,assignment]
        d.submit(command("shot"))
        match how:
            case "failed":
                gates["cannon"].ending = Ending.FAILED
                gates["cannon"].open.set()
            case "crashed":
                await stage.until(lambda: Status.FAILED in stage.of("shot"))
            case _:
                await stage.until(lambda: gates["cannon"].started)
        match how:
            case "cancelled":
                assert d.cancel("cannon", "shot", "Noor")
            case "disarmed":
                d.arm(False)
                d.arm(True)
            case "paused":
                d.set_mode("paused")
                d.set_mode("live")
            case "stopped":  # the board has not said yet what became of the shot
                d.stop("emergency stop")
                d.resume()
                d.arm(True)
        d.submit(command("open", "door", action="open"))
        await stage.until(lambda: gates["door"].started)


async def test_what_a_cancelled_command_held_is_free_when_its_board_says_that_it_is_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with playing(airlock()) as stage:
        d, gates = stage.dispatcher, stage.gates
        d.submit(command("shot"))
        await stage.until(lambda: gates["cannon"].started)
        gates["cannon"].health = Health(online=True, outputs=1)
        d.submit(command("open", "door", action="open"))
        assert d.cancel("cannon", "shot", "Noor")
        await stage.until(lambda: Status.CANCELLED in stage.of("shot"))
        for _ in range(20):  # turns of the loop in which the door would open
            await asyncio.sleep(0)
        assert gates["door"].started == []
        gates["cannon"].health = Health(online=True)
        await stage.until(lambda: gates["door"].started == ["open"])
        gates["door"].open.set()
        await stage.until(lambda: Status.DONE in stage.of("open"))
        monkeypatch.setattr(worker, "SETTLE_S", 0.02)  # a board that never says so keeps nobody for ever
        gates["cannon"].health = Health(online=True, outputs=1)
        d.submit(command("stuck"))
        await stage.until(lambda: d.running("cannon"))
        d.submit(command("again", "door", action="open"))
        assert d.cancel("cannon", "stuck", "Noor")
        await stage.until(lambda: Status.DONE in stage.of("again"))


async def test_a_station_that_is_away_holds_nothing_that_others_need_and_goes_on_when_it_is_back() -> None:
    async with playing(airlock()) as stage:
        d, gates = stage.dispatcher, stage.gates
        gates["cannon"].health = Health(online=False, fault="no cable")
        d.submit(command("shot", expires_at=stamp(NOW + 300)))
        d.submit(command("lost"))
        d.submit(command("open", "door", action="open"))
        gates["door"].open.set()
        await stage.until(lambda: Status.DONE in stage.of("open"))
        stage.now = NOW + 31
        await stage.until(lambda: Status.EXPIRED in stage.of("lost"))
        assert stage.ending("lost").kept_by == "offline"
        assert gates["cannon"].started == []
        gates["cannon"].health = Health(online=True)
        await stage.until(lambda: gates["cannon"].started == ["shot"])


async def test_many_small_ones_at_two_stations_do_not_starve_a_big_one() -> None:
    shared = Resources(
        100, {("cannon", "fire"): Need(100), ("lamp", "fire"): Need(30), ("door", "open"): Need(30)}
    )
    async with playing(shared) as stage:
        d, gates = stage.dispatcher, stage.gates

        for n in range(50):
            d.submit(command(f"l{n}", "lamp"))
            d.submit(command(f"d{n}", "door", action="open"))
        for name in ("lamp", "door"):
            gates[name].open.set()
        await stage.until(lambda: gates["lamp"].started)
        d.submit(command("big"))
        await stage.until(lambda: gates["cannon"].started)
        assert len(gates["lamp"].started) < 50
        assert len(gates["door"].started) < 50
        gates["cannon"].open.set()
        await stage.until(lambda: len([a for a in stage.acks if a.status in FINAL]) == 101)
        assert {a.status for a in stage.acks if a.status in FINAL} == {Status.DONE}
