"""An embedded MQTT broker for machines without Mosquitto: amqtt, MQTT 3.1.1 only, for the demo only."""

import asyncio
import contextlib
import logging
import warnings
from collections.abc import Iterator
from typing import Any

from amqtt.broker import Broker
from amqtt.errors import AMQTTError

from gateway.errors import ServiceError


class _Stable(dict[str, Any]):
    """amqtt 0.12.1 awaits inside loops over its subscriptions; a client that subscribes meanwhile ended another
    client's session with "dictionary changed size during iteration"."""

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().__iter__()))

    def items(self) -> Any:
        return list(super().items())


class EmbeddedBroker:
    """amqtt on 127.0.0.1. About 1 700 messages a second: good for a demo, not for a venue."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def start(self) -> None:
        """Raises ``ServiceError`` when the port cannot be used."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its plugin loader warns of its own defaults
            self._broker = Broker(
                {
                    "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{self.port}"}},
                    "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
                }
            )
        self._broker._subscriptions = _Stable()
        logging.getLogger("amqtt").setLevel(logging.ERROR)
        try:
            await self._broker.start()
        except (AMQTTError, OSError) as e:
            raise ServiceError(f"the embedded broker cannot start on port {self.port}: {e}") from None

    async def stop(self) -> None:
        with contextlib.suppress(AMQTTError, OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._broker.shutdown()
