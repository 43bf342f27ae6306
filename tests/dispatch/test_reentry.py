"""Rules hear an ending at once and may give or end commands in that very moment: still one ending for each."""

import asyncio
import contextlib
from collections import Counter

from gateway.messages import FINAL, Ack, Status, stamp
from tests.dispatch.stage import NOW, Stage, command


def endings(stage: Stage) -> Counter[str]:
    return Counter(a.id for a in stage.acks if a.status in FINAL)


async def test_a_run_that_is_ended_when_its_first_step_is_late_has_one_ending_for_each_step(stage: Stage) -> None:
    d = stage.dispatcher

    def on_ack(ack: Ack) -> None:
        stage.acks.append(ack)
        if ack.status is Status.EXPIRED:
            d.cancel_run("r", "a step of it came to nothing")

    stage.on_ack = on_ack
    d.pause("cannon", True)
    for name in "abc":
        d.submit(command(name, run="r"))
    stage.now = NOW + 31
    await stage.until(lambda: len(endings(stage)) == 3)
    assert endings(stage) == Counter("abc")
    assert stage.ending("a").status is Status.EXPIRED
    assert stage.ending("c").status is Status.CANCELLED


async def test_the_next_step_may_be_given_while_the_one_before_ends(stage: Stage) -> None:
    d, gate = stage.dispatcher, stage.gates["cannon"]

    def on_ack(ack: Ack) -> None:
        stage.acks.append(ack)
        if ack.status is Status.DONE and ack.id < "e":
            assert d.running("cannon") == ""
            assert not d.cancel("cannon", ack.id, "Noor")
            d.submit(command(chr(ord(ack.id) + 1)))

    stage.on_ack = on_ack
    gate.open.set()
    d.submit(command("a"))
    await stage.until(lambda: Status.DONE in stage.of("e"))
    assert gate.started == list("abcde")


async def test_what_an_ending_gives_while_the_gateway_stops_is_ended_too() -> None:
    stage = Stage()
    d = stage.dispatcher

    def on_ack(ack: Ack) -> None:
        stage.acks.append(ack)
        if ack.status in FINAL and len(ack.id) < 4:
            for station in ("cannon", "lamp"):
                d.submit(command(f"{ack.id}{station[0]}", station, expires_at=stamp(NOW + 300)))

    stage.on_ack = on_ack
    task = asyncio.create_task(d.run())
    for station in ("cannon", "lamp"):
        d.submit(command(f"{station[0]}1", station))
        d.submit(command(f"{station[0]}2", station))
    await stage.until(lambda: stage.gates["cannon"].started and stage.gates["lamp"].started)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    told = {a.id for a in stage.acks}
    assert len(told) == 4 + 8 + 16
    assert endings(stage) == Counter(told)
    assert all(not d.waiting(station) for station in stage.gates)


async def test_a_stop_while_rules_send_more_lets_nothing_through(stage: Stage) -> None:
    d, gate = stage.dispatcher, stage.gates["cannon"]

    def on_ack(ack: Ack) -> None:
        stage.acks.append(ack)
        if ack.status is Status.CANCELLED:
            d.submit(command(f"{ack.id}+"))

    stage.on_ack = on_ack
    for name in "abc":
        d.submit(command(name))
    await stage.until(lambda: gate.started)
    d.stop("emergency stop")
    assert stage.ending("b+").status is stage.ending("c+").status is Status.BLOCKED
    gate.open.set()
    await stage.until(lambda: Status.DONE in stage.of("a"))
    assert gate.started == ["a"]
