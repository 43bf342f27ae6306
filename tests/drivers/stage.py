"""A driver on a virtual board, over a real pseudo-terminal."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import Generic, TypeVar

from gateway.drivers.arduino import wire
from gateway.drivers.arduino.driver import ArduinoDriver
from gateway.drivers.base import Health, Input, Outcome
from gateway.messages import Command, stamp
from gateway.practice.boards.avr import AvrBoard
from gateway.practice.boards.virtual import VirtualBoard
from gateway.settings.models import Action, Board, Channel, Station

HORN, LAMP, BUTTON, STOP = 4, 5, 6, 7  # pins
PATIENCE_S = 10.0


def station(*, board_id: str | None = "VB-1", stop_input: bool = False, lamps: int = 1) -> Station:
    channels = {
        "horn": Channel(kind="pulse", pin=HORN, max_on="1s", rest="500ms"),
        "button": Channel(kind="input", pin=BUTTON, active_low=True, debounce="5ms"),
    }
    for i in range(lamps):
        channels[f"lamp{i}"] = Channel(kind="level", pin=LAMP if i == 0 else 8 + i, max_on="10s")
    if stop_input:
        channels["stop"] = Channel(kind="stop", pin=STOP)
    actions = {"honk": Action(channel="horn", on_for="10ms")}
    actions |= {f"shine{i}": Action(channel=f"lamp{i}", on_for="10ms") for i in range(lamps)}
    return Station(board=Board(id=board_id), channels=channels, actions=actions)


B = TypeVar("B", bound=VirtualBoard | AvrBoard)


class OnePort:
    """Finds the port a board hangs on now."""

    def __init__(self, board: VirtualBoard | AvrBoard) -> None:
        self.board = board
        self.seen: list[str] = []

    async def find(self, board: Board) -> list[str]:
        return [self.board.port] if self.board.port else []

    def saw(self, port: str, board_id: str) -> None:
        self.seen.append(board_id)

    def lent(self, port: str) -> AbstractContextManager[None]:
        return nullcontext()


class Stage(Generic[B]):
    """Driver and board, and all that both were heard to say. ``heard`` is kept for virtual boards."""

    def __init__(self, board: B, settings: Station) -> None:
        self.board: B = board
        self.finder = OnePort(board)
        self.driver = ArduinoDriver("s1", settings, self.finder)
        self.edges: list[tuple[int, bool, float]] = []
        self.healths: list[Health] = []
        self.inputs: list[Input] = []
        self.moved: list[str] = []
        self.heard: list[wire.Message] = []  # by the board, in order
        board.on_edge = lambda pin, level, at: self.edges.append((pin, level, at))
        self.driver.on_health = self.healths.append
        self.driver.on_input = self.inputs.append

    @property
    def ons(self) -> list[int]:
        """Pins in the order they were energised."""
        return [pin for pin, level, _ in self.edges if level]

    async def perform(
        self, name: str, action: str = "shine0", *, within: float = 5.0, ms: int | None = None
    ) -> Outcome:
        command = Command(
            id=name,
            station="s1",
            action=action,
            params={} if ms is None else {"ms": ms},
            expires_at=stamp(time.time() + within),
        )
        return await self.driver.perform(command, lambda at: self.moved.append(name))

    def begin(self, name: str, action: str = "shine0", **how: float) -> asyncio.Task[Outcome]:
        return asyncio.create_task(self.perform(name, action, **how))  # type: ignore[arg-type]  # ms stays int

    async def armed(self) -> None:
        await until(lambda: self.driver.health.online)
        self.driver.arm(True)
        await until(lambda: self.driver.health.armed)


async def until(true: Callable[[], object], patience: float = PATIENCE_S) -> None:
    """Wait for a condition; fails the test after ``patience`` seconds."""
    async with asyncio.timeout(patience):
        while not true():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def stage(
    settings: Station | None = None, board: VirtualBoard | None = None, *, armed: bool = True
) -> AsyncIterator[Stage[VirtualBoard]]:
    """A driver at work on a virtual board."""
    s = Stage(board or VirtualBoard("VB-1"), settings or station())
    tap(s)
    async with at_work(s, armed=armed):
        yield s


def tap(s: Stage[VirtualBoard]) -> None:
    """Keep what the board hears."""
    handle = s.board._rules._handle

    def listen(message: wire.Message, now: float) -> None:
        s.heard.append(message)
        handle(message, now)

    s.board._rules._handle = listen  # type: ignore[method-assign]  # a tap, not a replacement


@asynccontextmanager
async def at_work(s: Stage[B], *, armed: bool = True, start: bool = True) -> AsyncIterator[None]:
    """The board on (``start``: or left to the caller), the driver running, both ended afterwards."""
    if start:
        await s.board.start()
    running = asyncio.create_task(s.driver.run())
    try:
        if armed:
            await s.armed()
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        if start:
            await s.board.stop()
