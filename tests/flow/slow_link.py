"""A link to the broker that takes its time, and can be cut while the broker and all others go on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class SlowLink:
    """Listens on ``port``; every byte arrives ``delay`` seconds later. While ``cut`` nobody gets through."""

    def __init__(self, broker_port: int, delay: float) -> None:
        self.port, self._broker_port, self._delay = 0, broker_port, delay
        self._down = False
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        self._down = True
        for task in self._tasks:
            task.cancel()

    def mend(self) -> None:
        self._down = False

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            if self._down:
                return
            theirs, to_them = await asyncio.open_connection("127.0.0.1", self._broker_port)
            with contextlib.closing(to_them), contextlib.suppress(OSError):
                ways = [asyncio.ensure_future(self._way(*way)) for way in ((reader, to_them), (theirs, writer))]
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for way in ways:
                        way.cancel()

    async def _way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(65536):
            loop.call_later(self._delay, writer.write, data)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with await asyncio.start_server(self._connected, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            try:
                yield
            finally:
                self.cut()
                await asyncio.gather(*self._tasks, return_exceptions=True)
