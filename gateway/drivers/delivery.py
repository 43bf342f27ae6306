"""One MQTT message, once, and what the broker says to it."""

import asyncio
from collections.abc import Callable
from typing import Protocol

ANSWER_S = 5.0
"""How long the broker has for its answer; it takes a millisecond when all is well."""
NOBODY = 16
REFUSED = 128
"""MQTT 5's reason codes: nobody subscribes to this topic; and from here on, the broker does not take it."""
AWAY = "the broker is away, or too much waits for it; nothing was sent"


class Publish(Protocol):
    """``gateway.bus.Bus.publish``: False when the broker is away or too far behind. ``on_answer`` hears the reason
    code of the broker's answer, and nothing when the connection breaks before."""

    def __call__(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        on_answer: Callable[[int], None] | None = None,
    ) -> bool: ...


async def deliver(publish: Publish, topic: str, payload: bytes, *, retain: bool = False) -> tuple[int, str]:
    """Publish once at QoS 1, never again: the broker's reason code, and in words what went wrong."""
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def answered(code: int) -> None:
        if not answer.done():
            answer.set_result(code)

    if not publish(topic, payload, qos=1, retain=retain, on_answer=answered):
        return REFUSED, AWAY
    try:
        async with asyncio.timeout(ANSWER_S):
            code = await answer
    except TimeoutError:
        return REFUSED, f"the broker has not answered within {ANSWER_S:g} s; whether it was delivered is not known"
    if code >= REFUSED:
        return code, f"the broker does not let the gateway publish on {topic}: look at its ACL"
    return code, ""
