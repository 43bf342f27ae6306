"""Which port to try for a board, and how long to wait before the next try."""

import asyncio
import contextlib
import random
from pathlib import Path

from gateway.drivers.arduino import words
from gateway.drivers.arduino.ports import Finder
from gateway.drivers.arduino.wire import Hello
from gateway.errors import DriverError
from gateway.settings.models import Board

LOOK_S = 0.2
"""How often we look whether a port has come back."""
BACKOFF_S = (0.2, 5.0)
"""Shortest and longest wait before a port that failed is opened again; doubles, with jitter."""

SEARCH_S = 15.0
"""A search among several ports complains after this long; ten boards are told apart in half of it."""


class Search:
    """The search for one board; every port in its turn, each failure making it more patient."""

    def __init__(self, board: Board, finder: Finder) -> None:
        self._board = board
        self._finder = finder
        self._known: set[str] = set()  # ports that were there when we looked last
        self._nameless = ""  # where a board without an id answered
        self._turn = 0
        self._began: float | None = None
        self._several = False  # ports to try, since the search began
        self._tried = ""
        self._failures: dict[str, str] = {}  # port -> what was wrong there
        self._wait = BACKOFF_S[0]

    async def port(self) -> str:
        """A port worth opening now. Raises ``DriverError``, which says why there is none."""
        ports = await self._finder.find(self._board)
        if not set(ports) <= self._known:
            self._wait = BACKOFF_S[0]
        self._known = set(ports)
        self._several |= len(ports) > 1
        if self._began is None:
            self._began = asyncio.get_running_loop().time()
        if not ports:
            there = Path(self._nameless).exists()  # noqa: ASYNC240 - /dev is memory
            raise DriverError(words.missing(self._board, self._nameless if there else ""))
        if self._board.serial_number is not None and len(ports) > 1:  # whose is whose?
            self._known = set()
            raise DriverError(words.twins(self._board, ports))
        self._tried = ports[self._turn % len(ports)]
        return self._tried

    def check(self, port: str, hello: Hello) -> None:
        """Raises ``DriverError`` when what answered on ``port`` is not the board."""
        self._finder.saw(port, hello.board_id)
        if self._board.id in (None, hello.board_id):
            return
        if not hello.board_id:
            self._nameless = port
        raise DriverError(words.wrong_board(hello, port, str(self._board.id)))

    def lent(self, port: str) -> contextlib.AbstractContextManager[None]:
        """No station opens ``port`` while this lasts, nor, where that is not known, the one of the settings."""
        device = port or self._board.port
        return self._finder.lent(device) if device else contextlib.nullcontext()

    def failed(self, why: str) -> str:
        """What to say of it. Of one port among others nothing at first: every station looks at each of them."""
        loop = asyncio.get_running_loop()
        if not self._several or not self._known:
            return why
        self._failures[self._tried] = why
        if self._began is None or loop.time() - self._began < SEARCH_S:
            return ""
        return "; ".join(self._failures[port] for port in sorted(self._failures.keys() & self._known)) or why

    async def pause(self, *, worked: bool) -> None:
        """Wait before the next try, but no longer than until a port appears that was not there.

        ``worked``: the board was found since the last time; the search begins anew.
        """
        if worked:
            self._turn, self._wait = 0, BACKOFF_S[0]
            self._began, self._several = None, False
            self._failures.clear()
        elif self._known:
            self._turn += 1
        wait = self._wait * random.uniform(0.5, 1.5) if self._known else LOOK_S
        if self._known:
            self._wait = min(2 * self._wait, BACKOFF_S[1])
        loop = asyncio.get_running_loop()
        end = loop.time() + wait
        while (left := end - loop.time()) > 0:
            await asyncio.sleep(min(left, LOOK_S))
            try:
                there = set(await self._finder.find(self._board))
            except DriverError:
                continue  # it will be said at the next try
            if not there <= self._known:
                break
            self._known = there
