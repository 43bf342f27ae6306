"""Invented viewers who behave like a crowd: seeded, so that the same seed does the same again."""

import asyncio
import contextlib
import heapq
import itertools
import logging
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from gateway.practice.tiktok.acts import (
    Act,
    Comment,
    Follow,
    Gift,
    Join,
    Likes,
    Share,
    Subscribe,
    Tap,
    Viewer,
    Watching,
)

if TYPE_CHECKING:
    from gateway.practice.tiktok.room import Room

log = logging.getLogger(__name__)

PEOPLE = 120
"""Viewers of one crowd."""
STREAK_GAP = (0.15, 0.7)
"""Seconds between the taps of a streak, shortest and longest."""
STREAK_END = 2.5
"""Seconds after the last tap until the platform closes the streak."""
FORGOTTEN = 0.03
"""Share of streaks whose end the platform forgets to send."""

_FIRST = [
    "Ada",
    "Bo",
    "Cleo",
    "Dario",
    "Emi",
    "Farid",
    "Gwen",
    "Hugo",
    "Ines",
    "Jun",
    "Kofi",
    "Lena",
    "Milo",
    "Nora",
    "Omar",
    "Pia",
    "Quinn",
    "Rosa",
    "Sami",
    "Tove",
]
_LAST = [
    "sparrow",
    "otter",
    "maple",
    "comet",
    "ember",
    "willow",
    "pebble",
    "falcon",
    "clover",
    "harbor",
    "juniper",
    "lantern",
    "meadow",
    "nimbus",
]
_SAYINGS = (
    "hello from Lisbon",
    "go go go",
    "how does it work?",
    "that was so cool",
    "again please!",
    "left one",
    "first time here 👋",
    "lol",
    "what does the rose do?",
    "good evening everyone",
    "jump",
    "can you turn the light on",
    "fireworks!!!",
    "¡hola!",
    "ich liebe es",
    "すごい",
)


@dataclass(frozen=True, slots=True)
class Rates:
    """How often each thing happens, in happenings per second; a streak counts once, however long."""

    streak: float = 0.25
    gift: float = 0.02
    comment: float = 0.7
    like: float = 1.5
    follow: float = 0.05
    share: float = 0.04
    join: float = 0.6
    subscribe: float = 0.01
    viewers: float = 0.2

    def times(self, factor: float) -> "Rates":
        """The same mix, ``factor`` times as busy."""
        return Rates(**{f.name: getattr(self, f.name) * factor for f in fields(self)})


def invent(rng: random.Random, count: int = PEOPLE) -> list[Viewer]:
    """Invented people with distinct names and ids."""
    pairs = list(itertools.product(_FIRST, _LAST))
    rng.shuffle(pairs)
    return [
        Viewer(
            id=6_800_000_000_000_000_000 + rng.randrange(10**15),
            name=f"{first.lower()}.{last}{rng.randrange(100)}",
            nickname=f"{first} {last.title()}",
            follower=rng.random() < 0.4,
            moderator=rng.random() < 0.03,
            subscriber=rng.random() < 0.08,
            fan_level=rng.choice((0, 0, 0, 1, 3, 7, 12)),
            gifter_level=rng.choice((0, 0, 2, 8, 15, 24)),
        )
        for first, last in pairs[:count]
    ]


class Crowd:
    """A crowd of its own per seed; ``start`` lets it loose in a room, ``stop`` takes it away."""

    def __init__(self, seed: str, rates: Rates, gifts: tuple[Gift, ...]) -> None:
        self.rates = rates
        self.sent = 0
        self._rng = random.Random(seed)
        self._people = invent(self._rng)
        self._weights = [1 / (n + 1) for n in range(len(self._people))]  # a few are there all evening
        self._streak_gifts = [g for g in gifts if g.streak]
        self._single_gifts = [g for g in gifts if not g.streak]
        self._watching = self._rng.randrange(40, 200)
        self._streaks = itertools.count(1)
        self._task: asyncio.Task[None] | None = None

    def moments(self) -> Iterator[tuple[float, Act]]:
        """What happens and when, in seconds from the beginning, for ever. Reads no clock.

        Streaks are numbered from 1 in ``group``.
        """
        doings: dict[str, Callable[[float], list[tuple[float, Act]]]] = {
            "streak": self._streak,
            "gift": self._gift,
            "comment": lambda t: [(t, Comment(self._who(), self._rng.choice(_SAYINGS)))],
            "like": lambda t: [(t, Likes(self._who(), self._rng.randrange(1, 16)))],
            "follow": lambda t: [(t, Follow(self._who()))],
            "share": lambda t: [(t, Share(self._who()))],
            "join": lambda t: [(t, Join(self._who()))],
            "subscribe": lambda t: [(t, Subscribe(self._who()))],
            "viewers": self._viewers,
        }
        order = itertools.count()
        heap: list[tuple[float, int, str | Act]] = []
        for kind in doings:
            if rate := getattr(self.rates, kind):
                heapq.heappush(heap, (self._rng.expovariate(rate), next(order), kind))
        while heap:
            t, _, what = heapq.heappop(heap)
            if not isinstance(what, str):
                yield t, what
                continue
            for at, act in doings[what](t):
                heapq.heappush(heap, (at, next(order), act))
            again = t + self._rng.expovariate(getattr(self.rates, what))
            heapq.heappush(heap, (again, next(order), what))

    def start(self, room: "Room") -> None:
        self._task = asyncio.create_task(self._play(room), name=f"crowd of {room.username}")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _play(self, room: "Room") -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for t, act in self.moments():
            if (wait := began + t - loop.time()) > 0:
                await asyncio.sleep(wait)
            elif self.sent % 100 == 0:
                await asyncio.sleep(0)  # behind its times, it still lets others run
            if isinstance(act, Tap) and act.group:  # unique over all LIVEs, as the platform's are
                act = replace(act, group=room.room_id + act.group)
            room.send(act)
            self.sent += 1

    def _who(self) -> Viewer:
        return self._rng.choices(self._people, self._weights)[0]

    def _streak(self, t: float) -> list[tuple[float, Act]]:
        viewer, group = self._who(), next(self._streaks)
        gift = self._rng.choice(self._streak_gifts)
        length = min(1 + int(self._rng.expovariate(1 / 4)), 50)
        acts: list[tuple[float, Act]] = []
        for n in range(1, length + 1):
            acts.append((t, Tap(viewer, gift, n, group=group)))
            t += self._rng.uniform(*STREAK_GAP)
        if self._rng.random() >= FORGOTTEN:
            acts.append((t + STREAK_END, Tap(viewer, gift, length, ended=True, group=group)))
        return acts

    def _gift(self, t: float) -> list[tuple[float, Act]]:
        return [(t, Tap(self._who(), self._rng.choice(self._single_gifts)))]

    def _viewers(self, t: float) -> list[tuple[float, Act]]:
        self._watching = max(3, self._watching + self._rng.randrange(-9, 10))
        return [(t, Watching(self._watching))]
