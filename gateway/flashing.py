"""A board is flashed while the gateway runs: its port is lent to ``stagewire flash``, and taken back."""

import asyncio
import contextlib
import logging
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from gateway.drivers.base import BoardDriver
from gateway.errors import DriverError
from gateway.flash import BUILD_S, PROGRAMMERS, WRITE_S, avrdude
from gateway.messages import Text, Timestamp, stamp
from gateway.settings.load import Config

log = logging.getLogger(__name__)

LONGEST_S = BUILD_S + WRITE_S + 60.0
"""What it does before and after is asking the board, which takes seconds."""
END_S = 3.0
"""What is told to end and has not by then is killed."""
LINES = 40
"""Of what it says; a compiler may say very much."""
LONGEST_LINE = 500
BARS = re.compile(r"(Reading|Writing)\s*\|\s*(#*)")
"""How avrdude draws its progress into a pipe: fifty of these."""
FULL_BAR = 50


class FlashState(Struct, kw_only=True):
    """``doing``: what it is at, ``percent`` of that where it is known. ``lines``: its words, the newest last."""

    station: str
    phase: Literal["idle", "running", "done", "failed", "cancelled"] = "idle"
    doing: Literal["", "preparing", "writing", "verifying"] = ""
    percent: int | None = None
    by: Text = ""
    since: Timestamp | None = None
    lines: list[str] = []


class Flashing:
    """One board at a time. ``armed``: whether machines may move now."""

    def __init__(self, config: Config, boards: Mapping[str, BoardDriver], armed: Callable[[], bool]) -> None:
        self._config, self._boards, self._armed = config, boards, armed
        self._states: dict[str, FlashState] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> str:
        """What is under way, in words; empty when nothing is."""
        if self._task is None or self._task.done():
            return ""
        station = next(name for name, s in self._states.items() if s.phase == "running")
        return f"station {station} is being flashed: wait until that is done, or cancel it"

    def begin(self, station: str, kind: str, by: str) -> None:
        """``kind``: a key of ``PROGRAMMERS``, "" for what the board says of itself. Raises ``DriverError``."""
        if busy := self.busy:
            raise DriverError(busy)
        if self._config.settings.stations[station].board.simulated:
            raise DriverError(f"station {station} is on a simulated board: it has nothing to flash")
        if kind and kind not in PROGRAMMERS:
            raise DriverError(f"unknown board {kind!r}; known: {', '.join(PROGRAMMERS)}")
        if self._armed():
            raise DriverError("machines are armed: press Disarm, see that nobody is near them, and try again")
        avrdude()
        log.warning("%s: is flashed by %s", station, by or "somebody")
        state = FlashState(
            station=station, phase="running", doing="preparing", by=by, since=stamp(time.time()), lines=[]
        )
        self._states[station] = state
        self._task = asyncio.create_task(self._run(state, kind))
        self._task.add_done_callback(lambda task: _never_began(state) if task.cancelled() else None)

    def state(self, station: str) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self._states.get(station) or FlashState(station=station))
        return found

    def cancel(self, station: str) -> None:
        """Raises ``DriverError`` when it is not being flashed."""
        state = self._states.get(station)
        if self._task is None or state is None or state.phase != "running":
            raise DriverError(f"station {station} is not being flashed")
        self._task.cancel()

    async def close(self) -> None:
        """End what is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self, state: FlashState, kind: str) -> None:
        try:
            async with (
                self._boards[state.station].lent("it is being flashed, and comes back by itself") as port,
                asyncio.timeout(LONGEST_S),
            ):
                good = await self._flash(state, port, kind)
            state.phase = "done" if good else "failed"
        except TimeoutError:
            state.phase = "failed"
            state.lines.append(f"it took over {LONGEST_S:.0f} s and was ended: unplug the board, try again")
        except asyncio.CancelledError:
            half = state.doing == "writing"
            state.phase = "cancelled"
            state.lines.append("cancelled; its firmware is not whole: flash it again" if half else "cancelled")
        except Exception as e:  # a service's top
            log.exception("%s: flashing", state.station)
            state.phase = "failed"
            state.lines.append(f"it failed ({type(e).__name__}): the gateway's log has more")
        log.warning("%s: flashing: %s", state.station, "; ".join([state.phase, *state.lines[-1:]]))

    async def _flash(self, state: FlashState, port: str, kind: str) -> bool:
        """``stagewire flash`` as a process of its own: what it does for a minute must not slow the gateway."""
        board = self._config.settings.stations[state.station].board
        command = [sys.executable, "-m", "gateway.cli", "flash", port or state.station]
        command += ["--config", str(self._config.base_dir / self._config.file), "--baud", str(board.baud)]
        if kind or not port:
            command += ["--board", kind or board.kind]
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # so that it can be ended with all that it started
        )
        assert process.stdout is not None
        try:
            line = ""
            while chunk := await process.stdout.read(1024):
                *whole, line = re.split(r"[\r\n]+", line + chunk.decode(errors="replace"))
                for text in [*whole, line]:
                    _progress(state, text)
                state.lines += [text[:LONGEST_LINE] for text in whole if text.strip() and not BARS.search(text)]
                del state.lines[:-LINES]
                line = line[:LONGEST_LINE]
            return await process.wait() == 0
        finally:
            await _end(process)


def _never_began(state: FlashState) -> None:
    state.phase = "cancelled"
    state.lines.append("cancelled")


def _progress(state: FlashState, line: str) -> None:
    bar = BARS.search(line)
    if bar is None:
        return
    if bar[1] == "Writing":
        state.doing = "writing"
    elif state.doing == "writing" and len(bar[2]) < FULL_BAR:
        state.doing = "verifying"
    if state.doing != "preparing":
        state.percent = min(100, 100 * len(bar[2]) // FULL_BAR)


async def _end(process: asyncio.subprocess.Process) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                await process.wait()
                return
