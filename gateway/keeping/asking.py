"""Asking a gateway that runs, over MQTT, and waiting for its answer."""

import asyncio
import secrets
from typing import Any

from gateway.bus import Bus, Message
from gateway.errors import BusError, PayloadError, ServiceError
from gateway.messages import Param, Request, Response, decode, encode
from gateway.settings.load import Config
from gateway.topics import Topics

CONNECT_S = 10.0
"""Seconds until a broker that does not answer is given up."""


async def ask(config: Config, verb: str, params: dict[str, Param], patience: float) -> dict[str, Any]:
    """The request's result. Raises ``BusError`` when the broker cannot be reached or nobody answers within
    ``patience`` seconds, ``ServiceError`` with the gateway's own words when it says no."""
    settings, loop = config.settings, asyncio.get_running_loop()
    topics, gateway = Topics(settings.venue), settings.gateway.id
    transaction, answer = f"cli-{secrets.token_hex(8)}", loop.create_future()
    connected, trouble = asyncio.Event(), ""

    def on_message(message: Message) -> None:
        try:
            response: Response = decode(message.payload, Response)
        except PayloadError:
            return
        if response.transaction == transaction and not answer.done():
            answer.set_result(response)

    def on_state(up: bool, words: str) -> None:
        nonlocal trouble
        trouble = words
        if up:
            connected.set()

    bus = Bus(
        settings.broker,
        f"stagewire-{settings.venue}-{transaction}",
        on_message=on_message,
        on_state=on_state,
        base_dir=config.base_dir,
    )
    bus.subscribe(topics.gateway_response(gateway, verb))
    running = asyncio.create_task(bus.run())
    try:
        try:
            async with asyncio.timeout(CONNECT_S):
                await connected.wait()
        except TimeoutError:
            raise BusError(
                f"the gateway runs, and is asked over the broker, but that cannot be reached: {trouble}; "
                "or stop the gateway, then try again"
            ) from None
        request = Request(transaction=transaction, by="stagewire", params=params)
        bus.publish(topics.gateway_request(gateway, verb), encode(request))
        try:
            async with asyncio.timeout(patience):
                response = await answer
        except TimeoutError:
            raise BusError(
                f"no gateway called {gateway!r} answered on the broker within {patience:.0f} s; "
                "it may be at work still: its log says so"
            ) from None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    if not response.ok:
        raise ServiceError(response.error)
    return dict(response.result)
