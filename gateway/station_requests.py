"""What a technician asks of a station over MQTT: does its board answer, does an output move, flash it."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from msgspec import UNSET

from gateway.dispatch.dispatcher import Dispatcher
from gateway.drivers.base import BoardDriver
from gateway.errors import PayloadError
from gateway.flashing import Flashing
from gateway.messages import Command, Param, Request, stamp
from gateway.requests import Answer, Handler
from gateway.settings.load import Config

log = logging.getLogger(__name__)

TEST_S = 2.0
"""A test moves now or not at all: whoever pressed may be reaching into the machine a moment later."""
TEST = "test"
"""What a test is called among actions."""
TEST_PARAMS = (
    "expected params: {station} to ask its board; {station, channel} and what station/<s>/info says of it to try "
    "an output, with dry_run: true only to hear what would happen; that also of an action: {station, action}"
)
FLASH_PARAMS = "expected params: {station, do: begin, state or cancel}, and board: uno, nano, nano-old or mega"


class StationRequests:
    """``ordered`` takes a command that no rule made."""

    def __init__(
        self,
        config: Config,
        boards: Mapping[str, BoardDriver],
        dispatcher: Dispatcher,
        ordered: Callable[[Command], None],
        clock: Callable[[], float],
    ) -> None:
        self._boards, self._dispatcher, self._ordered, self._clock = boards, dispatcher, ordered, clock
        self._flashing = Flashing(config, boards, lambda: dispatcher.armed)

    def busy(self) -> str:
        """Why machines may not be armed now and the gateway may not end, in words: a board is being written."""
        return self._flashing.busy

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {"test": self._test, "flash": self._flash}

    async def close(self) -> None:
        """End what is under way."""
        await self._flashing.close()

    def _board(self, station: str) -> BoardDriver:
        if station not in self._boards:
            raise PayloadError(
                f"there is no station {station!r} here; there are {', '.join(self._boards) or 'none'}"
            )
        return self._boards[station]

    def _test(self, request: Request) -> Answer | Awaitable[Answer]:
        match request.params:
            case {"dry_run": look} if not isinstance(look, bool):  # whoever writes "true" wants nothing to move
                return "dry_run: expected true or false, without quotes; nothing moved", {}
            case {"station": str(station)} if len(request.params) == 1:
                return self._ping(station)
            case {"station": str(station), "channel": str(channel), **more} if channel and "action" not in more:
                return self._try(request, station, TEST, channel, more)
            case {"station": str(station), "action": str(action), "dry_run": True, **more}:
                return self._try(request, station, action, "", more)
            case {"station": str(station), "action": str(), **more} if "channel" not in more:
                return f"order an action on station/{station}/command; with dry_run: true it is explained", {}
        return TEST_PARAMS, {}

    async def _ping(self, station: str) -> Answer:
        taken = await self._board(station).ping()
        return "", {"round_trip_ms": round(1000 * taken, 1)}

    def _try(self, request: Request, station: str, action: str, channel: str, params: dict[str, Param]) -> Answer:
        dry_run = params.pop("dry_run", False) is True or not channel
        command = Command(
            # The same request twice is one test; a rule's commands have a "/" in their ids, and nothing else has.
            id=f"{TEST}-{request.transaction}".replace("/", "-")[:200],
            station=station,
            action=action,
            channel=channel or UNSET,
            params=params,
            cause=f"test by {request.by or 'somebody'}",
            user=request.by,
            expires_at=stamp(self._clock() + TEST_S),
        )
        would = self._board(station).explain(command)
        but = self._dispatcher.obstacle(command)
        if dry_run:
            return "", {"would": would, "but": but}
        if but:
            return but, {}
        log.warning("%s: test of channel %s by %s: %s", station, channel, request.by or "somebody", would)
        self._ordered(command)
        return "", {"command": command.id, "would": would}

    def _flash(self, request: Request) -> Answer:
        match request.params:
            case {"station": str(station), "do": "begin", **more} if more.keys() <= {"board"}:
                self._board(station)
                self._flashing.begin(station, str(more.get("board", "")), request.by)
            case {"station": str(station), "do": "cancel"}:
                self._flashing.cancel(station)
            case {"station": str(station), "do": "state"}:
                self._board(station)
            case _:
                return FLASH_PARAMS, {}
        return "", self._flashing.state(station)
