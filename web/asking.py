"""What the page asks of gateways, and their answers. The loop's own: no other thread comes here."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping

from flask_babel import lazy_gettext

from gateway.errors import BusError
from gateway.logs import PRESSED
from gateway.messages import Param, Request, Response, encode
from gateway.topics import Topics

log = logging.getLogger(__name__)

ANSWER_S = 2.0
"""How long a gateway has to answer a request; longer than any board needs, short for a thumb."""
Params = Mapping[str, Param]
_READS = ("diagnostics", "errors", "statistics", "trace")
"""Nothing changes by them, but what counts errors: the gateway tells of that."""
_LOOKS = ("get", "check", "history")
"""Of the rules and the settings: what changes nothing."""
_SAFE = {"arm": ("armed", (False,)), "queue": ("do", ("pause", "hold", "skip", "cancel"))}
"""Verb to the parameter, and the values of it, that make safe: all else may let something move."""


class Asking:
    """``publish`` is the bus's."""

    def __init__(self, topics: Topics, publish: Callable[..., bool]) -> None:
        self._topics, self._publish = topics, publish
        self._waiting: dict[str, asyncio.Future[Response]] = {}

    def take(self, answer: Response) -> None:
        """An answer that was heard; one to somebody else's request is nothing to us."""
        waiting = self._waiting.get(answer.transaction)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    async def ask(
        self,
        gateways: Iterable[str],
        verb: str,
        params: Params,
        by: str,
        text: str = "",
        patience: float = ANSWER_S,
    ) -> list[Response]:
        """The answers of ``gateways``, in their order. What may let something move is sent now or never (QoS 0).

        Raises ``BusError`` in words when it could not be sent, or one does not answer within ``patience`` seconds.
        """
        names = {g: f"{verb}-{secrets.token_hex(8)}" for g in gateways}
        answers = {g: asyncio.get_running_loop().create_future() for g in names}
        qos = 1 if makes_safe(verb, params) else 0
        try:
            sent = False
            for g, name in names.items():
                self._waiting[name] = answers[g]
                request = encode(Request(transaction=name, by=by, params=dict(params), text=text))
                sent |= self._publish(self._topics.gateway_request(g, verb), request, qos=qos)
            if not sent:
                raise BusError(lazy_gettext("the broker does not answer: nothing was sent"))
            looks = verb in _READS or (verb in ("config", "rules") and params.get("do") in _LOOKS)
            level = logging.DEBUG if looks else logging.WARNING
            log.log(level, "%s %s pressed by %s", verb, dict(params), by, extra=PRESSED)
            await asyncio.wait(answers.values(), timeout=patience)
        finally:
            for name in names.values():
                self._waiting.pop(name, None)
        silent = [g for g, answer in answers.items() if not answer.done()]
        if silent:
            raise BusError(
                lazy_gettext(
                    "gateway %(gateways)s did not answer within %(seconds)s s; look whether it was done",
                    gateways=", ".join(silent),
                    seconds=round(patience),
                )
            )
        return [answer.result() for answer in answers.values()]


def makes_safe(verb: str, params: Params) -> bool:
    """Whether a request can only keep machines still: worth sending again, however late it comes."""
    name, values = _SAFE.get(verb, ("", ()))
    return params.get(name) in values
