"""paho's client with the road of a message shortened, for who publishes hundreds of them a second.

paho keeps each message for a repetition and makes a dozen objects of each PUBACK, which it reads byte by byte:
three quarters of what an event costs the connector. Here a message is sent once, for a caller who repeats what
is not answered; all of one turn of the loop leave in one write; and what the socket has is read at once.
It rests on paho's insides: its version is pinned, and tests/bus holds it against a real broker.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode

READ_AHEAD = 4096
"""Bytes; what is read ahead is handled in one go, a dozen events or a thousand answers."""
_PUBLISH, _QOS1, _RETAIN = 0x30, 0x02, 0x01

OnAnswer = Callable[[int], None]
"""Called with the PUBACK's reason code: 0 or 16 (nobody subscribes) for success, from 128 on refused."""


class OnceClient(mqtt.Client):
    """``publish_once`` beside paho's own ``publish``; on one thread only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._once: dict[int, OnAnswer] = {}
        self._batch: object = None
        self._ahead = memoryview(b"")

    def publish_once(
        self, topic: str, payload: bytes, on_answer: OnAnswer | None = None, *, retain: bool = False
    ) -> bool:
        """Send now and not again, whatever becomes of the connection: at QoS 1, or at QoS 0 without ``on_answer``.

        False when too much is unanswered.
        """
        if len(self._once) >= self._max_queued_messages:
            return False
        name, header = _packed(topic), b"\0" if self._protocol == mqtt.MQTTv5 else b""
        if on_answer is not None:
            mid = self._mid_generate()
            header = mid.to_bytes(2, "big") + header
            self._once[mid] = on_answer
        packet = bytearray((_PUBLISH | (_QOS1 if on_answer is not None else 0) | (_RETAIN if retain else 0),))
        self._pack_remaining_length(packet, len(name) + len(header) + len(payload))
        packet += name + header + payload
        if self._out_packet and self._out_packet[-1] is self._batch:
            last = self._out_packet[-1]
            last["packet"] += packet
            last["to_process"] += len(packet)
        else:
            self._packet_queue(mqtt.PUBLISH, packet, 0, 1)
            self._batch = self._out_packet[-1]
        return True

    def begin_anew(self) -> None:
        """A new connection: what was not answered on the one before never will be."""
        self._once.clear()
        self._ahead = memoryview(b"")

    @property
    def has_read_ahead(self) -> bool:
        """There is more to handle than the socket knows of: ``loop_read`` once more."""
        return len(self._ahead) > 0

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        if self._once and self._in_packet["command"] == 0:
            with suppress(OSError):  # paho meets it too, and knows what to do
                self._ahead = self._ahead or memoryview(super()._sock_recv(READ_AHEAD))
            if self._ahead and self._take_answers():
                return MQTTErrorCode.MQTT_ERR_SUCCESS
        return super().loop_read(max_packets)

    def _take_answers(self) -> bool:
        """The PUBACKs at the beginning of what was read ahead, without paho; True when there was nothing else."""
        self._last_bytes_received = mqtt.time_func()
        ahead = self._ahead
        while len(ahead) >= 4 and ahead[0] == mqtt.PUBACK and 2 <= ahead[1] <= 4:
            end = 2 + ahead[1]
            if len(ahead) < end or (on_answer := self._once.pop(ahead[2] << 8 | ahead[3], None)) is None:
                break
            code = ahead[4] if end > 4 else 0
            self._ahead = ahead = ahead[end:]
            on_answer(code)
        return not ahead

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self._ahead:
            self._ahead = memoryview(super()._sock_recv(max(bufsize, READ_AHEAD)))
        data, self._ahead = bytes(self._ahead[:bufsize]), self._ahead[bufsize:]
        return data

    def _handle_pubackcomp(self, cmd: Literal["PUBACK", "PUBCOMP"]) -> MQTTErrorCode:
        packet = self._in_packet["packet"]
        if cmd == "PUBACK" and len(packet) >= 2:
            on_answer = self._once.pop(packet[0] << 8 | packet[1], None)
            if on_answer is not None:
                on_answer(packet[2] if len(packet) > 2 else 0)
                return MQTTErrorCode.MQTT_ERR_SUCCESS
        return super()._handle_pubackcomp(cmd)


@lru_cache(1024)
def _packed(topic: str) -> bytes:
    """A topic with its length, as a packet has it; a program has few, and each many times."""
    name = topic.encode()
    return len(name).to_bytes(2, "big") + name
