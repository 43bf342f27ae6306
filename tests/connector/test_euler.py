"""Euler Stream as a source: in both of its forms, and each way in which it says no."""

import asyncio
import base64
import hashlib
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from gateway import messages as m
from gateway.connector.sources.base import Stream
from gateway.connector.sources.euler import UNREAD, EulerSource
from gateway.errors import SettingsError
from gateway.practice.relays.euler import PracticeEuler
from gateway.practice.tiktok import frames
from gateway.practice.tiktok.acts import Comment
from gateway.practice.tiktok.room import Room
from gateway.settings.models import Connector, Euler
from gateway.webcast import webcast_pb2 as pb
from tests.connector.conftest import HURRIED, viewer
from tests.connector.relaying import COMET, Direct, Listener, Sink, complete, direct, play, played

__all__ = ["direct"]

Start = Callable[..., Awaitable[Listener]]


@pytest.fixture
async def euler() -> AsyncIterator[PracticeEuler]:
    euler = PracticeEuler()
    euler.rooms["ada.live"] = Room("ada.live")
    await euler.start()
    yield euler
    await euler.stop()


@pytest.fixture
async def listen(euler: PracticeEuler, tmp_path: Path) -> AsyncIterator[Start]:
    listeners = []

    async def start(query: str = "", *, key: str | None = None, live: bool = True) -> Listener:
        if key is not None:
            (tmp_path / "euler.key").write_text(key)
            (tmp_path / "euler.key").chmod(0o600)
        settings = Euler(url=euler.url + query, key_file="euler.key" if key else None)
        listener = Listener("euler", tmp_path, Connector(euler=settings))
        listeners.append(listener)
        listener.start()
        if live:
            await listener.until_live()
        return listener

    yield start
    for listener in listeners:
        await listener.stop()


@pytest.mark.needs("tiktoklive")
@pytest.mark.parametrize("query", ["", "/?features.rawMessages=false"], ids=["raw frames", "JSON"])
async def test_a_live_heard_through_it_is_the_same_as_heard_from_tiktok(
    query: str, euler: PracticeEuler, listen: Start, direct: Direct
) -> None:
    ours, room = direct
    euler.rooms["ada.live"] = room
    theirs = await listen(query)
    play(room)
    await theirs.until(lambda: complete(theirs.events))
    await ours.until(lambda: complete(ours.events))
    assert played(theirs.events) == played(ours.events)
    merged = (m.LikeEvent, m.JoinEvent, m.ViewersEvent)
    assert {e.id for e in theirs.events if not isinstance(e, merged)} == {
        e.id for e in ours.events if not isinstance(e, merged)
    }
    assert {e.room for e in theirs.events} == {str(room.room_id)}


async def test_the_lives_end_is_told_once_and_is_no_trouble(
    euler: PracticeEuler, listen: Start, caplog: pytest.LogCaptureFixture
) -> None:
    listener = await listen()
    euler.rooms["ada.live"].end()
    await listener.until(lambda: listener.phases()[-1] == "ended")
    assert [e.data.phase for e in listener.of(m.LiveEvent)] == ["started", "ended"]
    assert not [r for r in caplog.records if r.levelname == "WARNING"]


async def test_the_end_is_known_from_the_close_code_alone(euler: PracticeEuler, listen: Start) -> None:
    listener = await listen()
    euler.rooms["ada.live"].live = False
    euler.close_with(4005)
    await listener.until(lambda: listener.phases()[-1] == "ended")
    assert [e.data.phase for e in listener.of(m.LiveEvent)] == ["started", "ended"]


async def test_an_account_that_is_offline_is_waited_for(euler: PracticeEuler, listen: Start) -> None:
    room = euler.rooms["ada.live"]
    room.live = False
    listener = await listen(live=False)
    await listener.until_said("@ada.live is not live now")
    assert listener.phases() == ["waiting"]
    room.go_live()
    await listener.until_live()
    assert listener.states[-1].room == str(room.room_id)


@pytest.mark.parametrize(
    ("code", "phase", "words"),
    [
        (4400, "waiting", "does not accept @ada.live"),
        (4401, "waiting", "wants a key"),
        (4403, "waiting", "no right to hear @ada.live"),
        (4404, "ended", "not live now"),
        (4429, "waiting", "too many connections"),
        (4006, "stalled", "heard nothing from TikTok"),
        (4500, "waiting", "TikTok closed"),
        (4555, "waiting", "after 8 hours"),
        (4556, "waiting", "cannot reach the LIVE of @ada.live on TikTok"),
        (4557, "waiting", "cannot reach the LIVE of @ada.live on TikTok"),
        (1011, "waiting", "closed the connection (1011)"),
        (1000, "waiting", "closed the connection (1000)"),
    ],
)
async def test_every_close_code_is_said_in_words_and_tried_again(
    code: int, phase: str, words: str, euler: PracticeEuler, listen: Start
) -> None:
    listener = await listen()
    euler.close_with(code)
    await listener.until_said(words)
    states = listener.states
    said = next(s for s in states if words in s.detail)
    assert said.phase == phase
    assert said.next_retry is not None
    if code not in (4400, 4404, 4429):  # those wait long
        seen = euler.connections
        await listener.until(lambda: euler.connections > seen or len(listener.of(m.GapEvent)) > 0)


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "wants a key"), (403, "no right"), (429, "too many"), (502, "HTTP 502 (Bad Gateway)")],
)
async def test_a_door_that_stays_shut_is_said_in_words(
    status: int, words: str, euler: PracticeEuler, listen: Start
) -> None:
    euler.status = status
    listener = await listen(live=False)
    await listener.until_said(words)


async def test_a_key_is_shown_to_the_service_and_to_nobody_else(
    euler: PracticeEuler, listen: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("DEBUG")
    euler.key = "another"
    listener = await listen(key="very-secret", live=False)
    await listener.until_said("does not accept the key")  # and the service repeats the key in its reason
    euler.key = "very-secret"
    await listener.until_live()
    assert set(euler.keys) == {"very-secret"}
    assert "very-secret" not in caplog.text
    assert "very-secret" not in listener.words()
    assert "(refused (key))" in listener.words()
    monkeypatch.setenv("STAGEWIRE_EULER_KEY", "from-outside")
    euler.key = None
    await listen()
    assert euler.keys[-1] == "from-outside"


def test_a_key_never_crosses_the_world_unencrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGEWIRE_EULER_KEY", "very-secret")
    with pytest.raises(SettingsError, match=r"connector\.euler\.url: must begin with wss://"):
        Listener("euler", tmp_path, Connector(euler=Euler(url="ws://ws.eulerstream.com")))


async def test_a_line_that_dies_silently_is_noticed_and_the_gap_told(euler: PracticeEuler, listen: Start) -> None:
    listener = await listen()
    room = euler.rooms["ada.live"]
    room.abort()
    await listener.until(lambda: listener.of(m.GapEvent))
    room.comment(viewer(1), "back")
    await listener.until(lambda: listener.of(m.CommentEvent))
    assert len(listener.of(m.LiveEvent)) == 1


async def test_a_service_that_hangs_is_left_for_a_new_connection(tmp_path: Path) -> None:
    """It accepts the connection and then says nothing, not even to pings."""
    connections = 0
    gone = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            key = request.split("Sec-WebSocket-Key: ")[1].split("\r\n")[0]
            digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
            writer.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
            )
            await gone.wait()
        finally:  # however the other side went
            writer.transport.abort()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    listener = Listener("euler", tmp_path, Connector(euler=Euler(url=url)))
    try:
        listener.start()
        await listener.until_said("has not answered for")
        assert "stalled" in listener.phases()
    finally:
        gone.set()
        await listener.stop()
        server.close()
        await server.wait_closed()
    assert connections >= 1


async def test_nobody_at_the_address_is_lost_in_words(tmp_path: Path, unused_port: int) -> None:
    listener = Listener("euler", tmp_path, Connector(euler=Euler(url=f"ws://127.0.0.1:{unused_port}")))
    listener.start()
    try:
        await listener.until_said("cannot be reached")
    finally:
        await listener.stop()


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


async def test_nonsense_is_counted_and_disturbs_nothing(
    euler: PracticeEuler, listen: Start, caplog: pytest.LogCaptureFixture
) -> None:
    listener = await listen()
    nonsense: list[str | bytes] = [
        "{",
        "[[]]",
        "17",
        '"text"',
        '{"messages": 5}',
        '{"messages": [5, {"type": 5}, {"type": "WebcastChatMessage", "data": []}]}',
        "[" * 100_000,
        b"\xff\xff\xff",
        b"",
        json.dumps({"messages": [{"type": "WebcastGiftMessage", "data": {"giftId": "rose"}}]}),
    ]
    for message in nonsense:
        euler.say_raw(message)
    euler.rooms["ada.live"].comment(viewer(1), "fine")
    await listener.until(lambda: listener.of(m.CommentEvent))
    assert len(listener.of(m.LiveEvent)) == 1
    assert listener.source.decoder.unreadable >= len(nonsense) - 1
    assert caplog.text.count("it is skipped") == 1


async def test_frames_of_a_form_that_nobody_knows_make_it_ask_for_json(
    euler: PracticeEuler, listen: Start
) -> None:
    listener = await listen()
    for n in range(UNREAD):
        euler.say_raw(b"\x0a\x02" + bytes([n]) * 2)  # a protobuf, but none of TikTok's
    await listener.until_said("asking it for JSON instead")
    await listener.until(lambda: listener.of(m.GapEvent))
    euler.rooms["ada.live"].gift(viewer(1), COMET)
    await listener.until(lambda: listener.of(m.GiftEvent))
    assert euler.raw == [True, False]


def test_the_room_is_known_from_the_first_message_that_can_be_read() -> None:
    stream = Stream("ada", "euler/@ada")
    source, sink = EulerSource(stream, "ada", "ws://127.0.0.1", None, HURRIED), Sink()
    stamp = frames.Stamp(99, 7, int(time.time() * 1000))
    broken = pb.Envelope(method="WebcastChatMessage", payload=b"\x1a\x05ab", msg_id=6)
    unknown = pb.Envelope(method="WebcastNew", payload=b"\xff")
    good = frames.envelope(Comment(viewer(1), "hi"), stamp)
    source._take(frames.push([unknown, broken, good], 1, stamp.now_ms), sink)
    assert sink.rooms == ["99"]
    assert [e.id for e in sink.events] == ["99-7"]


async def test_gifts_of_a_busy_second_all_arrive(euler: PracticeEuler, listen: Start) -> None:
    listener = await listen()
    for n in range(300):
        euler.rooms["ada.live"].gift(viewer(n), COMET)
    await listener.until(lambda: len(listener.of(m.GiftEvent)) == 300)
