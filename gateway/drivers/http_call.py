"""One HTTP request in a thread, that another thread can cut off at any moment."""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

Failure = Literal["unreachable", "untrusted", "late", "broken", "cut"]
"""Why there is no answer. ``unreachable``, ``untrusted``, ``late``: nothing was sent. ``broken``: it was, and what
became of it is not known. ``cut``: somebody ended it; ``HttpCall.sent`` says whether anything had left."""
PAUSES_S = (0.2, 0.5)
"""Before the second and the third try to connect: a server that restarts refuses for a moment."""
READ_MOST = 1000
"""Bytes of a refusal that are read."""


class Answer(Struct, frozen=True):
    """What the other side said, or why it said nothing: ``status`` is 0 then. ``text``: the beginning of the body,
    or the trouble's own words; ``location`` where a redirect points."""

    status: int
    text: str = ""
    location: str = ""
    failure: Failure | None = None


class HttpCall:
    """A connection of its own for each call: one that was kept may die just as it is used again, and nobody could
    tell whether the request arrived.

    ``timeout``: seconds for each step; ``cut`` bounds the whole. After ``latest``, seconds since 1970, nothing is
    sent.
    """

    def __init__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout: float,
        latest: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.sent: float | None = None
        """When the request was given to the connection; seconds since 1970."""
        self._method, self._headers, self._body = method, headers, body
        self._timeout, self._latest, self._clock = timeout, latest, clock
        self._cut = threading.Event()
        parts = urlsplit(url)
        self._secure, self._host = parts.scheme == "https", parts.hostname or ""
        self._port = parts.port or (443 if self._secure else 80)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._connection: http.client.HTTPConnection | None = None
        self._socket: socket.socket | None = None  # the connection forgets its own once an answer begins

    def cut(self) -> None:
        """End it now, from any thread: nothing is sent any more."""
        self._cut.set()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket's own: it takes the encryption away before it closes.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def run(self) -> Answer:
        """Blocks until there is an answer or none will come; never raises. Redirects are not followed."""
        try:
            answer = self._connect()
            for pause in PAUSES_S:
                if answer is None or answer.failure != "unreachable" or self._cut.wait(pause):
                    break
                answer = self._connect()
            # Here or in ``cut``: one of the two sees the other, so nothing leaves after a cut.
            if self._cut.is_set():
                return Answer(0, failure="cut")
            if self._clock() >= self._latest:
                return Answer(0, answer.text if answer else "it took too long to reach", failure="late")
            return answer or self._ask()
        finally:
            if self._connection is not None:
                self._connection.close()

    def _connect(self) -> Answer | None:
        """None when the connection stands."""
        if self._secure:
            self._connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=_trust()
            )
        else:
            self._connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        try:
            self._connection.connect()
            self._socket = self._connection.sock
        except ssl.SSLError as e:
            return Answer(0, e.reason or str(e), failure="untrusted")
        except (OSError, UnicodeError) as e:  # UnicodeError: a host name that no name service can hold
            return Answer(0, getattr(e, "strerror", None) or str(e), failure="unreachable")
        return None

    def _ask(self) -> Answer:
        connection = self._connection
        assert connection is not None
        try:
            self.sent = self._clock()
            connection.request(self._method, self._path, self._body, dict(self._headers))
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as e:
            return Answer(0, str(e) or type(e).__name__, failure="cut" if self._cut.is_set() else "broken")
        text = b""
        with response:
            if not 200 <= response.status < 300:
                with contextlib.suppress(OSError, http.client.HTTPException):  # its status says enough
                    text = response.read(READ_MOST)
        location = response.getheader("Location", "")
        return Answer(response.status, text.decode(errors="replace"), location)


@cache
def _trust() -> ssl.SSLContext:
    """The machine's certificates; reading them takes 20 ms."""
    return ssl.create_default_context()
