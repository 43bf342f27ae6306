"""What viewers ask of one station all at once: pulses, holds, patterns, and second thoughts about each of them.

The oracle: no wrong action, none twice, one ending for each command, and no output on for longer than its limit.
"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable

from msgspec import Struct

from gateway.drivers.arduino import wire
from gateway.drivers.arduino.plans import HOLD_MS
from gateway.drivers.base import Driver, Ending, Outcome
from gateway.messages import Command, Param, stamp
from gateway.settings import patterns
from gateway.settings.models import Action, Board, Channel, Station, Step

PINS = range(2, 14)
LAMPS, HELD, DANCERS = range(6), range(6, 8), range(8, 12)
"""Channels by what is done with them."""
LAMP_MS, HELD_MS, DANCER_MS = 20, 2500, 15
EXACT_S = 0.0011
"""Edges are true to a millisecond."""
LEASE_S = wire.LEASE_MS / 1000
LETTING_GO_S = LEASE_S + HOLD_MS / 1000 + 0.1
"""A held output is off so soon after nobody wants it any more, however bad the wire: the session ends."""
SECOND_THOUGHTS = 0.1
"""Share of pulses and patterns that are cancelled."""


def _dance(dancers: range, count: int, rounds: int) -> Action:
    """Both dancers in turn, sometimes together, each step of its own length."""
    names = [f"ch{i}" for i in dancers]
    steps = [
        Step(channel=names[i % 2], on_for=f"{3 + i * 5 % 12}ms", wait="0ms" if i % 4 == 0 else "16ms")
        for i in range(count)
    ]
    return Action(pattern=steps, repeats=rounds)


def station() -> Station:
    longest = {
        **dict.fromkeys(LAMPS, LAMP_MS),
        **dict.fromkeys(HELD, HELD_MS),
        **dict.fromkeys(DANCERS, DANCER_MS),
    }
    channels = {f"ch{i}": Channel(kind="level", pin=PINS[i], max_on=f"{ms}ms") for i, ms in longest.items()}
    actions = {f"shine{i}": Action(channel=f"ch{i}") for i in LAMPS}
    actions |= {f"hold{i}": Action(channel=f"ch{i}", hold=True) for i in HELD}
    for name, dancers in (("left", DANCERS[:2]), ("right", DANCERS[2:])):
        actions |= {f"{name}-short": _dance(dancers, 3, 1), f"{name}-long": _dance(dancers, 10, 2)}
    return Station(board=Board(id="VB-1"), channels=channels, actions=actions)


class On(Struct, frozen=True):
    """One output's time on."""

    channel: int
    begin: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.begin


class Asked(Struct):
    """A command and what became of it; ``outcome`` None: it was cancelled, ``held`` seconds after it was given."""

    action: str
    ms: int = 0
    outcome: Outcome | None = None
    held: float = 0.0
    moved: list[float] = []

    @property
    def done(self) -> bool:
        return self.outcome is not None and self.outcome.ending is Ending.DONE


class Storm:
    """Keeps every channel of ``station()`` busy while ``more()``, and holds each edge against its command.

    ``edge`` is to be told every edge. ``pass_time(seconds)`` returns when so much of the board's time has passed
    and every edge until then has been told. ``now()``: seconds since 1970.
    """

    def __init__(
        self,
        driver: Driver,
        seed: int,
        *,
        more: Callable[[int], bool],
        now: Callable[[], float],
        pass_time: Callable[[float], Awaitable[object]],
        within: float,
    ) -> None:
        self.endings: Counter[str] = Counter()
        self.commands = 0
        self.dances = self.held_to_the_end = self.let_go = self.let_go_at_once = 0
        self._driver = driver
        self._more, self._now, self._pass_time, self._within = more, now, pass_time, within
        self._random = random.Random(f"{seed} commands")
        self._station = station()
        self._edges: dict[int, list[tuple[bool, float]]] = defaultdict(list)  # by channel
        self._checked: Counter[int] = Counter()  # how many of them have been held against a command

    def edge(self, pin: int, level: bool, at: float) -> None:
        self._edges[PINS.index(pin)].append((level, at))

    @property
    def done_share(self) -> float:
        """Of the commands that nobody cancelled."""
        return self.endings["done"] / max(1, self.commands - self.endings["second thoughts"])

    @property
    def counts(self) -> str:
        ends = ", ".join(f"{count} {ending}" for ending, count in sorted(self.endings.items()))
        return (
            f"{ends}; {self.dances} patterns danced to their end, {self.held_to_the_end} holds held to theirs, "
            f"{self.let_go_at_once} of {self.let_go} let go at once"
        )

    async def run(self) -> None:
        async with asyncio.TaskGroup() as all_at_once:
            for i in LAMPS:
                all_at_once.create_task(self._lamp(i))
            for i in HELD:
                all_at_once.create_task(self._hold(i))
            all_at_once.create_task(self._dances())
        await self._pass_time(3.0)
        for channel, edges in self._edges.items():
            assert len(edges) == self._checked[channel], f"channel {channel} moved when all was over"

    async def _lamp(self, i: int) -> None:
        while self._more(self.commands):
            ms = self._random.randint(1, LAMP_MS)
            cancel = self._random.random() < SECOND_THOUGHTS
            asked = await self._ask(f"shine{i}", ms, self._random.uniform(0, ms / 1000) if cancel else None)
            await self._quiet([asked], LAMP_MS / 1000)
            on = self._on(asked, i)
            self._check(asked, on is not None)
            if on is not None:
                assert on.length <= ms / 1000 + EXACT_S, "on for longer than it was asked"
                assert not asked.done or on.length >= ms / 1000 - EXACT_S

    async def _hold(self, i: int) -> None:
        while self._more(self.commands):
            for_s = self._random.choice((0.0, 0.1, 0.4, 1.0, 9.0)) * self._random.random()
            asked = await self._ask(f"hold{i}", 0, for_s)
            await self._quiet([asked], LETTING_GO_S)
            on = self._on(asked, i)
            self._check(asked, on is not None)
            if on is None:
                continue
            assert on.length <= HELD_MS / 1000 + EXACT_S
            if asked.done:
                assert on.length >= HOLD_MS / 1000 - EXACT_S
                self.held_to_the_end += on.length >= HELD_MS / 1000 - EXACT_S
            elif asked.outcome is None:
                assert on.length <= asked.held + LETTING_GO_S, "on for long after nobody held it any more"
                self.let_go += 1
                self.let_go_at_once += on.length <= asked.held + 0.15

    async def _dances(self) -> None:
        """Two after each other, the second at once, even when the first was cancelled in the middle."""
        lengths = {name: patterns.length_ms(a) / 1000 for name, a in self._station.actions.items() if a.pattern}
        while self._more(self.commands):
            both = []
            for side in ("left", "right"):
                action = f"{side}-{self._random.choice(('short', 'long'))}"
                cancel = self._random.random() < 3 * SECOND_THOUGHTS
                both.append(
                    await self._ask(action, 0, self._random.uniform(0, lengths[action]) if cancel else None)
                )
            await self._quiet(both, max(lengths.values()))
            for asked, dancers in zip(both, (DANCERS[:2], DANCERS[2:]), strict=True):
                self._check_dance(asked, self._ons(dancers))

    # -- asking --------------------------------------------------------------------------------

    async def _ask(self, action: str, ms: int, cancel_after: float | None) -> Asked:
        self.commands += 1
        asked = Asked(action, ms)
        params: dict[str, Param] = {"ms": ms} if ms else {}
        expires = stamp(self._now() + self._within)
        order = Command(
            id=f"{action} {self.commands}", station="s1", action=action, params=params, expires_at=expires
        )
        began = asyncio.get_running_loop().time()
        task = asyncio.create_task(self._driver.perform(order, asked.moved.append))
        await asyncio.wait({task}, timeout=cancel_after)
        if task.cancel():
            asked.held = asyncio.get_running_loop().time() - began
            await asyncio.wait({task})
        asked.outcome = None if task.cancelled() else task.result()
        self.endings[asked.outcome.ending if asked.outcome else "second thoughts"] += 1
        return asked

    async def _quiet(self, several: list[Asked], longest: float) -> None:
        """Wait until nothing of these can move any more: after DONE that is at once."""
        await self._pass_time(0.0 if all(asked.done for asked in several) else longest + LEASE_S)

    def _on(self, asked: Asked, channel: int) -> On | None:
        ons = self._ons([channel])
        assert len(ons) <= 1, (asked, ons, "moved twice")
        return ons[0] if ons else None

    def _ons(self, channels: range | list[int]) -> list[On]:
        """What these channels did since they were last asked after, by its beginning."""
        ons = []
        for channel in channels:
            edges = self._edges[channel][self._checked[channel] :]
            self._checked[channel] += len(edges)
            assert [level for level, _ in edges] == [True, False] * (len(edges) // 2), (channel, edges)
            ons += [On(channel, on, off) for (_, on), (_, off) in zip(edges[::2], edges[1::2], strict=True)]
        return sorted(ons, key=lambda on: on.begin)

    # -- the oracle ----------------------------------------------------------------------------

    def _check(self, asked: Asked, moved: bool) -> None:
        """What the pins did is what the ending says."""
        assert len(asked.moved) <= 1
        if asked.outcome is None:
            return  # it may have moved, or not
        match asked.outcome.ending:
            case Ending.DONE:
                assert moved, asked
            case Ending.FAILED:
                pass  # it may have moved: once, and no longer than asked
            case _:
                assert not moved, asked

    def _check_dance(self, asked: Asked, ons: list[On]) -> None:
        """The pins did the pattern from its beginning: all of it, or as far as it came."""
        self._check(asked, bool(ons))
        self.dances += asked.done
        action = self._station.actions[asked.action]
        spans = sorted(patterns.spans(action.pattern or [], action.repeats), key=lambda span: span.begin)
        assert len(ons) <= len(spans), asked
        assert not asked.done or len(ons) == len(spans), asked
        planned = {(span.channel, span.begin): span for span in spans}
        for on in ons:
            at = on.begin - ons[0].begin
            near = [key for key in planned if key[0] == f"ch{on.channel}" and abs(key[1] / 1000 - at) <= EXACT_S]
            assert near, (asked, on, "no such step, or one twice")
            span = planned.pop(near[0])
            length = (span.end - span.begin) / 1000
            assert on.length <= length + EXACT_S, (asked, on)
            assert not asked.done or on.length >= length - EXACT_S, (asked, on)
        if ons:
            last = max(on.begin for on in ons) - ons[0].begin
            assert not [s for s in planned.values() if s.begin / 1000 < last - EXACT_S], (
                asked,
                "a step was left out",
            )
