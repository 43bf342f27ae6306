"""``stagewire practice``: a practice TikTok for people to rehearse with, and what it tells them."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence

from msgspec.structs import replace

from gateway.practice.tiktok import knobs
from gateway.practice.tiktok.acts import Act, Tap, Watching
from gateway.practice.tiktok.cues import Cue, Right, Wrong, act_out, cues
from gateway.practice.tiktok.rates import Rates
from gateway.practice.tiktok.room import Room
from gateway.practice.tiktok.server import PracticeTikTok
from gateway.practice.tiktok.show import Show
from gateway.practice.tiktok.stage import play

REPORT = 60.0
"""Seconds between two lines of what was sent."""


class House:
    """A platform with one room for each of ``usernames``; in each a crowd, the show, or both.

    ``rates``: the crowd's, in place of those of the show; without either, and without a show, a usual crowd.
    ``seed``: in place of the show's.
    ``say`` takes the lines for the person in front of it.
    """

    def __init__(
        self,
        usernames: Sequence[str],
        *,
        show: Show | None,
        rates: Rates | None,
        seed: int | None,
        port: int,
        say: Callable[[str], None],
    ) -> None:
        if show is not None and seed is not None:
            show = replace(show, seed=seed)
        self.tiktok = PracticeTikTok(port, show.seed if show is not None else seed or 1)
        self._usernames = usernames
        self._show = show
        self._rates = rates or (show.rates if show is not None else Rates())
        self._say = say

    async def run(self) -> None:
        """Until cancelled. Raises ``ServiceError`` when the port is taken."""
        await self.tiktok.start()
        try:
            rooms = [self.tiktok.add_room(name) for name in self._usernames]
            self._say(self._greeting())
            for room in rooms:
                room.title = (self._show.title if self._show is not None else None) or room.title
                if self._rates is not None:
                    self.tiktok.add_crowd(room, self._rates)
            doings = [self._report(room) for room in rooms]
            if self._show is not None:
                doings += [self._perform(self._show, room) for room in rooms]
            await _together(doings)
        finally:
            await self.tiktok.stop()

    async def _perform(self, show: Show, room: Room) -> None:
        hand = _Hand(self.tiktok, room, self._say)

        async def do(cue: Cue) -> None:
            await act_out(cue, room, hand)

        await play(cues(show, room.username), do, asyncio.get_running_loop().time())
        self._say(f"@{room.username}: the show is over; Ctrl-C ends the practice TikTok")

    async def _report(self, room: Room) -> None:
        before: Counter[type[Act]] = Counter()
        while True:
            await asyncio.sleep(REPORT)
            sent = Counter(room.sent)
            self._say(line(room, sent - before))
            before = sent

    def _greeting(self) -> str:
        """What to put into the settings."""
        accounts = "\n".join(f"  {account(name)}: {{username: {name}}}" for name in self._usernames)
        return (
            "Practice TikTok is open. In stagewire.yaml:\n\n"
            "connector:\n"
            "  tiktok:\n"
            f"    app_url: {self.tiktok.app_url}\n"
            f"    webcast_url: {self.tiktok.webcast_url}\n"
            f"    sign_url: {self.tiktok.sign_url}\n"
            "    simulated: true\n"
            f"accounts:\n{accounts}\n"
        )


async def _together(doings: Sequence[Coroutine[None, None, None]]) -> None:
    """Until all are done, or one fails; then its error is raised and the others are stopped."""
    tasks = [asyncio.create_task(doing) for doing in doings]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Hand:
    """Makes things go wrong on the platform, and says so."""

    def __init__(self, tiktok: PracticeTikTok, room: Room, say: Callable[[str], None]) -> None:
        self._tiktok, self._room, self._say = tiktok, room, say

    async def press(self, wrong: Wrong) -> None:
        self._say(f"@{self._room.username}: {wrong.fault}")
        await knobs.press(wrong.fault, self._tiktok, self._room, wrong.seconds)

    async def release(self, right: Right) -> None:
        self._say(f"@{self._room.username}: {right.fault} is over")
        await knobs.release(right.fault, self._tiktok, self._room)


def account(username: str) -> str:
    """An account id for the settings, made from an @name."""
    return re.sub(r"[^a-z0-9]+", "-", username.lower()).strip("-")[:32] or "account"


def line(room: Room, sent: Counter[type[Act]]) -> str:
    """What was sent in a room, in words."""
    who = f"{len(room.watchers)} connected" if room.watchers else "nobody connected"
    counts = ", ".join(
        f"{_NAMES.get(kind, kind.__name__.lower())} {count}"
        for kind, count in sorted(sent.items(), key=lambda item: (-item[1], item[0].__name__))
    )
    state = "live" if room.live else "not live"
    return f"@{room.username}: {state}, {who}; last minute: {counts or 'nothing'}"


_NAMES: dict[type[Act], str] = {Tap: "gift messages", Watching: "viewer counts"}
