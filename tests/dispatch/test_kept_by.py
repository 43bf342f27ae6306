"""Every ending that is not done says what kept the command, in the closed set on which the ledger builds."""

import asyncio
import contextlib

import pytest

from gateway.dispatch.acks import make_ack, verdict_of
from gateway.drivers.base import Ending, Health, Outcome
from gateway.messages import FINAL, KeptBy, Status, stamp
from gateway.settings.models import Queue
from tests.dispatch.stage import NOW, Stage, command


def test_the_usual_meaning_of_a_drivers_ending_and_its_own_better_word() -> None:
    usual = {ending: verdict_of(Outcome(ending=ending)).kept_by for ending in Ending}
    assert usual == {
        Ending.DONE: "",
        Ending.FAILED: "fault",
        Ending.REJECTED: "limit",
        Ending.BLOCKED: "limit",
        Ending.EXPIRED: "deadline",
        Ending.CANCELLED: "person",
    }
    for ending in set(Ending) - {Ending.DONE}:
        assert verdict_of(Outcome(ending=ending, kept_by="offline")).kept_by == "offline"


def test_an_ending_without_a_word_of_what_kept_it_cannot_be_told() -> None:
    with pytest.raises(AssertionError, match="kept by something"):
        make_ack(command("a"), Status.FAILED, "who knows")
    with pytest.raises(AssertionError, match="kept by something"):
        make_ack(command("a"), Status.DONE, "", "fault")


async def test_what_comes_when_nothing_may_move_says_why(stage: Stage) -> None:
    d = stage.dispatcher
    d.submit(command("nowhere", "canon"))
    d.submit(command("dry", dry_run=True))
    d.submit(command("stale", expires_at=stamp(NOW - 1)))
    d.arm(False)
    d.submit(command("unarmed"))
    d.set_mode("rehearsal")
    d.submit(command("rehearsed"))
    d.stop("emergency stop")
    d.submit(command("stopped"))
    kept: dict[str, KeptBy] = {a.id: a.kept_by for a in stage.acks if a.status in FINAL}
    assert kept == {
        "nowhere": "limit",
        "dry": "mode",
        "stale": "deadline",
        "unarmed": "disarmed",
        "rehearsed": "mode",
        "stopped": "stop",
    }


@pytest.mark.parametrize(
    ("how", "kept"),
    [("stop", "stop"), ("disarm", "disarmed"), ("pause", "mode"), ("skip", "person"), ("run", "limit")],
)
async def test_what_waits_is_ended_with_what_ended_it(stage: Stage, how: str, kept: KeptBy) -> None:
    d = stage.dispatcher
    d.submit(command("runs"))
    await stage.until(lambda: stage.gates["cannon"].started)
    d.submit(command("waits", run="r"))
    match how:
        case "stop":
            d.stop("emergency stop")
        case "disarm":
            d.arm(False, "Sari")
        case "pause":
            d.set_mode("paused")
        case "skip":
            assert d.skip("cannon", "waits", "Sari")
        case "run":
            assert d.cancel_run("r", "rule wave began again") == 1
    ending = stage.ending("waits")
    assert (ending.status, ending.kept_by) == (Status.CANCELLED, kept)


def test_what_gives_way_in_a_full_queue_is_dropped_and_the_words_say_who() -> None:
    for overflow, said in (
        ("newest", "overflow newest): the newest of Noor, who has most waiting, gave way"),
        ("oldest", "overflow oldest): the oldest of Noor, who has most waiting, gave way"),
        ("cheapest", "overflow cheapest): the cheapest, worth 1 coins, gave way"),
    ):
        full = Stage(queues={"cannon": Queue(limit=3, overflow=overflow)})  # type: ignore[arg-type]
        for n in range(3):
            full.dispatcher.submit(command(f"n{n}", viewer="1", user="Noor", value=1))
        full.dispatcher.submit(command("t", viewer="2", user="Tove", value=5))
        (gone,) = [a for a in full.acks if a.status in FINAL]
        assert (gone.status, gone.kept_by) == (Status.DROPPED, "overflow")
        assert gone.reason == f"the queue is full (limit 3, {said}"


@pytest.mark.parametrize(
    ("how", "kept", "said"),
    [
        ("behind others", "deadline", "before its turn came"),
        ("offline", "offline", "while the station was away: no cable"),
        ("stopped", "stop", "while the station was stopped"),
        ("broker away", "fault", "while the broker was away"),
        ("station paused", "person", "while somebody held it back"),
        ("held", "person", "while somebody held it back"),
    ],
)
async def test_a_deadline_that_passes_says_what_was_in_the_way(
    stage: Stage, how: str, kept: KeptBy, said: str
) -> None:
    d, gate = stage.dispatcher, stage.gates["cannon"]
    d.submit(command("runs", expires_at=stamp(NOW + 300)))
    await stage.until(lambda: gate.started)
    d.submit(command("late"))
    match how:
        case "offline":
            gate.health = Health(online=False, fault="no cable")
        case "stopped":
            gate.health = Health(online=True, stopped=True)
        case "broker away":
            d.hold(True)
        case "station paused":
            d.pause("cannon", True)
        case "held":
            assert d.hold_one("cannon", "late", True)
    stage.now = NOW + 31
    await stage.until(lambda: Status.EXPIRED in stage.of("late"))
    ending = stage.ending("late")
    assert ending.kept_by == kept
    assert said in ending.reason


async def test_what_runs_or_waits_when_the_gateway_ends_is_its_fault() -> None:
    stage = Stage()
    task = asyncio.create_task(stage.dispatcher.run())
    for name in ("runs", "waits"):
        stage.dispatcher.submit(command(name))
    await stage.until(lambda: stage.gates["cannon"].started)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert stage.ending("runs").kept_by == stage.ending("waits").kept_by == "fault"
