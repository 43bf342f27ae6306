"""Every knob of the practice platform, seen through the real client: what the streamer reads, what the log
says, and that all is well once the knob is released."""

import asyncio
import logging
import re
import resource
import time
from collections import Counter
from dataclasses import dataclass
from typing import get_args

import pytest

from gateway import messages as m
from gateway.connector.sources.tiktok import client, signing
from gateway.practice.tiktok import knobs
from gateway.practice.tiktok.acts import GIFTS
from gateway.practice.tiktok.faults import Lasting, Once
from gateway.practice.tiktok.room import Room
from tests.connector.conftest import PATIENCE, Rig, viewer

pytestmark = pytest.mark.needs("tiktoklive")

ROSE, COMET = GIFTS[0], GIFTS[-1]


@dataclass(frozen=True)
class Words:
    """``detail``: what the account's state says meanwhile, and the log once in ``tries``; a regular expression."""

    fault: Lasting
    detail: str
    seconds: float = 1.0
    tries: int = 2


ASKING = [
    Words("offline", r"@ada\.live is not live now"),
    Words("not-found", r"TikTok knows no account @ada\.live .*check the spelling of username"),
    Words("captcha", r"captcha"),
    Words("silent-api", r"does not say whether @ada\.live is live: .*captcha"),
    Words("private", r"TikTok refused the connection to @ada\.live.*private"),
    Words("limited", r"limits us \(429\).*sign_key_file", seconds=0.5, tries=1),
    Words("limited-silently", r"limits us \(429\).*sign_key_file", seconds=0.5, tries=1),
    Words("sign-down", r"the signing service cannot be reached; is there an internet connection\?"),
    Words("sign-hangs", r"the signing service .*does not answer"),
    Words("sign-empty", r"the signing service gave an empty answer"),
    Words("sign-no-cookies", r"the signing service gave an empty answer"),
    Words("sign-error", r"the signing service .*500"),
    Words("sign-garbage", r"the signing service's answer holds no way to @ada\.live's LIVE"),
    Words("sign-key", r"does not accept our key \(status 401\).*sign_key_file"),
    Words("blocked", r"TikTok refused the connection to @ada\.live.*DEVICE_BLOCKED"),
    Words("cut-handshake", r"the connection to @ada\.live broke"),
    Words("room-closes", r"@ada\.live.*room does not exist"),
]


@pytest.mark.parametrize("words", ASKING, ids=lambda w: w.fault)
async def test_what_keeps_a_live_from_being_heard_is_said_and_ends_with_its_cause(
    rig: Rig, words: Words, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client, "HTTP_TIMEOUT", 0.3)
    monkeypatch.setattr(signing, "LIMITED_FOR", words.seconds)
    caplog.set_level(logging.WARNING)
    room = rig.room("ada")
    await knobs.press(words.fault, rig.tiktok, room, words.seconds)
    rig.start("ada")
    await rig.bus.until(lambda: sum(bool(s.next_retry) for s in rig.bus.states("ada")) >= words.tries)
    state = rig.bus.states("ada")[-1]
    assert state.phase == "waiting"
    assert re.search(words.detail, state.detail), state.detail
    assert len(state.detail) < 250, "too long for a phone"
    assert state.next_retry is not None
    assert m.seconds(state.next_retry) - time.time() < 3
    warnings = [r.getMessage() for r in caplog.records if r.name.startswith("gateway.connector")]
    if words.fault == "offline":  # that is no trouble
        assert warnings == []
    else:
        assert len(warnings) == 1, "once, however often it is tried"
        assert warnings[0].startswith("ada: ")
        assert re.search(words.detail, warnings[0])
    await knobs.release(words.fault, rig.tiktok, room)
    await rig.bus.until(lambda: "live" in rig.bus.phases("ada"))
    assert rig.bus.states("ada")[-1].detail == ""
    await hears(rig, room)


async def hears(rig: Rig, room: Room, text: str = "after all") -> None:
    """What is said in the room arrives again."""
    async with asyncio.timeout(PATIENCE):
        await room.until(watchers=1)
    room.comment(viewer(1), text)
    await rig.bus.until(lambda: text in [c.data.text for c in rig.bus.events("ada", m.CommentEvent)])


async def test_an_age_limit_keeps_nobody_from_the_room(rig: Rig) -> None:
    room = rig.room("ada")
    await knobs.press("age-restricted", rig.tiktok, room)
    rig.start("ada")
    await rig.bus.until(lambda: "live" in rig.bus.phases("ada"))
    await hears(rig, room)
    await knobs.release("age-restricted", rig.tiktok, room)


@dataclass(frozen=True)
class Broken:
    """``log``: what the log says once; ``cut``: whether it costs the connection, which is then made again."""

    fault: Once
    log: str
    cut: bool


BROKEN = [
    Broken("abort", r"the connection to @ada\.live broke", cut=True),
    Broken("oversized", r"the connection to @ada\.live broke", cut=True),
    Broken("truncated", r"is cut off; it is skipped", cut=False),
    Broken("garbage", r"cannot be read.*it is skipped", cut=False),
    Broken("hollow", r"cannot be read.*it is skipped", cut=False),
    Broken("bomb", r"unpacks to more than \d+ bytes; it is skipped", cut=False),
    Broken("unreadable", r"cannot be read.*it is skipped", cut=False),
    Broken("unknown", r"", cut=False),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: b.fault)
async def test_a_broken_line_is_mended_and_a_bad_frame_costs_nothing_but_itself(
    rig: Rig, broken: Broken, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client, "CLOSE_TIMEOUT", 0.1)  # as much quicker as everything here
    caplog.set_level(logging.WARNING)
    room = await rig.live("ada")
    caplog.clear()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3):
        knobs.happen(broken.fault, room)
        if broken.cut:
            break
    if broken.cut:
        await rig.bus.until(lambda: rig.bus.events("ada", m.GapEvent))
    await hears(rig, room)
    assert rig.bus.phases("ada")[-1] == "live"
    assert len(rig.bus.events("ada", m.GapEvent)) == int(broken.cut)
    assert rig.tiktok.requests["socket"] == 1 + int(broken.cut)
    warnings = [r.getMessage() for r in caplog.records if r.name.startswith("gateway.connector")]
    assert len(warnings) == int(bool(broken.log)), "once, however often it comes"
    assert all(re.search(broken.log, w) for w in warnings)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    assert grown < 64 << 10, f"{grown >> 10} MB"


async def test_a_stall_is_said_and_ends_with_what_was_held_back_heard_once(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    room = await rig.live("ada")
    await knobs.press("stall", rig.tiktok, room)
    room.comment(viewer(1), "into the silence")
    await rig.bus.until(lambda: rig.bus.phases("ada")[-1] == "stalled")
    assert "TikTok has said nothing for" in rig.bus.states("ada")[-1].detail
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING] == [
        f"ada: {rig.bus.states('ada')[-1].detail}"
    ]
    await knobs.release("stall", rig.tiktok, room)
    await rig.bus.until(lambda: rig.bus.phases("ada")[-1] == "live")
    await hears(rig, room)


@pytest.mark.parametrize("fault", ["lost-ends", "doubled", "late"])
async def test_gifts_are_counted_exactly_however_the_platform_mangles_their_messages(
    rig: Rig, fault: Lasting
) -> None:
    room = await rig.live("ada")
    await knobs.press(fault, rig.tiktok, room)
    for n in range(12):
        room.gift(viewer(n), ROSE, 4)
        room.gift(viewer(n), COMET)
    await knobs.release(fault, rig.tiktok, room)  # what was held back comes now
    await hears(rig, room)
    await rig.bus.until(
        lambda: sum(g.data.ended for g in rig.bus.events("ada", m.GiftEvent) if g.data.name == "Rose") == 12
    )
    gifts = rig.bus.events("ada", m.GiftEvent)
    for name, each in (("Rose", 4), ("Comet", 1)):
        paid: Counter[str] = Counter()
        for gift in gifts:
            if gift.data.name == name:
                paid[gift.data.user.name] += gift.data.count
        assert paid == {viewer(n).name: each for n in range(12)}
    assert rig.bus.phases("ada")[-1] == "live"


async def test_whatever_was_acknowledged_to_the_platform_was_paid_and_nothing_twice(rig: Rig) -> None:
    room = await rig.live("ada")
    await knobs.press("doubled", rig.tiktok, room)
    await knobs.press("late", rig.tiktok, room)
    for cut in range(3):
        for n in range(10):
            room.gift(viewer(100 * cut + n), ROSE, 4)
        async with asyncio.timeout(PATIENCE):
            await room.until(acks=room.acks + 15)
            room.abort()  # with some thirty frames on their way
            await room.until(watchers=0)
            await room.until(watchers=1)
    room.mischief = None
    await hears(rig, room)
    paid: Counter[str] = Counter()
    for gift in rig.bus.events("ada", m.GiftEvent):
        paid[gift.data.user.name] += gift.data.count
    acknowledged: dict[str, int] = {}
    for sent in room.acknowledged_gifts():
        name = sent.tap.viewer.name
        acknowledged[name] = max(acknowledged.get(name, 0), sent.tap.count)
    assert sum(acknowledged.values()) > 20
    assert len(room.acknowledged_gifts()) < len(room.sent_gifts()), "the cuts cost nothing, so nothing was tried"
    for name, count in acknowledged.items():
        assert count <= paid[name] <= 4, name


def test_every_fault_of_the_platform_is_tried_here() -> None:
    tried = {w.fault for w in ASKING} | {b.fault for b in BROKEN}
    tried |= {"age-restricted", "stall", "lost-ends", "doubled", "late"}
    assert tried == {*get_args(Once), *get_args(Lasting)}
