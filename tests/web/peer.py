"""The test in the gateway's place: a client of the same broker, and ways to wait."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from gateway.bus import Bus, Message
from gateway.messages import Request, Response, decode, encode
from gateway.settings.models import Broker
from gateway.topics import Topics
from web.source import Source

VENUE = "hall"
T = Topics(VENUE)
PATIENCE = 10.0


def until(found: Callable[[], Any], what: str, timeout: float = PATIENCE) -> Any:
    """Wait for a true answer, and give it."""
    give_up = time.monotonic() + timeout
    while time.monotonic() < give_up:
        if answer := found():
            return answer
        time.sleep(0.005)
    raise AssertionError(f"waited {timeout} s in vain: {what}")


def rows(source: Source) -> dict[str, dict[str, Any]]:
    """Everything the page would be told, without what is no more."""
    told = msgspec.json.decode(source.rows.changes(0)[1])["rows"]
    return {kind: {n: r for n, r in of.items() if r is not None} for kind, of in told.items()}


class Peer:
    """Another client of the broker, in the gateway's place: publishes, and remembers what was sent."""

    def __init__(self, broker: Broker, name: str = "peer") -> None:
        self.heard: list[Message] = []
        self._given: dict[str, int] = {}
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._broker, self._name = broker, name
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENCE)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _serve(self) -> None:
        self._bus = Bus(self._broker, self._name, on_message=self._take, on_state=self._on_state)
        for topic in (T.estop_trip, T.estop_reset, T.mode, T.gateway_request("+", "+"), T.station_command("+")):
            self._bus.subscribe(topic)
        self._task = asyncio.create_task(self._bus.run())
        await asyncio.wait([self._task])

    def _on_state(self, connected: bool, _words: str) -> None:
        if connected:
            self._ready.set()

    def _take(self, message: Message) -> None:
        self.heard.append(message)

    @property
    def connected(self) -> bool:
        return self._bus.connected

    def say(self, topic: str, body: msgspec.Struct | bytes, retain: bool = True) -> None:
        """Publish; the test fails when the broker does not take it."""
        payload = body if isinstance(body, bytes) else encode(body)

        async def publish() -> bool:
            return self._bus.publish(topic, payload, qos=1, retain=retain)

        assert asyncio.run_coroutine_threadsafe(publish(), self._loop).result(5)

    def of(self, topic: str) -> list[Message]:
        """The non-empty messages heard on this topic."""
        return [m for m in self.heard if m.topic == topic and m.payload]

    def asked(self, verb: str, gateway: str = "pi-1") -> Request:
        """The next request with this verb that was not given yet; waits for it."""
        topic = T.gateway_request(gateway, verb)
        n = self._given.get(topic, 0)
        self._given[topic] = n + 1
        request: Request = decode(until(lambda: self.of(topic)[n:], f"a request {verb}")[0].payload, Request)
        return request

    def answer(self, verb: str, request: Request, error: str = "", gateway: str = "pi-1", **result: Any) -> None:
        """As the gateway would: done, or in words why not."""
        answer = Response(transaction=request.transaction, ok=not error, error=error, result=result)
        self.say(T.gateway_response(gateway, verb), answer, retain=False)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(PATIENCE)
