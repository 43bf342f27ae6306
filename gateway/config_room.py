"""The settings' file in the gateway: what is asked of it over MQTT, and the restart that brings it into force."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import to_builtins
from msgspec.json import encode

from gateway.errors import SettingsError, StorageError
from gateway.logs import PRESSED
from gateway.messages import Param, Request, first_that_fit
from gateway.requests import Answer, Handler
from gateway.rulebook.history import History, Version, fingerprint
from gateway.rulebook.requests import LONGEST_TEXT, mistakes_in_words
from gateway.settings.load import Config
from gateway.settings.models import Settings
from gateway.settings.saving import overwrite, read_text, save
from gateway.settings.settings_text import Checked, check_text, no_secret, restarts
from gateway.text import clean

log = logging.getLogger(__name__)

LITTLE, MUCH = 2000, 20_000
"""Bytes of mistakes in an answer, beside a file and without one: see ``gateway.messages.MAX_PAYLOAD``."""
ANSWER_S = 0.2
"""Seconds between the answer to `restart` and the end, so that it is sent."""
CONFIG_PARAMS = (
    "expected params: {do: get, check, apply, rollback or history}; {version} with get, {fingerprint} and the "
    "file's text with apply"
)
RESTART_PARAMS = "expected params: {do: check, which changes nothing, or now}"


class ConfigRoom:
    """``handlers`` answer requests; ``load`` once, before. ``restart`` is set when somebody asked for it, the file
    allows it, and nothing is ``busy``, which says in words what."""

    def __init__(self, config: Config, clock: Callable[[], float], busy: Callable[[], str]) -> None:
        self._in_force, self._busy = config.settings, busy
        self._path = config.base_dir / config.file
        self._history = History(config.base_dir / config.settings.gateway.data / "settings", clock, "the settings")
        self._lock = asyncio.Lock()
        self.restart = asyncio.Event()
        self.handlers: dict[str, Handler] = {"config": self._config, "restart": self._restart}

    def load(self) -> None:
        """The file with which the gateway starts is a version to come back to."""
        try:
            text = read_text(self._path)
        except SettingsError as e:
            log.warning("%s", e)
            return
        if text is not None:
            self._keep(text)

    async def _config(self, request: Request) -> Answer:
        async with self._lock:
            try:
                return await asyncio.to_thread(self._answer, request.params, request.text, request.by)
            except (SettingsError, StorageError) as e:
                return mistakes_in_words(str(e).splitlines()), {}

    async def _restart(self, request: Request) -> Answer:
        if request.params.get("do") not in ("check", "now"):
            return RESTART_PARAMS, {}
        checked = await asyncio.to_thread(lambda: check_text(self._text(), self._path))
        if checked.settings is None:
            words = mistakes_in_words([flaw.text for flaw in checked.mistakes])
            return f"with these settings it would not start again: mend them first\n{words}", {}
        if request.params["do"] == "now":
            if busy := self._busy():
                return busy, {}
            log.warning("restart by %s", clean(request.by, 100) or "somebody", extra=PRESSED)
            asyncio.get_running_loop().call_later(ANSWER_S, self.restart.set)
        return "", {"restart": restarts(self._in_force, checked.settings)}

    # -- on a thread, one at a time ----------------------------------------------------------------------------

    def _answer(self, params: Mapping[str, Param], text: str, by: str) -> Answer:
        match params:
            case {"do": "get", "version": str(name)}:
                return "", {"text": self._shown(self._history.text(name))}
            case {"do": "get"}:
                return self._get()
            case {"do": "check"}:
                return "", self._said(check_text(text, self._path))
            case {"do": "apply", "fingerprint": str(was)}:
                return self._apply(text, was, by)
            case {"do": "rollback"}:
                return self._rollback(by)
            case {"do": "history"}:
                return "", {
                    "versions": to_builtins(self._history.versions()),
                    "in_force": to_builtins(self._history.in_force),
                    "previous": to_builtins(self._history.previous),
                }
        return CONFIG_PARAMS, {}

    def _get(self) -> Answer:
        text = self._shown(self._text())
        return "", {
            "text": text,
            "file": self._path.name,
            "fingerprint": fingerprint(text),
            "previous": self._previous(text) is not None,
            **self._said(check_text(text, self._path), LITTLE),
        }

    def _apply(self, text: str, was: str, by: str) -> Answer:
        found = read_text(self._path)
        if fingerprint(found or "") != was:
            return (
                f"{self._path.name} was changed since you read it: get it again, then make your change in that",
                {"fingerprint": fingerprint(found or "")},
            )
        checked = check_text(no_secret(text, self._path.name), self._path)
        if checked.settings is None:
            return mistakes_in_words([flaw.text for flaw in checked.mistakes]), self._said(checked)
        if words := self._foreign_command(checked.settings, found or ""):
            return words, {}
        if text != found:
            if found and check_text(found, self._path).settings is not None:
                self._keep(found)  # of whoever edited it by hand: a roll back brings it again
            save(self._path, text, found)
            log.warning("%s was changed by %s", self._path.name, clean(by, 100) or "somebody", extra=PRESSED)
        self._keep(text)
        return "", {"fingerprint": fingerprint(text), **self._said(checked)}

    def _foreign_command(self, new: Settings, found: str) -> str:
        """Why these settings come from nobody far away: a command line runs with the gateway's rights."""
        there = check_text(found, self._path).settings
        if new.sound_player in (None, self._in_force.sound_player, there and there.sound_player):
            return ""
        return (
            f"{self._path.name}: sound_player: a command line is changed in the file itself, on the gateway's "
            "machine; leave it as it is here"
        )

    def _rollback(self, by: str) -> Answer:
        replaced = read_text(self._path) or ""
        version = self._previous(replaced)
        if version is None:
            return "there is no version of the settings before this one", {}
        text = self._history.text(version.name)
        checked = check_text(text, self._path)
        if checked.settings is None:
            words = mistakes_in_words([flaw.text for flaw in checked.mistakes])
            return f"the version before this one cannot be used any more:\n{words}", self._said(checked)
        if version == self._history.in_force:
            self._history.keep(replaced.encode(), refused=True)
        overwrite(self._path, text)
        self._history.back(version)
        who = clean(by, 100) or "somebody"
        log.warning("%s was rolled back by %s to %s", self._path.name, who, version.name, extra=PRESSED)
        return "", {"fingerprint": fingerprint(text), **self._said(checked)}

    def _previous(self, text: str) -> Version | None:
        """What a roll back brings: of a file that was never applied, nor begun with, what was before that."""
        last = self._history.in_force
        return last if last is not None and last.fingerprint != fingerprint(text) else self._history.previous

    def _keep(self, text: str) -> None:
        last = self._history.in_force
        if last is None or last.fingerprint != fingerprint(text):
            self._history.keep(text.encode())

    def _text(self) -> str:
        text = read_text(self._path)
        if text is None:
            raise SettingsError([f"{self._path} is gone: a roll back writes it again"])
        return text

    def _shown(self, text: str) -> str:
        """Raises ``SettingsError`` for a text that nobody is shown, or that fits into no message."""
        if len(encode(text)) > LONGEST_TEXT:
            words = f"is longer than {LONGEST_TEXT} characters: edit it on the gateway's machine"
            raise SettingsError([f"{self._path.name} {words}"])
        return no_secret(text, self._path.name)

    def _said(self, checked: Checked, room: int = MUCH) -> dict[str, Any]:
        """``restart``: what does not have these settings yet; None while they cannot be used. ``rules``: mistakes
        that the rules have under them. Of mistakes the first that have ``room``, in bytes."""
        restart = None if checked.settings is None else restarts(self._in_force, checked.settings)
        return {
            "mistakes": to_builtins(first_that_fit(checked.mistakes, room)),
            "rules": first_that_fit(checked.rules, room),
            "restart": restart,
        }
