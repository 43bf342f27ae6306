"""The station ``mqtt``: publishes on topics that are not Stagewire's own."""

import time
from collections.abc import Callable

import msgspec

from gateway.drivers.base import Ending, Outcome
from gateway.drivers.boardless import Boardless, Refused
from gateway.drivers.delivery import AWAY, NOBODY, Publish, deliver
from gateway.messages import Command
from gateway.settings.outputs import topic_complaint


class MqttDriver(Boardless):
    """``gateway.drivers.base.Driver``. The action ``publish`` takes ``topic`` and ``payload``, and if wanted
    ``retain`` and ``qos`` (1 when left out). It is done when the broker has passed it on; at QoS 0, when sent.

    A message is never repeated: what it moves must not move later than asked for.
    """

    moves = True
    cut_off = "the emergency stop ended the wait for the broker's answer; what was sent cannot be called back"

    def __init__(self, station_id: str, publish: Publish, clock: Callable[[], float] = time.time) -> None:
        super().__init__(station_id, clock)
        self._publish_on = publish

    async def carry_out(self, command: Command, on_moved: Callable[[float], None]) -> Outcome:
        topic, payload, qos, retain = _wanted(command)
        sent = self._clock()
        if qos:
            code, trouble = await deliver(self._publish_on, topic, payload, retain=retain)
            if code == NOBODY and not retain:
                trouble = f"nobody listens on {topic} now: check the topic, and that the other side is on"
        else:
            taken = self._publish_on(topic, payload, qos=0, retain=retain)
            trouble = "" if taken else AWAY
        self._trouble("", trouble)
        ended = self._clock()
        if trouble:
            return Outcome(ending=Ending.FAILED, reason=trouble, kept_by="fault", sent=sent, ended=ended)
        on_moved(ended)
        return Outcome(ending=Ending.DONE, sent=sent, moved=ended, ended=ended)


def _wanted(command: Command) -> tuple[str, bytes, int, bool]:
    """Topic, payload, QoS, retain. Raises ``Refused``."""
    if command.action != "publish":
        raise Refused(f"there is no action {command.action!r}; known here: publish")
    if unknown := command.params.keys() - {"topic", "payload", "qos", "retain"}:
        raise Refused(f"{min(unknown)!r} is not a parameter; known here: topic, payload, retain, qos")
    topic, payload = command.params.get("topic"), command.params.get("payload")
    qos, retain = command.params.get("qos", 1), command.params.get("retain", False)
    if not isinstance(topic, str) or payload is None:
        raise Refused("say topic and payload")
    if words := topic_complaint(topic):
        raise Refused(f"topic {topic[:60]!r}: {words}")
    if qos not in (0, 1) or isinstance(qos, bool) or not isinstance(retain, bool):
        raise Refused("expected qos 0 or 1, and retain true or false")
    return topic, payload.encode() if isinstance(payload, str) else msgspec.json.encode(payload), int(qos), retain
