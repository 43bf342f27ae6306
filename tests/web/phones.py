"""Many phones at once: event streams held open by one thread, and phones that vanish."""

import ctypes
import selectors
import socket
import struct
import threading
from types import TracebackType
from typing import Self

SO_ATTACH_FILTER = 26
_DROP_ALL = struct.pack("HBBI", 0x06, 0, 0, 0)
"""A packet filter of one instruction: keep nothing."""


def ask(path: str, cookie: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode()


def vanish(phone: socket.socket) -> None:
    """From here on nothing reaches it, and it acknowledges nothing: it went out of the Wi-Fi's reach (Linux)."""
    code = ctypes.create_string_buffer(_DROP_ALL)
    program = struct.pack("HL", 1, ctypes.addressof(code))
    phone.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


class Phones:
    """``most`` phones that each listen to the page's event stream and read all of it. ``heard``: updates of all of
    them; ``bytes``: what came."""

    def __init__(self, port: int, cookie: str, most: int) -> None:
        self.heard = self.bytes = 0
        self._sockets: list[socket.socket] = []
        self._watch = selectors.DefaultSelector()
        self._ends = threading.Event()
        for _ in range(most):
            phone = socket.create_connection(("127.0.0.1", port), 10)
            phone.sendall(ask("/api/events", cookie))
            phone.setblocking(False)
            self._watch.register(phone, selectors.EVENT_READ)
            self._sockets.append(phone)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._ends.is_set():
            for key, _ in self._watch.select(0.1):
                phone = key.fileobj
                assert isinstance(phone, socket.socket)
                try:
                    data = phone.recv(1 << 16)
                except OSError:
                    data = b""
                if not data:
                    self._watch.unregister(phone)
                    continue
                self.bytes += len(data)
                self.heard += data.count(b"\ndata: ")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.set()
        self._thread.join(5)
        for phone in self._sockets:
            phone.close()
        self._watch.close()
