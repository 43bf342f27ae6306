"""What an account does when its LIVE is not there, breaks, stalls or ends; with the real client."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import messages as m
from gateway.connector.sources.base import Lost, Sink, Source, Stream
from gateway.connector.sources.make import Sources
from gateway.practice.tiktok import badframes
from gateway.practice.tiktok.acts import GIFTS
from gateway.settings import models
from tests.connector.conftest import HURRIED, Rig, viewer

pytestmark = pytest.mark.needs("tiktoklive")


async def test_an_offline_account_waits_and_asks_no_more_often_than_it_may(rig: Rig) -> None:
    rig.room("ada", live=False)
    began = time.monotonic()
    rig.start("ada", pace=replace(HURRIED, poll=0.3))
    await rig.bus.until(lambda: len(rig.bus.states("ada")) > 6)
    asked = sum(rig.tiktok.requests.values())
    assert asked <= 1 + (time.monotonic() - began) / 0.3
    assert rig.tiktok.requests["sign"] == 0
    state = rig.bus.states("ada")[-1]
    assert (state.phase, state.detail) == ("waiting", "@ada.live is not live now")
    assert state.next_retry is not None
    assert m.seconds(state.next_retry) - time.time() < 0.4
    assert rig.bus.phases("ada") == ["waiting"]  # no flicker while it asks
    assert {s.since for s in rig.bus.states("ada")} == {state.since}


async def test_it_goes_live_when_the_streamer_does(rig: Rig) -> None:
    room = rig.room("ada", live=False)
    rig.start("ada")
    await rig.bus.until(lambda: len(rig.bus.states("ada")) >= 2)
    room.go_live()
    await rig.bus.until(lambda: "live" in rig.bus.phases("ada"))
    assert rig.bus.phases("ada") == ["waiting", "connecting", "live"]
    assert rig.bus.states("ada")[-1].room == str(room.room_id)


async def test_an_account_that_does_not_exist_is_named_and_asked_for_rarely(rig: Rig) -> None:
    began = time.monotonic()
    rig.start("nobody", pace=replace(HURRIED, poll=0.1, not_found=0.6))
    await rig.bus.until(lambda: len(rig.bus.states("nobody")) >= 3)
    state = rig.bus.states("nobody")[-1]
    assert state.phase == "waiting"
    assert "TikTok knows no account @nobody.live" in state.detail
    assert "check the spelling of username" in state.detail
    assert sum(rig.tiktok.requests.values()) <= 2 * (1 + (time.monotonic() - began) / 0.6)


async def test_a_cut_line_is_mended_in_the_same_room_and_the_gap_is_told(rig: Rig) -> None:
    room = await rig.live("ada")
    room.comment(viewer(1), "before")
    await rig.bus.until(lambda: rig.bus.events("ada", m.CommentEvent))
    cut = time.time()
    room.abort()
    await rig.bus.until(lambda: rig.bus.events("ada", m.GapEvent))
    room.comment(viewer(1), "after")
    await rig.bus.until(lambda: len(rig.bus.events("ada", m.CommentEvent)) == 2)
    (gap,) = rig.bus.events("ada", m.GapEvent)
    assert cut - 0.5 < m.seconds(gap.data.start) <= cut + 0.01
    assert m.seconds(gap.data.start) < m.seconds(gap.data.end) <= time.time()
    assert "broke" in gap.data.why
    assert gap.room == str(room.room_id)
    assert rig.bus.phases("ada") == ["waiting", "connecting", "live", "waiting", "connecting", "live"]
    assert len(rig.bus.events("ada", m.LiveEvent)) == 1  # one session: it did not start again


async def test_a_stall_is_noticed_in_time_and_mended(rig: Rig) -> None:
    room = await rig.live("ada")
    room.stall()
    began = time.monotonic()
    await rig.bus.until(lambda: "stalled" in rig.bus.phases("ada"))
    assert HURRIED.stall * 0.8 < time.monotonic() - began < HURRIED.stall + 0.5
    room.resume()
    await rig.bus.until(lambda: rig.bus.events("ada", m.GapEvent))
    (gap,) = rig.bus.events("ada", m.GapEvent)
    assert "said nothing" in gap.data.why
    assert m.seconds(gap.data.end) - m.seconds(gap.data.start) >= HURRIED.stall * 0.9
    assert rig.bus.phases("ada")[-3:] == ["stalled", "connecting", "live"]


async def test_a_quiet_room_with_heartbeats_is_not_stalled(rig: Rig) -> None:
    room = await rig.live("ada", pace=replace(HURRIED, stall=0.4))
    async with asyncio.timeout(10):
        await room.until(heartbeats=12)  # 1.2 s without a message
    assert rig.bus.phases("ada")[-1] == "live"
    assert rig.tiktok.requests["socket"] == 1


@pytest.mark.parametrize("headers", [True, False])
async def test_limited_signing_is_waited_out_and_said(rig: Rig, headers: bool) -> None:
    rig.tiktok.limit_signing(1.0 if headers else 300.0, headers=headers)
    rig.room("ada")
    rig.start("ada")
    await rig.bus.until(lambda: rig.bus.states("ada") and rig.bus.states("ada")[-1].next_retry)
    state = rig.bus.states("ada")[-1]
    assert state.phase == "waiting"
    assert "(429)" in state.detail
    assert "sign_key_file" in state.detail
    assert state.next_retry is not None
    wait = m.seconds(state.next_retry) - time.time()
    if not headers:
        assert 55 < wait < 65
        return
    assert 0.5 < wait < 2.6
    await rig.bus.until(lambda: "live" in rig.bus.phases("ada"))
    assert rig.tiktok.requests["sign"] == 2
    (gap,) = rig.bus.events("ada", m.GapEvent)  # it was live all the while, unheard
    assert "429" in gap.data.why


async def test_a_blocked_device_is_told_in_the_platforms_words_and_not_pressed(rig: Rig) -> None:
    rig.tiktok.refusal = "DEVICE_BLOCKED"
    rig.room("ada")
    began = time.monotonic()
    rig.start("ada", pace=replace(HURRIED, refused=0.4))
    await rig.bus.until(lambda: rig.tiktok.requests["socket"] >= 3)
    assert rig.tiktok.requests["sign"] <= 1 + (time.monotonic() - began) / 0.4
    state = next(s for s in rig.bus.states("ada") if s.next_retry)
    assert state.phase == "waiting"
    assert "TikTok refused the connection to @ada.live" in state.detail
    assert "DEVICE_BLOCKED" in state.detail
    rig.tiktok.refusal = ""
    await rig.bus.until(lambda: rig.bus.events("ada", m.GapEvent))
    assert rig.bus.phases("ada")[-1] == "live"


async def test_one_accounts_429_keeps_all_from_the_signing_service(rig: Rig) -> None:
    rig.tiktok.limit_signing(300)
    rig.room("ada")
    rig.room("bo")
    rig.start("ada", "bo")
    await rig.bus.until(lambda: all(rig.bus.states(a) and rig.bus.states(a)[-1].next_retry for a in ("ada", "bo")))
    assert rig.tiktok.requests["sign"] <= 2
    for account in ("ada", "bo"):
        retry = rig.bus.states(account)[-1].next_retry
        assert retry is not None
        assert m.seconds(retry) - time.time() > 290


async def test_the_end_of_the_live_is_told_once_and_the_next_one_is_found(rig: Rig) -> None:
    room = await rig.live("ada")
    first = str(room.room_id)
    room.end()
    await rig.bus.until(lambda: "ended" in rig.bus.phases("ada"))
    assert rig.bus.states("ada")[-1].detail == "the LIVE has ended"
    room.go_live()
    await rig.bus.until(lambda: len(rig.bus.events("ada", m.LiveEvent)) == 3)
    assert [(e.data.phase, e.room == first) for e in rig.bus.events("ada", m.LiveEvent)] == [
        ("started", True),
        ("ended", True),
        ("started", False),
    ]
    assert rig.bus.events("ada", m.GapEvent) == []


async def test_a_live_that_ended_while_the_line_was_cut_is_ended_with_its_gap(rig: Rig) -> None:
    room = await rig.live("ada", pace=replace(HURRIED, first=0.3))
    room.abort()
    room.live = False  # nobody was there to hear the end
    await rig.bus.until(lambda: "ended" in rig.bus.phases("ada"))
    kinds = [type(e).__name__ for e in rig.bus.everything("ada")]
    assert kinds == ["LiveEvent", "GapEvent", "LiveEvent"]


async def test_a_platform_that_is_not_there_is_named_and_tried_again(rig: Rig) -> None:
    rig.room("ada")
    await rig.tiktok.stop()
    rig.start("ada")
    await rig.bus.until(lambda: rig.bus.states("ada") and rig.bus.states("ada")[-1].next_retry)
    assert "127.0.0.1 cannot be reached" in rig.bus.states("ada")[-1].detail
    await rig.tiktok.start()
    await rig.bus.until(lambda: "live" in rig.bus.phases("ada"))


async def test_disconnecting_between_two_words_pays_out_and_says_offline(rig: Rig) -> None:
    room = await rig.live("ada")
    room.streak(viewer(1), GIFTS[0]).tap(3)
    for n in range(5):
        room.like(viewer(n), 1)
    await rig.bus.until(lambda: rig.bus.events("ada", m.GiftEvent) and rig.bus.events("ada", m.LikeEvent))
    async with asyncio.timeout(10):
        await room.until(acks=6)
    await rig.stop()
    assert sum(e.data.count for e in rig.bus.events("ada", m.LikeEvent)) == 5
    assert [e.data.ended for e in rig.bus.events("ada", m.GiftEvent)] == [False, True]
    assert rig.bus.states("ada")[-1].phase == "offline"
    assert rig.bus.states("ada")[-1].detail == "the connector was stopped"


class Wild:
    """A source with a fault of its own: after ``good`` runs it raises what nobody expects."""

    heard = 0.0

    def __init__(self) -> None:
        self.runs = 0

    async def run(self, sink: Sink, room: str = "") -> None:
        self.runs += 1
        sink.on_live("1")
        if self.runs % 2:
            raise ZeroDivisionError("a fault in the connector")
        raise Lost("gone again")


async def test_an_account_that_crashes_again_and_again_never_delays_another(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    room = rig.room("ada")
    wild = Wild()
    settings = rig.settings("ada", "wild")
    tiktok = Sources(settings.connector, Path(), HURRIED)

    def make(stream: Stream, account: models.Account) -> Source:
        return wild if stream.account == "wild" else tiktok(stream, account)

    rig.start("ada", "wild", make_source=make)
    await rig.bus.until(lambda: "live" in rig.bus.phases("ada") and wild.runs > 3)
    delays = []
    for n in range(10):
        sent = time.monotonic()
        room.comment(viewer(n), str(n))
        await rig.bus.until(lambda n=n: len(rig.bus.events("ada", m.CommentEvent)) == n + 1)  # type: ignore[misc]
        delays.append(time.monotonic() - sent)
    crashes = wild.runs
    await rig.bus.until(lambda: wild.runs > crashes)
    assert max(delays) < 0.05, delays
    assert rig.bus.phases("ada")[-1] == "live"
    assert "ZeroDivisionError" in rig.bus.states("wild")[-1].detail or "gone" in rig.bus.states("wild")[-1].detail
    assert "a fault in the connector" in caplog.text


BAD: dict[str, Callable[[], bytes]] = {
    "truncated": badframes.truncated,
    "garbage": badframes.garbage,
    "hollow": badframes.hollow,
    "oversized": badframes.oversized,
    "bomb": badframes.bomb,
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_frame_of_one_account_never_delays_another(rig: Rig, kind: str) -> None:
    ada, bad = rig.room("ada"), rig.room("bad")
    frame = BAD[kind]()
    rig.start("ada", "bad")
    await rig.bus.until(lambda: all("live" in rig.bus.phases(a) for a in ("ada", "bad")))
    delays = []
    for n in range(12):
        if n % 4 == 1:
            async with asyncio.timeout(10):
                await bad.until(watchers=1)
            bad.watchers[0].send(frame)
        sent = time.monotonic()
        ada.comment(viewer(n), str(n))
        await rig.bus.until(lambda n=n: len(rig.bus.events("ada", m.CommentEvent)) == n + 1)  # type: ignore[misc]
        delays.append(time.monotonic() - sent)
    assert max(delays) < 0.05, delays
    assert rig.bus.phases("ada") == ["waiting", "connecting", "live"]
