"""A gateway by hand: raw frames on the pty, so that a test says exactly what the board hears and when."""

import asyncio
import contextlib
import itertools
import os
from collections.abc import Callable
from typing import TypeVar

from gateway.drivers.arduino import wire
from gateway.errors import WireError

M = TypeVar("M", bound=wire.Message)

PATIENCE_S = 5.0
"""How long a test waits for what must happen; it never waits for what must not."""


class Client:
    """One end of the wire. Acknowledges what arrives unless ``acks`` is off; beats only after ``beat``."""

    def __init__(self) -> None:
        self.acks = True
        self.inbox: list[wire.Frame] = []
        self.bad = 0
        self._sessions = itertools.count(0x5E550001)
        self._fd = -1
        self._received = b""
        self._news = asyncio.Event()
        self._seq = self._expected = self._acked = 0
        self._beating: asyncio.Task[None] | None = None

    def open(self, port: str) -> None:
        """Open the wire; that resets the board."""
        self._fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        asyncio.get_running_loop().add_reader(self._fd, self._read)

    def close(self) -> None:
        """Let the wire go."""
        self.silence()
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
        self._fd = -1

    def lend(self) -> int:
        """Give the open wire to somebody else, until ``take_back``."""
        asyncio.get_running_loop().remove_reader(self._fd)
        return self._fd

    def take_back(self, fd: int) -> None:
        asyncio.get_running_loop().add_reader(fd, self._read)

    # -- out -----------------------------------------------------------------------------------

    def frame(self, message: wire.Message) -> bytes:
        """The next frame with ``message``, numbered when it is reliable."""
        if message.KIND < wire.FIRST_RELIABLE:
            return wire.encode(message, 0, self._expected)
        seq, self._seq = self._seq, (self._seq + 1) & 255
        return wire.encode(message, seq, self._expected)

    def write(self, data: bytes) -> None:
        """Put bytes on the wire as they are."""
        assert os.write(self._fd, data) == len(data)

    def send(self, *messages: wire.Message) -> None:
        """Put messages on the wire, in one write, once."""
        self.write(b"".join(self.frame(m) for m in messages))

    async def order(self, *messages: wire.Message) -> None:
        """Send reliable messages one by one, each until the board acknowledges it."""
        for message in messages:
            frame = self.frame(message)
            wanted = self._seq
            async with asyncio.timeout(PATIENCE_S):
                while self._acked != wanted:
                    self.write(frame)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._until(lambda: self._acked == wanted), 0.2)  # noqa: B023

    async def connect(self) -> wire.Hello:
        """Begin a new session; returns the board's hello to it."""
        session = next(self._sessions)
        self._seq = self._expected = self._acked = 0
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self.write(wire.encode(wire.Connect(session)))
                with contextlib.suppress(TimeoutError):
                    return await self.wait(wire.Hello, lambda m: m.session == session, patience=0.2)

    def beat(self) -> None:
        """Begin to send heartbeats."""
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat())

    def silence(self) -> None:
        """Stop the heartbeats."""
        if self._beating:
            self._beating.cancel()
        self._beating = None

    async def _beat(self) -> None:
        for n in itertools.count(1):
            self.send(wire.Heartbeat(n))
            await asyncio.sleep(wire.HEARTBEAT_MS / 1000)

    # -- in ------------------------------------------------------------------------------------

    def all(self, kind: type[M]) -> list[M]:
        """Every message of this kind so far, repetitions by the link left out."""
        return [f.message for f in self.inbox if isinstance(f.message, kind)]

    def results(self, run_id: int) -> list[wire.RunStatus]:
        """What the board said of this id, in order."""
        return [wire.RunStatus(r.status) for r in self.all(wire.Result) if r.id == run_id]

    def forget(self) -> None:
        """Empty the inbox."""
        self.inbox.clear()

    async def wait(
        self, kind: type[M], want: Callable[[M], bool] = lambda m: True, patience: float = PATIENCE_S
    ) -> M:
        """The first message of this kind that is wanted, come already or still to come."""
        found: list[M] = []

        def came() -> bool:
            found.extend(m for m in self.all(kind) if want(m))
            return bool(found)

        async with asyncio.timeout(patience):
            await self._until(came)
        return found[0]

    async def state(self) -> wire.State:
        """The board's state as of now: the answer to a heartbeat of our own."""
        mark = 1_000_000 + len(self.inbox)
        self.send(wire.Heartbeat(mark))
        return await self.wait(wire.State, lambda m: m.gateway_ms == mark)

    async def wait_state(self, flag: wire.StateFlag) -> wire.State:
        """The first state with this flag."""
        return await self.wait(wire.State, lambda m: bool(m.flags & flag))

    async def ended(self, run_id: int) -> wire.RunStatus:
        """What became of a run."""
        result = await self.wait(wire.Result, lambda m: m.id == run_id and m.status != wire.RunStatus.STARTED)
        return wire.RunStatus(result.status)

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._news.clear()
            await self._news.wait()

    def _read(self) -> None:
        try:
            self._received += os.read(self._fd, 4096)
        except OSError:  # unplugged
            asyncio.get_running_loop().remove_reader(self._fd)
            return
        *frames, self._received = self._received.split(b"\0")
        for raw in frames:
            try:
                self._take(wire.decode(raw))
            except WireError:
                self.bad += 1
        self._news.set()

    def _take(self, frame: wire.Frame) -> None:
        if not isinstance(frame.message, wire.Hello):  # its ack may be an older session's
            self._acked = frame.ack
        if not frame.reliable:
            self.inbox.append(frame)
            return
        if not self.acks:
            return
        if frame.seq == self._expected:
            self._expected = (self._expected + 1) & 255
            self.inbox.append(frame)
        self.send(wire.AckOnly())
