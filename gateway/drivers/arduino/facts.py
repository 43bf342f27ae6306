"""What is known of the board behind a station, beyond whether it works: as it was last said."""

import time

from msgspec import structs

from gateway.drivers.arduino import wire, words
from gateway.drivers.arduino.connection import Connection
from gateway.drivers.arduino.waits import Waits
from gateway.drivers.base import Input
from gateway.messages import ChannelWear, InputState, StationBoard, stamp


class Facts:
    """One station's. ``told`` gives them all."""

    def __init__(self, station: str) -> None:
        now = stamp(time.time())
        self._board = StationBoard(station=station, counted_since=now)
        self._inputs: dict[str, InputState] = {}

    def met(self, hello: wire.Hello, port: str) -> None:
        """A session began. Another board, or one that started anew, counts anew."""
        old = self._board
        if (old.id, old.boots) != (hello.board_id, hello.boots):
            old = StationBoard(station=old.station, counted_since=old.counted_since)
            self._inputs.clear()
        self._board = structs.replace(
            old,
            id=hello.board_id,
            kind=words.kind(hello),
            port=port,
            firmware=words.firmware(hello),
            boot=words.boot(hello),
            boots=hello.boots,
        )

    def counted(self, stats: wire.Stats, connection: Connection) -> None:
        """The board's counts came; the link has ours."""
        link, round_trip = connection.link, connection.clock.round_trip
        self._board = structs.replace(
            self._board,
            started=stamp(round(time.time() - stats.uptime_ms / 1000)),
            boots=stats.boots,
            frames=stats.frames + link.frames,
            damaged=stats.bad_frames + link.bad,
            repeats=stats.repeats + link.repeats,
            lost_bytes=stats.lost_bytes,
            round_trip_ms=None if round_trip is None else round(1000 * round_trip, 1),
            loop_max_us=stats.loop_max_us,
            free_ram=stats.free_ram,
        )

    def changed(self, change: Input) -> None:
        """An input."""
        self._inputs[change.channel] = InputState(level=change.level, count=change.count, since=stamp(change.at))

    def told(self, waits: Waits, now: float) -> StationBoard:
        """``now``: on the loop's clock."""
        wear = {
            name: ChannelWear(cycles=w.cycles, on_seconds=round(w.on_s, 1), duty=_rounded(waits.duty(name, now)))
            for name, w in waits.wear.items()
        }
        return structs.replace(self._board, wear=wear, inputs=dict(self._inputs))


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 3)
