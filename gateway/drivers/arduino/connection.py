"""One open port to a board: bytes in and out, the link, one session after another, heartbeats.

Everything above it sees messages of a session with a board that answers; everything below it is the port.
"""

import asyncio
import contextlib
import errno
import os
import random
from collections.abc import Callable

import serial
import serial_asyncio_fast

from gateway.drivers.arduino import wire
from gateway.drivers.arduino.clock import BoardClock
from gateway.drivers.arduino.link import Link
from gateway.errors import DriverError

QUIET_S = 2.0
"""Listen this long before the first byte is sent. Opening the port resets most boards, and a boot loader that
is sent arbitrary bytes may take them for programming commands; a board that runs says hello in 0.25 s."""
CONNECT_S = 0.1
"""CONNECT is repeated this often."""
ANSWER_S = 3.0
"""A board that has not answered CONNECT for this long is not there."""
CLOSE_S = 1.0
"""Giving a port back takes no longer, or is not waited for."""
BEAT_S = wire.HEARTBEAT_MS / 1000
MAX_BEATS = 8
"""More than fit in the silence that ends a session."""
SILENCE_S = wire.LEASE_MS / 1000
"""A board that has not answered a heartbeat for this long is gone. It is the lease: by now the board has
switched off by itself if it does not hear us either. Five heartbeats must be lost in a row to get here wrongly."""


class Connection(asyncio.Protocol):
    """An open port. ``on_message(message, now)`` gets every message of an open session but HELLO.

    ``first()`` is what must reach a board before anything else does: a stop that is in force, or None.
    """

    def __init__(
        self, port: str, on_message: Callable[[wire.Message, float], None], first: Callable[[], wire.Stop | None]
    ) -> None:
        self.port = port
        self.link = Link()
        self.clock = BoardClock()
        self.state: wire.State | None = None
        self.lost = ""
        self._on_message = on_message
        self._first = first
        self._loop = asyncio.get_running_loop()
        self._transport: serial_asyncio_fast.SerialTransport | None = None
        self._fd = -1
        self._session = 0
        self._heard = asyncio.Event()
        self._gone = asyncio.Event()  # the port has been given back
        self._hello: asyncio.Future[wire.Hello | None] = self._loop.create_future()
        self._ended: asyncio.Future[str] = self._loop.create_future()
        self._asked: tuple[type[wire.Message], asyncio.Future[wire.Message | None]] | None = None
        self._beats: dict[int, float] = {}  # heartbeats not answered yet, and when they were sent
        self._answered = 0.0  # when the last State came
        self._beat_timer: asyncio.TimerHandle | None = None
        self._repeat_timer: asyncio.TimerHandle | None = None

    @classmethod
    async def open(
        cls,
        port: str,
        baud: int,
        on_message: Callable[[wire.Message, float], None],
        first: Callable[[], wire.Stop | None],
    ) -> "Connection":
        """Open ``port`` for ourselves alone. Raises ``DriverError``."""
        loop = asyncio.get_running_loop()
        try:
            transport, protocol = await serial_asyncio_fast.create_serial_connection(
                loop, lambda: cls(port, on_message, first), port, baudrate=baud, exclusive=True
            )
        except (serial.SerialException, OSError, ValueError) as e:
            raise DriverError(f"cannot open {port}: {_plain(e)}") from None
        assert isinstance(protocol, cls)
        protocol._attach(transport)
        return protocol

    def _attach(self, transport: serial_asyncio_fast.SerialTransport) -> None:
        # The library has not called connection_made yet; everything it would tell us is known here.
        assert transport.serial is not None
        self._transport = transport
        self._fd = transport.serial.fileno()
        # FTDI adapters otherwise keep bytes for 16 ms; other adapters and ptys do not know the setting.
        with contextlib.suppress(ValueError, OSError, NotImplementedError):
            transport.serial.set_low_latency_mode(True)

    async def close(self) -> None:
        """Let the port go at once: while it is held, a board that returns gets another name."""
        self.lost = self.lost or f"{self.port} was closed"
        self._end(self.lost)
        t = self._transport
        if t is not None and t.serial is not None and not t.is_closing():
            with contextlib.suppress(OSError, serial.SerialException):  # closing waits for unsent bytes
                t.serial.reset_output_buffer()
            t.abort()
        self._fd = -1
        with contextlib.suppress(TimeoutError):  # a device that hangs may keep its port a while
            async with asyncio.timeout(CLOSE_S):
                await self._gone.wait()

    # -- the session ---------------------------------------------------------------------------

    @property
    def opened(self) -> bool:
        """A session is open."""
        return self.link.opened

    async def greet(self, *, listen: bool) -> wire.Hello:
        """Begin a session; return the board's hello. ``listen``: the board may be in its boot loader.

        Raises ``DriverError`` when nothing answers or the port is lost.
        """
        self._session = random.randrange(1, 1 << 32)
        self._hello = self._loop.create_future()
        self._ended = self._loop.create_future()
        if listen:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(QUIET_S):
                    await self._heard.wait()
        for _ in range(round(ANSWER_S / CONNECT_S)):
            if self.lost:
                raise DriverError(self.lost)
            first = self._first()
            hurry = self.link.unreliable(first) if first else b""
            # The delimiter in front ends whatever noise the board has collected.
            self._write(b"\0" + hurry + self.link.unreliable(wire.Connect(self._session)))
            await asyncio.wait({self._hello}, timeout=CONNECT_S)
            hello = self._hello.result() if self._hello.done() else None
            if hello is not None:
                return hello
        why = f" (last bad frame: {self.link.trouble})" if self.link.trouble else ""
        raise DriverError(
            f"no answer on {self.port}{why}: is it a Stagewire board? Check its power and cable, then flash it"
        )

    async def ask(
        self, messages: list[wire.Message], answer: type[wire.Message], timeout: float
    ) -> wire.Message | None:
        """Send reliable messages; return the first ``answer`` that follows. One question at a time.

        None: the session ended, or nothing came in time (seconds).
        """
        reply: asyncio.Future[wire.Message | None] = self._loop.create_future()
        self._asked = answer, reply
        try:
            if not all(self.send(m) for m in messages):
                return None
            await asyncio.wait({reply}, timeout=timeout)
            return reply.result() if reply.done() else None
        finally:
            self._asked = None

    async def ended(self) -> str:
        """Wait until the session is over; return why, in words."""
        return await asyncio.shield(self._ended)

    def _begin(self, hello: wire.Hello, now: float) -> None:
        self.link.open()
        self.clock = BoardClock()
        self.state = None
        self._answered = now
        self._beat()
        self._hello.set_result(hello)

    def _end(self, why: str) -> None:
        self.link.close()
        for timer in (self._beat_timer, self._repeat_timer):
            if timer is not None:
                timer.cancel()
        self._beat_timer = self._repeat_timer = None
        if not self._ended.done():
            self._ended.set_result(why)
        if self._asked is not None and not self._asked[1].done():
            self._asked[1].set_result(None)

    def _beat(self) -> None:
        now = self._loop.time()
        if now - self._answered > SILENCE_S:
            self._end("the board is silent: check its power and cable")
            return
        stamp = int(now * 1000) & 0xFFFFFFFF
        self._beats[stamp] = now
        if len(self._beats) > MAX_BEATS:
            del self._beats[next(iter(self._beats))]
        self.urgent(wire.Heartbeat(stamp))
        self._beat_timer = self._loop.call_at(now + BEAT_S, self._beat)

    # -- sending -------------------------------------------------------------------------------

    def send(self, message: wire.Message) -> bool:
        """Send a reliable message. False: no session, or the link is full; it was not taken."""
        taken = self.link.send(message)
        if taken:
            self._flush(self._loop.time())
        return taken

    def urgent(self, message: wire.Message) -> None:
        """Send an unreliable message now, past everything that waits."""
        self._write(self.link.unreliable(message))

    def _flush(self, now: float) -> None:
        data = self.link.data_to_send(now)
        if data:
            self._write(data)
        due = self.link.due
        if due is not None and self._repeat_timer is None:
            self._repeat_timer = self._loop.call_at(due, self._repeat)

    def _repeat(self) -> None:
        self._repeat_timer = None
        self._flush(self._loop.time())

    def _write(self, data: bytes) -> None:
        # Not through the transport: pyserial spins for ever, with the loop, on a port that takes no more
        # bytes. A frame that does not fit is a lost frame, and the link repeats it; nothing is buffered.
        if self._fd < 0 or self._transport is None or self._transport.is_closing():
            return  # a closing transport gives the descriptor back; its number may already be another file's
        try:
            os.write(self._fd, data)
        except BlockingIOError:
            pass
        except OSError as e:
            self._vanished(_plain(e))

    # -- receiving -----------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        now = self._loop.time()
        for message in self.link.receive(data, now):
            self._handle(message, now)
        self._flush(now)

    def _handle(self, message: wire.Message, now: float) -> None:
        self._heard.set()
        if isinstance(message, wire.Hello):
            if not self.opened:
                if message.session == self._session and self._session and not self._hello.done():
                    self._begin(message, now)
            elif message.session != self._session:
                self._end("the board restarted")
            return
        if not self.opened:
            return
        if isinstance(message, wire.State):
            self.state = message
            self._answered = now
            sent = self._beats.pop(message.gateway_ms, None)  # a State sent unasked repeats the last pair
            if sent is not None:
                self.clock.learn(sent, now, message.board_ms)
        if self._asked is not None and isinstance(message, self._asked[0]) and not self._asked[1].done():
            self._asked[1].set_result(message)
        self._on_message(message, now)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        self._vanished("unplugged")

    def _vanished(self, why: str) -> None:
        self._fd = -1
        self.lost = self.lost or f"{self.port} is gone ({why}): check the board's cable and power"
        self._end(self.lost)
        self._heard.set()
        if not self._hello.done():
            self._hello.set_result(None)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.abort()


_HINTS = {
    errno.EACCES: "not allowed; add this user to the group dialout and log in again",
    errno.EAGAIN: "another program has it open",
    errno.EBUSY: "another program has it open",
    errno.ENOENT: "it is gone",
}


def _plain(e: Exception) -> str:
    """The system's own words, without the library's wrapping, or better ones."""
    number = getattr(e, "errno", None)
    if not isinstance(number, int) or number <= 0:
        return str(e)
    return _HINTS.get(number) or os.strerror(number)
