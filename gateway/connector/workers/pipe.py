"""Lines over two pipes, each with a thread of its own: asyncio's own pipes do not go with the selector loop on
Windows, and a peer that hangs must never make us wait."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import IO


class Pipe:
    """``on_line`` is called on the loop with every line, ``on_end`` once after the last. ``send`` never blocks."""

    def __init__(
        self, source: IO[bytes], sink: IO[bytes], on_line: Callable[[bytes], None], on_end: Callable[[], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._source = source
        self._sink = sink
        self._on_line = on_line
        self._on_end = on_end
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        for work in (self._read, self._write):
            threading.Thread(target=work, name=f"pipe {work.__name__}", daemon=True).start()

    def send(self, line: bytes) -> None:
        self._lines.put(line)

    def close(self) -> None:
        """Everything sent before still goes; then the peer reads the end."""
        self._lines.put(None)

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # closed while reading
            for line in self._source:
                self._call(self._on_line, line)
        self._call(self._on_end)
        with contextlib.suppress(OSError):
            self._source.close()

    def _write(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # the peer is gone: reading says so
            while (line := self._lines.get()) is not None:
                self._sink.write(line)
                self._sink.flush()
        with contextlib.suppress(OSError, ValueError):
            self._sink.close()

    def _call(self, what: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(what, *args)
