"""The station ``webhook``: calls other systems over HTTP."""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from gateway import __version__
from gateway.drivers.base import Ending, Outcome
from gateway.drivers.boardless import Boardless, Refused
from gateway.drivers.http_call import Answer, HttpCall
from gateway.errors import SettingsError
from gateway.messages import Command, seconds
from gateway.settings.expressions import Template, Value, compile_template
from gateway.settings.outputs import WEBHOOK_KINDS, Webhook, fit_for_json, read_headers, read_url
from gateway.settings.values import duration
from gateway.settings.yamlfile import did_you_mean

THREADS = 4
"""One call at a time is usual; a name service that hangs keeps a thread for a while longer."""
WORDS = 200
"""Characters of an answer that are repeated."""
SHORTEST_SECRET = 5
"""A shorter word of a header is none, and taking it out of an answer would hide what the answer says."""
GRACE_S = 1.0
"""A thread gives up this much later than its caller, who knows better what to say."""
_UNKNOWN = "whether it was carried out there is not known"


class WebhookDriver(Boardless):
    """``gateway.drivers.base.Driver``. Each command calls the webhook its action names, with ``params["body"]``,
    else the body of the settings, else WEBHOOK_KINDS as JSON. Any answer 2xx is done, and the time of ``moved``.

    What was sent is never sent again: only a connection that never came about is tried anew.
    """

    moves = True
    cut_off = "the emergency stop cut it off; if it had been sent already, it cannot be called back"

    def __init__(
        self,
        station_id: str,
        webhooks: Mapping[str, Webhook],
        base_dir: Path,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(station_id, clock)
        self._webhooks = webhooks
        self._bodies = {
            name: compile_template(hook.body, WEBHOOK_KINDS)
            for name, hook in webhooks.items()
            if hook.body is not None
        }
        self._base_dir = base_dir
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="webhook")

    async def carry_out(self, command: Command, on_moved: Callable[[float], None]) -> Outcome:
        hook = self._webhooks.get(command.action)
        if hook is None:
            raise Refused(f"there is no webhook {command.action!r}{did_you_mean(command.action, self._webhooks)}")
        body = _body(command, hook, self._bodies.get(command.action))
        try:
            url = read_url(hook, self._base_dir)
            secrets = read_headers(hook, self._base_dir)
        except SettingsError as e:
            return self._failed(command, f"{e}", None)
        headers = {
            "User-Agent": f"stagewire/{__version__}",
            **({} if body is None else {"Content-Type": hook.content_type}),
            **secrets,
            "Idempotency-Key": quote(command.id, safe=":/@+=#,~"),
            "Connection": "close",
        }
        patience, latest = duration(hook.timeout) + GRACE_S, seconds(command.expires_at)
        call = HttpCall(hook.method, url, headers, body, patience, latest, self._clock)
        answer = await self._answer(call, hook)
        if 200 <= answer.status < 300:
            now = self._clock()
            on_moved(now)
            self._trouble(command.action, "")
            return Outcome(ending=Ending.DONE, sent=call.sent, moved=now, ended=now)
        words = _words(answer, call, hook, url, secrets)
        if answer.failure == "late":
            return Outcome(ending=Ending.EXPIRED, reason=words, kept_by="offline", ended=self._clock())
        return self._failed(command, words, call.sent)

    async def _answer(self, call: HttpCall, hook: Webhook) -> Answer:
        """However this ends, the call does."""
        try:
            async with asyncio.timeout(duration(hook.timeout)):
                return await asyncio.get_running_loop().run_in_executor(self._threads, call.run)
        except TimeoutError:
            return Answer(0, failure="cut")
        finally:
            call.cut()

    def _failed(self, command: Command, words: str, sent: float | None) -> Outcome:
        self._trouble(command.action, f"{command.action}: {words}")
        return Outcome(ending=Ending.FAILED, reason=words, kept_by="fault", sent=sent, ended=self._clock())


def _body(command: Command, hook: Webhook, template: Template | None) -> bytes | None:
    if command.params.keys() - {"body"}:
        raise Refused("a webhook takes no parameter but body")
    body = command.params.get("body")
    if hook.method == "GET":
        if body is not None:
            raise Refused("GET has no body: use POST or PUT in the settings, or leave the body out")
        return None
    if body is not None:
        return body.encode() if isinstance(body, str) else msgspec.json.encode(body)
    known = _known(command)
    if template is None:
        return msgspec.json.encode(known)
    return template(fit_for_json(known) if "json" in hook.content_type else known).encode()


def _known(command: Command) -> dict[str, Value]:
    """The values of WEBHOOK_KINDS."""
    return {
        "id": command.id,
        "webhook": command.action,
        "rule": command.rule,
        "trigger": command.trigger,
        "account": command.account,
        "user": command.user,
        "value": command.value,
        "cause": command.cause,
        "received": command.received or "",
        "simulated": command.simulated,
    }


def _words(answer: Answer, call: HttpCall, hook: Webhook, url: str, secrets: Mapping[str, str]) -> str:
    """Why it is not done, for a person; no secret stands in it."""
    host = urlsplit(url).netloc
    match answer.failure:
        case "unreachable":
            return f"{host} cannot be reached: {answer.text}; nothing was sent"
        case "untrusted":
            return f"{host} cannot be trusted, so nothing was sent: {answer.text}"
        case "late":
            return f"{host} could not be reached before the deadline: {answer.text}; nothing was sent"
        case "broken":
            return f"{host} broke off without an answer; {_UNKNOWN}"
        case "cut" if call.sent is None:
            return f"{host} could not be reached within {hook.timeout}; nothing was sent"
        case "cut":
            return f"{host} did not answer within {hook.timeout}; {_UNKNOWN}"
        case None:
            pass
    said = _public(answer.text, hook, url, secrets)
    if 300 <= answer.status < 400:
        to = _public(urljoin(url, answer.location), hook, url, secrets)
        said = f"a redirect to {to}. It is not followed: write that address into the settings if it is right"
    return f"{host} answers {answer.status}: {said}".rstrip(": ")


def _public(text: str, hook: Webhook, url: str, secrets: Mapping[str, str]) -> str:
    """The beginning of what the other side said, in one line, without our secrets, should it repeat them."""
    hidden = {word for value in secrets.values() for word in (value, *value.split())}
    if hook.url_file is not None:
        hidden |= {urlsplit(url).path, urlsplit(url).query}
    for secret in sorted(hidden, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:WORDS]
