"""Requests over MQTT: ``gateway/<g>/request/<verb>``, each answered on ``response/<verb>``."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct

from gateway.errors import PayloadError, StagewireError
from gateway.messages import Request, Response, decode, encode
from gateway.messages.values import MessageId
from gateway.topics import Topics

log = logging.getLogger(__name__)

Answer = tuple[str, dict[str, Any]]
"""Why it was not done, in words (empty when it was), and the result."""
Handler = Callable[[Request], Answer | Awaitable[Answer]]

MOST_AT_ONCE = 20
"""Requests that wait for a disk; more are turned away, so that nobody can pile them up."""

FAILED: Answer = ("it failed, which is a fault of the gateway: its log has more", {})


class _Asked(Struct):
    """As much of a request as an answer needs."""

    transaction: MessageId


class Requests:
    """``add`` the handlers, each by its verb. One that has to wait for a disk holds up nobody else, and one that
    fails still answers."""

    def __init__(self, topics: Topics, gateway: str, publish: Callable[[str, bytes], object]) -> None:
        self._topics, self._gateway, self._publish = topics, gateway, publish
        self._handlers: dict[str, Handler] = {}
        self._waiting: set[asyncio.Task[None]] = set()

    def add(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers |= handlers

    def handle(self, verb: str, payload: bytes) -> None:
        """Raises ``PayloadError`` for what cannot be answered, since it names no transaction."""
        try:
            request: Request = decode(payload, Request)
        except PayloadError as e:
            self._answer(verb, decode(payload, _Asked).transaction, (f"not a request: {e}", {}))
            return
        handler = self._handlers.get(verb)
        if handler is None:
            known = ", ".join(sorted(self._handlers))
            self._answer(verb, request.transaction, (f"unknown request {verb!r}; known here: {known}", {}))
            return
        try:
            answer = handler(request)
        except StagewireError as e:
            answer = str(e), {}
        except Exception:  # a request's top: whoever asked has to hear of it
            log.exception("request %s", verb)
            answer = FAILED
        if isinstance(answer, tuple):
            self._answer(verb, request.transaction, answer)
        elif len(self._waiting) < MOST_AT_ONCE:
            task = asyncio.ensure_future(self._wait(verb, request.transaction, answer))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)
        else:
            if asyncio.iscoroutine(answer):
                answer.close()  # it has not begun
            self._answer(verb, request.transaction, ("too many requests at once; ask again in a moment", {}))

    async def _wait(self, verb: str, transaction: str, answer: Awaitable[Answer]) -> None:
        try:
            said = await answer
        except StagewireError as e:
            said = str(e), {}
        except Exception:  # a request's top
            log.exception("request %s", verb)
            said = FAILED
        self._answer(verb, transaction, said)

    async def close(self) -> None:
        """End those that still wait for a disk."""
        for task in list(self._waiting):
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)

    def _answer(self, verb: str, transaction: str, answer: Answer) -> None:
        error, result = answer
        response = Response(transaction=transaction, ok=not error, error=error, result=result)
        self._publish(self._topics.gateway_response(self._gateway, verb), encode(response))
