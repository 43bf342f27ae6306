"""The live set of rules: what the file says, checked, swapped as a whole, and never lost."""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gateway.errors import SettingsError, StorageError
from gateway.messages import Param
from gateway.rulebook.changes import Changes, changes
from gateway.rulebook.history import History, Version, fingerprint
from gateway.rulebook.requests import answer
from gateway.settings.load import Rules, parse_rules
from gateway.settings.models import Settings
from gateway.settings.saving import overwrite, read_text, save
from gateway.settings.templates import own_templates
from gateway.text import clean

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""The files are looked at this often."""
QUIET_S = 1.0
"""A file that changed is read once it has stood for so long: editors write in several goes."""
_WHERE = re.compile(r"^.*?:\d+: |\bline \d+")
"""Where a mistake stands; the same one may stand elsewhere after an edit."""

Edit = Callable[[str], str]
Stamp = tuple[int, int, int]
Stamps = dict[Path, Stamp | None]
_UNKNOWN: Stamp = (-1, -1, -1)
"""Of a file that was just written: the next look compares what it says."""


class Rulebook:
    """Everything is done one after the other, so no two edits lose one another, and with the files on a thread of
    its own. ``prepare`` is called there with each new set, and then ``on_change`` on the loop, before it is
    ``current``.

    ``by`` is who did it, for the log. Methods that give a list give mistakes in words: with any of them nothing
    was changed.
    """

    def __init__(
        self,
        settings: Settings,
        base_dir: Path,
        data: Path,
        on_change: Callable[[Rules], None] = lambda rules: None,
        clock: Callable[[], float] = time.time,
        prepare: Callable[[Rules], None] = lambda rules: None,
    ) -> None:
        self._settings, self._base_dir = settings, base_dir
        self._on_change, self._prepare = on_change, prepare
        self._path = base_dir / settings.rules_file
        self._history = History(data / "rules", clock)
        self._lock = asyncio.Lock()
        self._seen: tuple[Stamp | None, str | None] = (None, None)
        self._seen_games: Stamps = {}
        self.current = Rules()
        """The set in force. Its text is the file's, unless ``trouble`` says why not."""
        self.trouble: list[str] = []
        """Why the file as it stands is not in force; empty when it is."""
        self.last = Changes()
        """What the last new set changed."""

    @property
    def previous(self) -> Version | None:
        """The version before the one in force: what a roll back brings."""
        last = self._history.in_force
        if last is not None and last.fingerprint != fingerprint(self.current.text):
            return last  # the one in force could not be kept
        return self._history.previous

    def load(self) -> Rules:
        """The file at the start of the gateway. When it cannot be read as a whole, the set that was last in force
        stays in force, and ``trouble`` says why."""
        try:
            self.current = self._reload()
        except SettingsError:
            last = self._history.in_force
            with suppress(StorageError):  # which would leave no rules
                self.current = self._parse(self._history.text(last.name) if last else "")
        _log_mistakes(self.trouble + self.current.mistakes)
        return self.current

    async def check(self, text: str) -> list[str]:
        """Every mistake of a text, as if it were the file."""
        return (await asyncio.to_thread(self._parse, text)).mistakes

    async def apply(self, text: str, by: str, was: str | None = None) -> list[str]:
        """Make this text the file. ``was``: the fingerprint of the one it was made from; without it, that of the
        set in force. A mistake that the file had before does not stop it."""

        def whole(old: str) -> str:
            if fingerprint(old) != (was or fingerprint(self.current.text)):
                words = "was changed since you read it: get it again, then make your change in that"
                raise SettingsError([f"{self._path.name} {words}"])
            return text

        return await self.edit(whole, by)

    async def edit(self, edit: Edit, by: str) -> list[str]:
        """Change the text of the file as it stands, and apply it as ``apply`` does."""
        return await self._swap(lambda: self._edit(edit), by)

    async def reload(self, by: str) -> list[str]:
        """The file as it stands; rules with mistakes are kept apart in it. One that cannot be read as a whole
        changes nothing."""
        return await self._swap(self._reload, by)

    async def rollback(self, by: str) -> list[str]:
        """The version before the one in force is the file again, and once more the one before that. A file that
        never came into force is undone first. What is replaced stays in the history."""
        return await self._swap(self._back, by)

    def changed_on_disk(self) -> bool:
        """Whether the file says something else than when it was last read or written here, or one of the venue's
        own games was changed."""
        if self._games() != self._seen_games:
            return True
        stamp = _stamp(self._path)
        if stamp == self._seen[0]:
            return False
        with suppress(SettingsError):
            if stamp is not None and read_text(self._path) == self._seen[1]:
                self._seen = (stamp, self._seen[1])
                return False
        return True

    async def follow(self, look: float = LOOK_S, quiet: float = QUIET_S) -> None:
        """Reload whenever somebody changed the file or a game, until cancelled."""
        while True:
            await asyncio.sleep(look)
            async with self._lock:
                if not await asyncio.to_thread(self.changed_on_disk):
                    continue
            before = await asyncio.to_thread(self._stamps)
            await asyncio.sleep(quiet)
            if await asyncio.to_thread(self._stamps) == before:
                await self.reload(f"a change of {self._path.name} or of a game")

    async def request(self, params: Mapping[str, Param], text: str, by: str) -> tuple[str, dict[str, Any]]:
        """What a client asks for on ``request/rules``: (why not, in words, or "", result)."""
        return await answer(self, params, text, by)

    async def text(self) -> str:
        """What stands in the file. Raises ``SettingsError``."""
        return await asyncio.to_thread(read_text, self._path) or ""

    async def version(self, name: str) -> str:
        """The text of a version of the history. Raises ``StorageError``."""
        return await asyncio.to_thread(self._history.text, name)

    async def versions(self) -> list[Version]:
        """All that are kept, the newest first."""
        return await asyncio.to_thread(self._history.versions)

    @property
    def in_force(self) -> Version | None:
        """The version that is in force."""
        return self._history.in_force

    async def _swap(self, work: Callable[[], Rules], by: str) -> list[str]:
        async with self._lock:
            try:
                rules = await asyncio.to_thread(work)
            except SettingsError as e:
                return e.mistakes
            old = self.current
            if rules is not old:
                await asyncio.to_thread(self._prepare, rules)
                self._on_change(rules)
            self.current, self.last, self.trouble = rules, changes(old, rules), []
        log.info(
            "the rules of %s are in force, by %s: %s", self._path.name, clean(by, 100) or "somebody", self.last
        )
        _log_mistakes(rules.mistakes)
        return []

    # -- on a thread, one at a time --------------------------------------------------------------------------

    def _edit(self, edit: Edit) -> Rules:
        found = self._read()
        old = found or ""
        new = edit(old)
        if new == old == self.current.text:
            return self.current
        games = self._games()
        rules = self._readable(new)
        before = [] if old == self.current.text else self._parse(old).mistakes
        known = {_WHERE.sub("", mistake) for mistake in (*before, *self.current.mistakes)}
        fresh = [mistake for mistake in rules.mistakes if _WHERE.sub("", mistake) not in known]
        if fresh:
            raise SettingsError(fresh)
        if new != old:
            save(self._path, new, found)
        self._seen, self._seen_games = (_UNKNOWN, new), games
        self._came_into_force(rules)
        return rules

    def _reload(self) -> Rules:
        self._seen, self._seen_games = (_stamp(self._path), None), self._games()
        try:
            text = self._read()
            self._seen = (self._seen[0], text)
            rules = self._readable(text or "")
        except SettingsError as e:
            if e.mistakes != self.trouble:
                log.error("%s cannot be used, the rules that were last in force go on:\n%s", self._path, e)
            self.trouble = e.mistakes
            raise
        self._came_into_force(rules)
        return rules

    def _back(self) -> Rules:
        """The file as the version before has it; where the file is not what is in force, as that has it."""
        try:
            replaced = self._path.read_bytes() if self._path.exists() else None
        except OSError as e:
            raise SettingsError([f"{self._path}: cannot be read: {e.strerror}"]) from None
        version, text = None, self.current.text
        if (replaced or b"") == text.encode():
            version = self.previous
            if version is None:
                raise SettingsError(["there is no version of the rules before this one"])
            try:
                text = self._history.text(version.name)
            except StorageError as e:
                raise SettingsError([str(e)]) from None
        games = self._games()
        rules = self._readable(text)
        if version is None and replaced is not None:
            self._history.keep(replaced, refused=True)
        overwrite(self._path, text)
        self._seen, self._seen_games = (_UNKNOWN, text), games
        if version is not None:
            self._history.back(version)
        return rules

    def _read(self) -> str | None:
        """The file's text; None, where there is no file and never were rules."""
        text = read_text(self._path)
        if text is None and self.current.text:
            raise SettingsError([f"{self._path} is gone; its rules go on, and a roll back writes it again"])
        return text

    def _readable(self, text: str) -> Rules:
        """The set that a text makes. Raises ``SettingsError`` when it cannot be read as a whole."""
        rules = self._parse(text)
        if any(broken.kind == "file" and not broken.name for broken in rules.broken.values()):
            raise SettingsError(rules.mistakes)
        return rules

    def _parse(self, text: str) -> Rules:
        return parse_rules(text, str(self._path), self._settings, self._base_dir)

    def _came_into_force(self, rules: Rules) -> None:
        known = self._history.in_force
        if known is None or known.fingerprint != fingerprint(rules.text):
            self._history.keep(rules.text.encode())

    def _games(self) -> Stamps:
        return {path: _stamp(path) for path in own_templates(self._base_dir)}

    def _stamps(self) -> Stamps:
        return {self._path: _stamp(self._path), **self._games()}


def _stamp(path: Path) -> Stamp | None:
    """What changes when a file does; None while it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _log_mistakes(mistakes: Iterable[str]) -> None:
    for mistake in mistakes:
        log.warning("rules: %s", mistake)
