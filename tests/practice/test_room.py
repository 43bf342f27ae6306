"""What a room sends, what it remembers of it, and what its mischief does; without sockets."""

import asyncio
import gzip
import zlib
from typing import get_args

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.practice.tiktok import badframes, knobs
from gateway.practice.tiktok.acts import GIFTS, Act, Comment, End, Tap, Unknown, Viewer
from gateway.practice.tiktok.faults import InRoom, Once
from gateway.practice.tiktok.frames import Stamp, envelope
from gateway.practice.tiktok.mischief import Message, Mischief
from gateway.practice.tiktok.room import Room
from gateway.webcast import webcast_pb2 as pb

ADA = Viewer(1, "ada")
ROSE, COMET = GIFTS[0], GIFTS[-1]


class Ear:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.cut = False

    def send(self, frame: bytes) -> None:
        self.frames.append(frame)

    def abort(self) -> None:
        self.cut = True

    def pushed(self) -> list[pb.PushFrame]:
        return [pb.PushFrame.FromString(frame) for frame in self.frames]

    def envelopes(self) -> list[pb.Envelope]:
        payloads = [gzip.decompress(f.payload) for f in self.pushed()]
        return [e for payload in payloads for e in pb.FetchResult.FromString(payload).messages]

    def texts(self) -> list[str]:
        return [
            pb.ChatMessage.FromString(e.payload).content
            for e in self.envelopes()
            if e.method == "WebcastChatMessage"
        ]


def ack(log_id: int) -> pb.PushFrame:
    return pb.PushFrame(payload_type="ack", log_id=log_id)


def message(act: Act, msg_id: int) -> Message:
    return Message(act, envelope(act, Stamp(9, msg_id, 1_800_000_000_000)))


async def test_a_room_knows_which_gifts_were_sent_and_which_of_them_are_acknowledged() -> None:
    room, ear = Room("ada.live"), Ear()
    room.send(Tap(ADA, COMET))  # nobody heard this one
    room.enter(ear)
    first = room.send(Tap(ADA, COMET), Comment(ADA, "hi"), Tap(ADA, ROSE, 3, group=7))
    second = room.send(Tap(ADA, ROSE, 4, group=7))
    room.comment(ADA, "no gift")
    assert [g.msg_id for g in room.sent_gifts()] == [first[0], first[2], second[0]]
    assert room.acknowledged_gifts() == []
    room.hear(ack(ear.pushed()[0].log_id), ear)
    room.hear(ack(999_999), ear)
    assert [(g.room, g.msg_id, g.tap.count) for g in room.acknowledged_gifts()] == [
        (room.room_id, first[0], 1),
        (room.room_id, first[2], 3),
    ]
    assert room.acks == 2


async def test_until_waits_for_what_clients_do() -> None:
    room, ear = Room("ada.live"), Ear()
    waiting = asyncio.create_task(room.until(watchers=1, acks=2, heartbeats=1))
    room.enter(ear)
    for said in (ack(1), pb.PushFrame(payload_type="hb")):
        await asyncio.sleep(0)
        assert not waiting.done()
        room.hear(said, ear)
    await asyncio.sleep(0)
    assert not waiting.done()
    room.hear(ack(2), ear)
    async with asyncio.timeout(1):
        await waiting
    assert ear.pushed()[-1].payload_type == "hb", "a heartbeat is answered"


async def test_mischief_that_ends_lets_out_what_it_held_back() -> None:
    room, ear = Room("ada.live"), Ear()
    room.enter(ear)
    room.mischief = Mischief(late=1.0)
    room.comment(ADA, "held back")
    assert ear.texts() == []
    room.mischief = None
    assert ear.texts() == ["held back"]


async def test_nothing_comes_after_the_end_however_late_it_is() -> None:
    room, ear = Room("ada.live"), Ear()
    room.enter(ear)
    room.mischief = Mischief(late=1.0, doubled=1.0)
    room.comment(ADA, "late")
    room.end()
    assert ear.texts() == ["late", "late"]
    assert ear.envelopes()[-1].method == "WebcastControlMessage"


shares = st.floats(0, 1)


@settings(max_examples=60, deadline=None)
@given(st.integers(), shares, shares, shares, shares)
def test_mischief_loses_nothing_but_ends_and_adds_nothing_but_copies_and_unknowns(
    seed: int, lost: float, doubled: float, late: float, unknown: float
) -> None:
    sent = [message(Tap(ADA, ROSE, n, ended=n % 5 == 0, group=7), n) for n in range(1, 60)]
    mischief = Mischief(seed, lost_ends=lost, doubled=doubled, late=late, unknown=unknown)
    came = [m for one in sent for m in mischief.disturb([one])] + mischief.settle()
    ids = [m.envelope.msg_id for m in came if not isinstance(m.act, Unknown)]
    assert set(ids) <= set(range(1, 60))
    assert {n for n in range(1, 60) if n % 5} <= set(ids)
    assert all(ids.count(n) <= 2 for n in ids)
    assert mischief.settle() == []
    again = Mischief(seed, lost_ends=lost, doubled=doubled, late=late, unknown=unknown)
    assert ids == [
        m.envelope.msg_id
        for one in [*sent, None]
        for m in (again.disturb([one]) if one is not None else again.settle())
        if not isinstance(m.act, Unknown)
    ]


def test_full_mischief_of_each_kind_does_what_it_says() -> None:
    taps = [message(Tap(ADA, ROSE, n, ended=n == 10, group=7), n) for n in range(1, 11)]
    assert len(Mischief(lost_ends=1.0).disturb(taps)) == 9
    doubling = Mischief(doubled=1.0)
    assert len(doubling.disturb(taps) + doubling.settle()) == 20
    shuffling = Mischief(3, late=0.5)
    order = [m.envelope.msg_id for m in shuffling.disturb(taps) + shuffling.settle()]
    assert sorted(order) == list(range(1, 11))
    assert order != sorted(order)
    assert [type(m.act) for m in Mischief(unknown=1.0).disturb(taps[:1])] == [Unknown, Tap]


@pytest.mark.parametrize("fault", get_args(Once))
async def test_what_is_over_at_once_cuts_the_line_or_sends_one_frame(fault: Once) -> None:
    room, ear = Room("ada.live"), Ear()
    room.enter(ear)
    knobs.happen(fault, room)
    assert (ear.cut, len(ear.frames)) == ((True, 0) if fault == "abort" else (False, 1))


@pytest.mark.parametrize("fault", get_args(InRoom))
async def test_every_knob_of_a_room_can_be_turned_back(fault: InRoom) -> None:
    room = Room("ada.live")

    def state() -> tuple[object, ...]:
        return (
            room.live,
            room.hidden,
            room.age_restricted,
            room.private,
            room.closes_in_handshake,
            room.mischief is None,
            room._flowing.is_set(),
        )

    before = state()
    knobs.turn_in_room(fault, room, on=True)
    assert state() != before
    knobs.turn_in_room(fault, room, on=False)
    assert state() == before


def test_each_bad_frame_is_bad_in_its_own_way() -> None:
    with pytest.raises(DecodeError):
        pb.PushFrame.FromString(badframes.garbage())
    with pytest.raises(EOFError):
        gzip.decompress(pb.PushFrame.FromString(badframes.truncated()).payload)
    with pytest.raises(DecodeError):
        pb.FetchResult.FromString(gzip.decompress(pb.PushFrame.FromString(badframes.hollow()).payload))
    assert len(badframes.oversized()) > badframes.OVERSIZED
    bomb = badframes.bomb()
    assert len(bomb) < 1 << 20, "small enough for every client to take"
    unpacker = zlib.decompressobj(wbits=31)
    payload = pb.PushFrame.FromString(bomb).payload
    size = 0
    while chunk := unpacker.decompress(payload, 1 << 22):
        size += len(chunk)
        payload = unpacker.unconsumed_tail
    assert unpacker.eof
    assert size > badframes.BOMB


async def test_a_room_that_ended_says_so_to_who_comes() -> None:
    room, ear = Room("ada.live", live=False), Ear()
    room.enter(ear)
    assert [e.method for e in ear.envelopes()] == ["WebcastControlMessage"]
    assert room.sent[End] == 0
