"""How long a 429 of the signing service lasts, and that odd bytes never end a LIVE."""

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import messages as m
from gateway.connector.sources.base import Pace, RateLimited, Stream
from gateway.connector.sources.mapping import METHODS
from gateway.connector.sources.tiktok.signing import LIMITED_FOR, LONGEST_LIMIT, Signing, limit_seconds
from gateway.connector.sources.tiktok.source import TikTokSource
from gateway.practice.tiktok import frames
from gateway.practice.tiktok.acts import GIFTS, Comment, Tap
from gateway.settings.models import TikTok
from gateway.webcast import webcast_pb2 as pb
from tests.connector.conftest import viewer

pytestmark = pytest.mark.needs("tiktoklive")

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"RateLimit-Reset": "1800000042"}, 42.0),
        ({"RateLimit-Reset": "42"}, 42.0),
        ({"RateLimit-Reset": "1700000000"}, 1.0),
        ({"Retry-After": "7", "RateLimit-Remaining": "0"}, 7.0),
        ({"RateLimit-Reset": "99999999999"}, LONGEST_LIMIT),
        ({"RateLimit-Reset": "soon", "Retry-After": "Fri, 31 Dec 2026 23:59:59 GMT"}, LIMITED_FOR),
        ({}, LIMITED_FOR),
    ],
)
def test_the_end_of_a_limit_is_read_from_whatever_header_has_it(headers: dict[str, str], seconds: float) -> None:
    assert limit_seconds(httpx.Headers(headers), NOW) == seconds


async def test_after_a_429_nobody_may_sign_and_other_answers_change_nothing() -> None:
    signing = Signing("key")
    await signing.on_response(httpx.Response(500))
    signing.check()
    with pytest.raises(RateLimited):
        await signing.on_response(httpx.Response(429, headers={"Retry-After": "60"}))
    with pytest.raises(RateLimited, match="429") as limited:
        signing.check()
    assert "sign_key_file" not in str(limited.value)


class Kept:
    """A sink that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[m.Event] = []

    def on_found(self, room: str) -> None: ...

    def on_live(self, room: str) -> None: ...

    def on_event(self, event: m.Event) -> None:
        self.events.append(event)


class Response:
    """An envelope as TikTokLive hands it on."""

    is_first = False

    def __init__(self, *messages: Any) -> None:
        self.messages = messages


_WHOLE = [
    frames.envelope(act, frames.Stamp(9, 1, 1_799_999_999_500)).payload
    for act in (Comment(viewer(1, fan_level=3), "hi"), Tap(viewer(2), GIFTS[0], 3, group=5))
]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(METHODS)),
    st.one_of(
        st.binary(max_size=60),
        st.builds(
            lambda whole, at, byte: whole[: at % len(whole)] + bytes([byte]) + whole[at % len(whole) + 1 :],
            st.sampled_from(_WHOLE),
            st.integers(0, 10_000),
            st.integers(0, 255),
        ),
    ),
)
def test_whatever_a_message_holds_it_becomes_a_sound_event_or_is_counted(method: str, payload: bytes) -> None:
    source = TikTokSource(Stream("ada", "tiktok/@ada"), "ada", TikTok(), Signing(), Pace())
    sink = Kept()
    source._read(Response(pb.Envelope(method=method, payload=payload, msg_id=3)), None, sink)
    assert len(sink.events) + source.unreadable <= 1
    for event in sink.events:
        assert m.decode_event(m.encode(event)) == event
