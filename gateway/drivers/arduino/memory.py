"""Whether a board still knows the commands it was given before it went away."""

import asyncio

from gateway.drivers.arduino import wire
from gateway.drivers.arduino.connection import Connection

SAME_RUN_S = 0.05
"""A board whose clock is no further off than this has run on since it was last heard: ten seconds of drift."""

_HARMLESS = frozenset({wire.Boot.RESET_PIN, wire.Boot.WATCHDOG})


class Worked:
    """The session in which a board last worked."""

    def __init__(self, connection: Connection, hello: wire.Hello) -> None:
        self._connection = connection
        self._clock = connection.clock
        self._hello = hello

    def remembered_by(self, connection: Connection, hello: wire.Hello) -> bool:
        """Whether the board that answers now surely still has the ids of then.

        A board counts the resets that spared its memory, and begins at 0 when it lost power. So: the port was
        held all the time, and either the count went up by one or the board's clock simply ran on. Only a reset
        that has nothing to do with the supply counts: one that bounces takes the memory first, and is a reset
        after that.
        """
        before = self._hello
        if connection is not self._connection or hello.board_id != before.board_id:
            return False
        if hello.boots != before.boots:
            return hello.boots == before.boots + 1 and hello.boot in _HARMLESS
        now = asyncio.get_running_loop().time()
        now_ms = connection.clock.board_ms(now)
        return abs(self._clock.at(now_ms, now + SAME_RUN_S) - now) < SAME_RUN_S
