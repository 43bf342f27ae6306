"""A dispatcher on stations whose commands end when the test says so."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping

from gateway.dispatch.dispatcher import Dispatcher
from gateway.dispatch.resources import Resources
from gateway.drivers.base import Ending, Health, Input, Outcome
from gateway.messages import FINAL, Ack, Command, Status, stamp
from gateway.settings.models import Queue

NOW = 1_790_000_000.0
LIMIT = Queue().limit


class Gate:
    """A driver that holds each command until the test opens the gate."""

    def __init__(self, moves: bool = True) -> None:
        self.moves = moves
        self.on_health: Callable[[Health], None] = lambda _: None
        self.on_input: Callable[[Input], None] = lambda _: None
        self.health = Health(online=True)
        self.started: list[str] = []
        self.asked: list[str] = []
        self.remembered: dict[str, Outcome] = {}
        self.open = asyncio.Event()
        self.ending = Ending.DONE

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def perform(self, command: Command, on_moved: Callable[[float], None]) -> Outcome:
        self.started.append(command.id)
        on_moved(NOW + 0.003)
        await self.open.wait()
        return Outcome(ending=self.ending, reason="as told", sent=NOW, moved=NOW + 0.003, ended=NOW + 0.2)

    async def recall(self, command: Command) -> Outcome | None:
        self.asked.append(command.id)
        return self.remembered.get(command.id)

    def estop(self, trip: int) -> None: ...
    def reset_estop(self, trip: int) -> None: ...
    def arm(self, armed: bool) -> None: ...


class Stage:
    """A dispatcher on gates, armed, and everything it told. The chime moves nothing."""

    def __init__(self, resources: Resources | None = None, queues: Mapping[str, Queue] | None = None) -> None:
        self.gates = {name: Gate() for name in ("cannon", "lamp", "door")} | {"chime": Gate(moves=False)}
        self.acks: list[Ack] = []
        self.on_ack: Callable[[Ack], None] = self.acks.append
        self.now = NOW
        self.dispatcher = Dispatcher(
            self.gates, lambda ack: self.on_ack(ack), lambda _: None, lambda: self.now, queues or {}, resources
        )
        self.dispatcher.arm(True)

    def of(self, command_id: str) -> list[Status]:
        return [a.status for a in self.acks if a.id == command_id]

    def ending(self, command_id: str) -> Ack:
        """Its one ending."""
        (ack,) = (a for a in self.acks if a.id == command_id and a.status in FINAL)
        return ack

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def playing(resources: Resources | None = None) -> AsyncIterator[Stage]:
    """A stage with its workers running."""
    stage = Stage(resources)
    task = asyncio.create_task(stage.dispatcher.run())
    try:
        yield stage
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def command(name: str, station: str = "cannon", **more: object) -> Command:
    values = {"action": "fire", "cause": "e1", "received": stamp(NOW), "expires_at": stamp(NOW + 30), **more}
    return Command(id=name, station=station, **values)  # type: ignore[arg-type]
