"""Where the time of a program goes: a profile of the thread that asks, for some seconds, as a table."""

import asyncio
import cProfile
import pstats
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from gateway.errors import ServiceError
from gateway.messages import Request
from gateway.requests import Answer

LONGEST_S = 30
TOP = 40
"""Functions of each table."""
LOOPS = 20_000
"""Empty calls by which the price of watching one is measured: some milliseconds."""
EXPECTED = f"expected params: {{seconds: 1 to {LONGEST_S}}}"
_ROOT = Path(__file__).parent.parent
_LIBRARIES = tuple(Path(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib"))


class Row(Struct, frozen=True, kw_only=True):
    """A function: its place, how often it was called, milliseconds in itself and with all that it called."""

    name: str
    calls: int
    own_ms: float
    all_ms: float


class Profile(Struct, frozen=True, kw_only=True):
    """``busy_ms``: what the process worked in these ``seconds``; ``cost_ms``: how much of it was the watching
    itself, by what watching an empty call costs on this machine. ``own``: the functions that took most by
    themselves; ``all``: with what they called."""

    seconds: float
    calls: int
    busy_ms: float
    cost_ms: float
    own: list[Row]
    all: list[Row]


class Profiler:
    """Profiles of the asyncio loop that it is asked on; one at a time."""

    def __init__(self) -> None:
        self._busy = False

    async def run(self, seconds: float) -> Profile:
        """Watch this thread for so long. Raises ``ServiceError`` when somebody watches already."""
        if self._busy:
            raise ServiceError("a profile is being taken already: wait for it")
        self._busy = True
        try:
            watch, began, worked = cProfile.Profile(), time.perf_counter(), time.process_time()
            try:
                watch.enable()
            except ValueError:
                raise ServiceError("another tool watches this program already, such as a debugger") from None
            try:
                await asyncio.sleep(seconds)
            finally:
                watch.disable()
            busy, lasted = time.process_time() - worked, time.perf_counter() - began
            return await asyncio.to_thread(_table, watch, lasted, busy)
        finally:
            self._busy = False

    async def asked(self, request: Request) -> Answer:
        """The request ``profile``."""
        seconds = request.params.get("seconds", 5)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 1 <= seconds <= LONGEST_S:
            return EXPECTED, {}
        return "", msgspec.to_builtins(await self.run(float(seconds)))


def _table(watch: cProfile.Profile, seconds: float, busy: float) -> Profile:
    stats: dict[Any, Any] = pstats.Stats(watch).stats  # type: ignore[attr-defined]  # not in typeshed
    rows = [
        Row(name=_name(*place), calls=calls, own_ms=round(own * 1000, 2), all_ms=round(whole * 1000, 2))
        for place, (_, calls, own, whole, _) in stats.items()
    ]
    calls = sum(row.calls for row in rows)
    return Profile(
        seconds=round(seconds, 1),
        calls=calls,
        busy_ms=round(busy * 1000, 1),
        cost_ms=round(min(busy, calls * _price()) * 1000, 1),
        own=sorted(rows, key=lambda row: row.own_ms, reverse=True)[:TOP],
        all=sorted(rows, key=lambda row: row.all_ms, reverse=True)[:TOP],
    )


def _price() -> float:
    """Seconds that watching costs for one call here."""

    def nothing() -> None: ...

    def timed(call: Callable[[], None]) -> float:
        began = time.thread_time()
        for _ in range(LOOPS):
            call()
        return time.thread_time() - began

    plain = timed(nothing)
    watch = cProfile.Profile()
    watch.enable()
    watched = timed(nothing)
    watch.disable()
    return max(0.0, watched - plain) / LOOPS


def _name(file: str, line: int, function: str) -> str:
    """Without the machine's own folders."""
    if function.startswith("<method 'poll' of 'select."):
        return "(waiting: there was nothing to do)"
    if file in ("~", "<string>") or not file:
        return function[:120]
    path = Path(file)
    if path.is_relative_to(_ROOT) and not any(path.is_relative_to(at) for at in _LIBRARIES):
        return f"{path.relative_to(_ROOT)}:{line} {function}"[:160]
    for folder in _LIBRARIES:
        if path.is_relative_to(folder):
            return f"{path.relative_to(folder)}:{line} {function}"[:160]
    return f"{path.name}:{line} {function}"[:160]
