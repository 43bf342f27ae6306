"""Invented viewers who behave like a crowd: seeded, so that the same seed does the same again."""

import asyncio
import contextlib
import heapq
import itertools
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from gateway.practice.tiktok.acts import (
    Act,
    Battle,
    Chest,
    Comment,
    Follow,
    Gift,
    Join,
    Likes,
    Question,
    Share,
    Side,
    Subscribe,
    Tap,
    Viewer,
    Watching,
)
from gateway.practice.tiktok.people import invent, somebody
from gateway.practice.tiktok.rates import Rates
from gateway.practice.tiktok.stage import play

if TYPE_CHECKING:
    from gateway.practice.tiktok.room import Room

STREAK_GAP = (0.15, 0.7)
"""Seconds between the taps of a streak, shortest and longest."""
STREAK_END = 2.5
"""Seconds after the last tap until the platform closes the streak."""
FORGOTTEN = 0.03
"""Share of streaks whose end the platform forgets to send."""
CHEST_GONE = 60.0
"""Seconds for which a treasure chest is shown."""
BATTLE = 60.0
"""Seconds that a battle lasts."""
BATTLE_POINTS = 5.0
"""Seconds between two messages of its points."""
GUEST = somebody("guest.host")
"""The other host, of group LIVEs and battles."""

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
_QUESTIONS = (
    "what is the cannon made of?",
    "how many of you are there?",
    "can it play a song?",
    "¿de dónde eres?",
)


class Crowd:
    """A crowd of its own per seed; ``start`` lets it loose in a room, ``stop`` takes it away.

    ``host``: the @name of the account, which is one side of its battles.
    """

    def __init__(self, seed: str, rates: Rates, gifts: tuple[Gift, ...], host: str = "host") -> None:
        self.rates = rates
        self.sent = 0
        self._rng = random.Random(seed)
        self._host = somebody(host)
        self._people = invent(self._rng)
        self._weights = [1 / (n + 1) for n in range(len(self._people))]  # a few are there all evening
        self._streak_gifts = [g for g in gifts if g.streak]
        self._single_gifts = [g for g in gifts if not g.streak]
        self._watching = self._rng.randrange(40, 200)
        self._numbers = itertools.count(1)
        self._task: asyncio.Task[None] | None = None

    def moments(self) -> Iterator[tuple[float, Act]]:
        """What happens and when, in seconds from the beginning, for ever. Reads no clock.

        Streaks and battles are numbered from 1.
        """
        doings: dict[str, Callable[[float], list[tuple[float, Act]]]] = {
            "streak": self._streak,
            "gift": self._gift,
            "guest": self._guest,
            "comment": lambda t: [(t, Comment(self._who(), self._rng.choice(_SAYINGS)))],
            "question": lambda t: [(t, Question(self._who(), self._rng.choice(_QUESTIONS)))],
            "like": lambda t: [(t, Likes(self._who(), self._rng.randrange(1, 16)))],
            "follow": lambda t: [(t, Follow(self._who()))],
            "share": lambda t: [(t, Share(self._who()))],
            "join": lambda t: [(t, Join(self._who()))],
            "subscribe": lambda t: [(t, Subscribe(self._who()))],
            "chest": self._chest,
            "battle": self._battle,
            "viewers": self._viewers,
        }
        order = itertools.count()
        heap: list[tuple[float, int, str | Act]] = []
        rates = self.rates.by_kind()
        for kind in doings:
            if rate := rates[kind]:
                heapq.heappush(heap, (self._rng.expovariate(rate), next(order), kind))
        while heap:
            t, _, what = heapq.heappop(heap)
            if not isinstance(what, str):
                yield t, what
                continue
            for at, act in doings[what](t):
                heapq.heappush(heap, (at, next(order), act))
            heapq.heappush(heap, (t + self._rng.expovariate(rates[what]), next(order), what))

    def start(self, room: "Room") -> None:
        self._task = asyncio.create_task(self._play(room), name=f"crowd of {room.username}")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _play(self, room: "Room") -> None:
        async def send(act: Act) -> None:
            room.send(in_room(act, room.room_id))
            self.sent += 1

        await play(self.moments(), send, asyncio.get_running_loop().time())

    def _who(self) -> Viewer:
        return self._rng.choices(self._people, self._weights)[0]

    def _streak(self, t: float) -> list[tuple[float, Act]]:
        viewer, group = self._who(), next(self._numbers)
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

    def _guest(self, t: float) -> list[tuple[float, Act]]:
        return [(t, Tap(self._who(), self._rng.choice(self._single_gifts), to=GUEST))]

    def _chest(self, t: float) -> list[tuple[float, Act]]:
        chest = Chest(self._who(), self._rng.choice((20, 100, 500)), self._rng.choice((5, 10, 50)))
        return [(t, chest), (t + CHEST_GONE, replace(chest, gone=True))]

    def _battle(self, t: float) -> list[tuple[float, Act]]:
        return battle(self._rng, next(self._numbers), t, BATTLE, self._host, GUEST)

    def _viewers(self, t: float) -> list[tuple[float, Act]]:
        self._watching = max(3, self._watching + self._rng.randrange(-9, 10))
        return [(t, Watching(self._watching))]


def battle(
    rng: random.Random, number: int, t: float, seconds: float, host: Viewer, guest: Viewer
) -> list[tuple[float, Act]]:
    """A battle between two hosts, from its start to its end, with points that only grow."""
    points = [0, 0]

    def told(phase: Literal["started", "points", "ended"]) -> Battle:
        return Battle(number, phase, (Side(host, points[0]), Side(guest, points[1])))

    acts: list[tuple[float, Act]] = [(t, told("started"))]
    for n in range(1, math.ceil(seconds / BATTLE_POINTS)):
        points = [p + rng.randrange(0, 200) for p in points]
        acts.append((t + n * BATTLE_POINTS, told("points")))
    return [*acts, (t + seconds, told("ended"))]


def in_room(act: Act, room_id: int) -> Act:
    """The act with numbers that are unique over all LIVEs, as the platform's are."""
    match act:
        case Tap() if act.group:
            return replace(act, group=room_id + act.group)
        case Battle():
            return replace(act, id=room_id + act.id)
        case _:
            return act
