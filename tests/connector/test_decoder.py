"""Frames from outside: whatever they hold, they become sound Events or are counted, and cost little."""

import gzip
import random
import time
import zlib
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import messages as m
from gateway.connector.sources.base import Stream
from gateway.connector.sources.decoder import KINDS_KEPT, Decoder
from gateway.connector.sources.mapping import to_event
from gateway.practice.tiktok import frames
from gateway.practice.tiktok.acts import Battle, Comment, Side, Viewer
from gateway.webcast import webcast_pb2 as pb
from gateway.webcast.frame import MAX_MESSAGES, MAX_UNPACKED, MESSAGES, Unreadable, acknowledgement, unpack
from tests.connector.conftest import viewer
from tests.connector.filling import fill

STREAM = Stream("ada", "tiktok/@ada.live", simulated=True)
NOW = 1_800_000_000.25
AT = frames.Stamp(99, 7, 1_799_999_999_500)
LONGEST = 0.05
"""Seconds that nobody's frame may cost the others."""


def push(payload: bytes) -> bytes:
    header = pb.Header(key="compress_type", value="gzip")
    return pb.PushFrame(payload_type="msg", headers=[header], payload=payload).SerializeToString()


def seconds(frame: bytes) -> float:
    """What refusing the frame costs."""
    began = time.process_time()
    with pytest.raises(Unreadable):
        unpack(frame)
    return time.process_time() - began


# -- the same as TikTokLive's ----------------------------------------------------------------------


def stock(method: str, payload: bytes) -> Any:
    from TikTokLive.events.proto_events import EVENT_MAPPINGS

    return EVENT_MAPPINGS[method]().parse(payload)


def differences(ours: Message, theirs: Any, path: str) -> list[str]:
    """The fields in which a message decoded by our schema is not the one that TikTokLive decoded."""
    found = []
    for field in ours.DESCRIPTOR.fields:
        a, b = getattr(ours, field.name), getattr(theirs, field.name)
        here = f"{path}.{field.name}"
        if field.type != field.TYPE_MESSAGE:
            if (list(a) if field.is_repeated else a) != b:
                found.append(f"{here}: {a!r} != {b!r}")
            continue
        pairs: list[tuple[Any, Any]]
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            assert a.keys() == b.keys(), here
            pairs = [(a[key], b[key]) for key in a if isinstance(a[key], Message) or a[key] != b[key]]
        elif field.is_repeated:
            assert len(a) == len(b), here
            pairs = list(zip(a, b, strict=True))
        else:
            assert ours.HasField(field.name) == (b is not None), here
            pairs = [] if b is None else [(a, b)]
        for x, y in pairs:
            found += differences(x, y, here)
    return found


@pytest.mark.needs("tiktoklive")
@pytest.mark.parametrize("method", sorted(MESSAGES))
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), text=st.text(max_size=20))
def test_every_field_and_every_event_is_what_tiktoklive_makes_of_the_same_bytes(
    method: str, seed: int, text: str
) -> None:
    payload = fill(MESSAGES[method](), random.Random(seed), text).SerializeToString()
    ours, theirs = MESSAGES[method].FromString(payload), stock(method, payload)
    assert differences(ours, theirs, method) == []
    host = str(seed % 3)
    events = [to_event(STREAM, "99", method, decoded, 5, NOW, host=host) for decoded in (ours, theirs)]
    assert events[0] == events[1]


@pytest.mark.needs("tiktoklive")
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), text=st.text(max_size=20), packed=st.booleans())
def test_every_field_of_a_frame_is_what_tiktoklive_makes_of_it(seed: int, text: str, packed: bool) -> None:
    from TikTokLive.client.ws.ws_utils import extract_webcast_push_frame, extract_webcast_response_message

    rng = random.Random(seed)
    result = fill(pb.FetchResult(), rng, text)
    payload = result.SerializeToString()
    frame = pb.PushFrame(
        log_id=rng.randint(0, 2**63 - 1),
        headers=[pb.Header(key="compress_type", value="gzip" if packed else "none")],
        payload_type="msg",
        payload=gzip.compress(payload) if packed else payload,
    ).SerializeToString()
    push, ours = unpack(frame)
    theirs = extract_webcast_push_frame(frame)
    assert ours is not None
    assert differences(push, theirs, "PushFrame") == []
    assert differences(ours, extract_webcast_response_message(theirs), "FetchResult") == []


@pytest.mark.needs("tiktoklive")
def test_an_acknowledgement_is_the_bytes_that_tiktoklive_would_send() -> None:
    from TikTokLive.proto import WebcastPushFrame

    for ext in ("internal_src:practice|wss_push_log_id:7", ""):
        theirs = WebcastPushFrame(
            payload_type="ack", payload_encoding="pb", log_id=2**60, payload=(ext or "-").encode()
        )
        assert acknowledgement(2**60, ext) == bytes(theirs)


# -- whatever comes --------------------------------------------------------------------------------


def test_a_frame_is_read_packed_or_not_and_whatever_its_header_says() -> None:
    result = pb.FetchResult(messages=[frames.envelope(Comment(viewer(1), "hi"), AT)], need_ack=True)
    plain = result.SerializeToString()
    for payload in (plain, gzip.compress(plain)):
        assert unpack(push(payload))[1] == result


@pytest.mark.parametrize(
    "payload",
    [
        b"\x1f\x8b\x08\x00oops",
        gzip.compress(b"x" * 1000)[:-9],
        gzip.compress(pb.FetchResult(cursor="x" * 100).SerializeToString())[:-8] + b"\0" * 8,
        b"\x0a\xff\xff\xff\xff\x0f",
        gzip.compress(b"\xff\xff\xff"),
    ],
    ids=["no gzip", "cut off", "wrong checksum", "a length past the end", "no message"],
)
def test_a_corrupt_frame_is_refused_and_counted(payload: bytes, caplog: pytest.LogCaptureFixture) -> None:
    decoder = Decoder(STREAM)
    assert decoder.unpack(push(payload)) is None
    assert decoder.unpack(push(payload)) is None
    assert decoder.unreadable == 2
    assert [r.levelname for r in caplog.records if r.levelno >= 30] == ["WARNING"]


def test_a_heartbeat_is_no_trouble() -> None:
    decoder = Decoder(STREAM)
    assert decoder.unpack(frames.heartbeat(99)) is None
    assert decoder.unreadable == 0


def test_a_bomb_is_refused_before_it_delays_anybody() -> None:
    bomb = push(gzip.compress(b"\0" * (200 * MAX_UNPACKED)))
    empty = push(gzip.compress(b"\x0a\x00" * (MAX_UNPACKED // 2)))  # a million empty messages
    many = push(gzip.compress(b"\x0a\x00" * (MAX_MESSAGES + 1)))
    for frame in (bomb, empty, many):
        assert min(seconds(frame) for _ in range(5)) < LONGEST


def test_kinds_that_nobody_reads_are_counted_by_name_and_their_number_is_bounded() -> None:
    decoder = Decoder(STREAM)
    for n in range(KINDS_KEPT + 50):
        for _ in range(2):
            decoder.event("99", pb.Envelope(method=f"Webcast{n}{'x' * 10_000}", payload=b""), NOW)
    assert len(decoder.skipped) == KINDS_KEPT
    assert set(decoder.skipped.values()) == {2}
    assert max(map(len, decoder.skipped)) < 100
    assert decoder.unreadable == 0


def test_history_is_no_event() -> None:
    envelope = frames.envelope(Comment(viewer(1), "hi"), AT, history=True)
    assert Decoder(STREAM).event("99", envelope, NOW) is None


def test_the_own_host_is_learned_from_the_battles_start_and_found_in_its_points() -> None:
    decoder = Decoder(STREAM)
    sides = (Side(Viewer(12, "bo.live"), 20), Side(Viewer(11, "ada.live"), 30))
    decoder.event("99", frames.envelope(Battle(5, "started", sides), AT), NOW)
    event = decoder.event("99", frames.envelope(Battle(5, "points", sides), AT), NOW)
    assert isinstance(event, m.BattleEvent)
    assert [(side.id, side.points, side.own) for side in event.data.sides] == [("11", 30, True), ("12", 20, False)]


WHOLE = [fill(kind(), random.Random(1), "x").SerializeToString() for kind in MESSAGES.values()]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(MESSAGES)),
    st.one_of(
        st.binary(max_size=60),
        st.builds(
            lambda whole, at, byte: whole[: at % len(whole)] + bytes([byte]) + whole[at % len(whole) + 1 :],
            st.sampled_from(WHOLE),
            st.integers(0, 10_000),
            st.integers(0, 255),
        ),
    ),
)
def test_whatever_a_message_holds_it_becomes_a_sound_event_or_is_counted(method: str, payload: bytes) -> None:
    decoder = Decoder(STREAM)
    event = decoder.event("99", pb.Envelope(method=method, payload=payload, msg_id=3), NOW)
    assert (event is not None) + decoder.unreadable <= 1
    if event is not None:
        assert m.decode_event(m.encode(event)) == event


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_whatever_a_frame_holds_it_never_raises(noise: bytes, packed: bool) -> None:
    decoder = Decoder(STREAM)
    decoder.unpack(noise)
    decoder.unpack(push(gzip.compress(noise) if packed else noise))
    decoder.unpack(push(b"\x1f\x8b" + zlib.compress(noise)))
