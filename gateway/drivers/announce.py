"""The station ``announce``: a line for the page and for overlays on the stream."""

import time
from collections.abc import Callable

from gateway.drivers.base import Ending, Outcome
from gateway.drivers.boardless import Boardless, Refused
from gateway.drivers.delivery import Publish, deliver
from gateway.messages import Announcement, Command, encode, stamp


class AnnounceDriver(Boardless):
    """``gateway.drivers.base.Driver``. The action ``say`` publishes ``params["text"]`` as an ``Announcement`` on
    ``topic``, not retained: who comes later does not hear it. It is done when the broker has it."""

    def __init__(
        self, station_id: str, topic: str, publish: Publish, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(station_id, clock)
        self._topic = topic
        self._publish_on = publish

    async def carry_out(self, command: Command, on_moved: Callable[[float], None]) -> Outcome:
        text = command.params.get("text")
        if command.action != "say" or not isinstance(text, str) or len(command.params) != 1:
            raise Refused("announce knows the action say, which takes text and nothing else")
        if not text.strip():
            raise Refused("there is nothing to say: the text is empty")
        sent = self._clock()
        said = Announcement(
            text=text,
            user=command.user,
            rule=command.rule,
            cause=command.cause,
            time=stamp(sent),
            simulated=command.simulated,
        )
        _, trouble = await deliver(self._publish_on, self._topic, encode(said))
        self._trouble("", trouble)
        ended = self._clock()
        if trouble:
            return Outcome(ending=Ending.FAILED, reason=trouble, kept_by="fault", sent=sent, ended=ended)
        on_moved(ended)
        return Outcome(ending=Ending.DONE, sent=sent, moved=ended, ended=ended)
