"""Frames of a busy LIVE as TikTok sends them: with all that a decoder has to skip, some 1.6 kB a message."""

import random
import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from gateway.practice.tiktok import frames
from gateway.practice.tiktok.acts import GIFTS, Act, Comment, Follow, Join, Likes, Share, Tap, Viewer, Watching
from gateway.practice.tiktok.ids import snowflake
from gateway.practice.tiktok.room import Room
from gateway.webcast.frame import MESSAGES

WORDS = ["love", "this", "one", "and", "the", "lights", "are", "great", "today", "hello", "from", "home", "again"]


class Load:
    """Endless messages of one room, each new. ``told``: every kind is published, none merged (no likes, joins)."""

    def __init__(self, room: Room, *, told: bool, seed: int = 1) -> None:
        self._room = room
        self._rng = random.Random(seed)
        self._viewers = [
            Viewer(
                7_000_000_000_000_000_000 + n, f"viewer.{n}", f"Viewer {n}", fan_level=n % 30, gifter_level=n % 40
            )
            for n in range(200)
        ]
        self._acts = self._told() if told else self._mix()
        self._log_ids = iter(range(1 << 40, 1 << 41))

    def acts(self, count: int) -> list[Act]:
        return [next(self._acts) for _ in range(count)]

    def frame(self, acts: Sequence[Act]) -> bytes:
        now_ms = int(time.time() * 1000)
        envelopes = []
        for act in acts:
            at = frames.Stamp(self._room.room_id, snowflake(), now_ms, 500, 300, 900)
            envelope = frames.envelope(act, at)
            message: Any = MESSAGES[envelope.method].FromString(envelope.payload)
            if hasattr(message, "user"):
                message.user.MergeFromString(_ballast())
                envelope.payload = message.SerializeToString()
            envelopes.append(envelope)
        return frames.push(envelopes, next(self._log_ids), now_ms)

    def _told(self) -> Iterator[Act]:
        while True:
            yield self._comment()
            yield from self._streak()

    def _mix(self) -> Iterator[Act]:
        """About what a LIVE with a few hundred viewers sends."""
        while True:
            kind = self._rng.choices(range(7), (45, 20, 18, 10, 2, 1, 4))[0]
            viewer = self._rng.choice(self._viewers)
            match kind:
                case 0:
                    yield Likes(viewer, self._rng.randint(1, 15))
                case 1:
                    yield Join(viewer)
                case 2:
                    yield self._comment()
                case 3:
                    yield from self._streak()
                case 4:
                    yield Follow(viewer)
                case 5:
                    yield Share(viewer)
                case _:
                    yield Watching(self._rng.randint(200, 400))

    def _comment(self) -> Act:
        words = self._rng.choices(WORDS, k=self._rng.randint(1, 9))
        return Comment(self._rng.choice(self._viewers), " ".join(words) + self._rng.choice(["", "!", " 😂"]))

    def _streak(self) -> Iterator[Act]:
        viewer, gift, group = self._rng.choice(self._viewers), self._rng.choice(GIFTS[:6]), snowflake()
        taps = self._rng.randint(1, 4)
        for n in range(1, taps + 1):
            yield Tap(viewer, gift, n, group=group)
        yield Tap(viewer, gift, taps, ended=True, group=group)


@cache
def _ballast() -> bytes:
    """What a user of the platform has besides the fields that we know: pictures in three sizes, badges' links."""
    from TikTokLive.proto import BadgeStruct, ImageModel, User

    def image(size: str) -> ImageModel:
        path = "tos-useast2a-avt-0068-euttp/7d1f0c2a9be84f6fa3c5d0e1b2a39487~tplv"
        urls = [f"https://p{n}.example.invalid/{path}-{size}.webp?x-expires=1800000000" for n in (16, 77, 19)]
        return ImageModel(url_list=urls, uri=path)

    user = User(
        avatar_thumb=image("100x100"),
        avatar_medium=image("720x720"),
        avatar_large=image("1080x1080"),
        badge_list=[BadgeStruct(open_web_url="https://example.invalid/level", display_type=3) for _ in range(3)],
        bio_description="lights, music and a confetti cannon",
    )
    return bytes(user)
