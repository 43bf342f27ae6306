"""Restoring by a gateway that runs: the request ``restore``. It looks through the backup, ends, puts it back, and
starts again; machines are safe meanwhile, and it comes back as after any start."""

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gateway.errors import SettingsError, StagewireError
from gateway.health import Systemd
from gateway.keeping import inventory
from gateway.keeping.archive import Archive
from gateway.keeping.backup import kept
from gateway.keeping.manifest import SETTINGS, Manifest
from gateway.keeping.restore import look_through, restore
from gateway.logs import PRESSED
from gateway.messages import Request
from gateway.requests import Answer, Handler
from gateway.settings.load import Config
from gateway.settings.models import Settings
from gateway.settings.yamlfile import mistakes_in, parse
from gateway.text import clean

log = logging.getLogger(__name__)

ANSWER_S = 0.5
"""Seconds for the answer to be on its way before everything ends."""
FEED_S = 1.0
TROUBLE = "STAGEWIRE_RESTORE_TROUBLE"
"""The variable of the environment in which a gateway that starts again tells its next life what failed."""
MOST_LISTED = 100
EXPECTED = "expected params: {do: list, check or now, file: the name of a backup that is listed}"


class Restores:
    """``restart`` ends the gateway, so that it starts again; ``put_back`` is to be called in between. ``busy``
    says in words why it may not end now."""

    def __init__(self, config: Config, restart: asyncio.Event, busy: Callable[[], str]) -> None:
        self._config, self._restart, self._may_not_end = config, restart, busy
        self._wanted: Path | None = None
        self._busy = asyncio.Lock()
        self.handlers: dict[str, Handler] = {"restore": self._asked}

    async def _asked(self, request: Request) -> Answer:
        name, do = request.params.get("file"), request.params.get("do")
        folder, venue = inventory.backup_folder(self._config), self._config.settings.venue
        if do != "list" and (not isinstance(name, str) or do not in ("check", "now")):
            return EXPECTED, {}
        found = await asyncio.to_thread(kept, folder, venue)
        if do == "list":
            return "", {"files": [path.name for path in found[:MOST_LISTED]]}
        path = next((path for path in found if path.name == name), None)
        if path is None:
            return f"there is no backup {name!r} in {folder}: is the stick plugged in?", {}
        if self._busy.locked():
            return "a backup is being looked through already; ask again in a moment", {}
        async with self._busy:
            manifest, mistakes = await asyncio.to_thread(_look_through, path)
        gateway = self._config.settings.gateway
        for its, here in ((manifest.settings, self._config.file), (manifest.data, gateway.data)):
            if its != here:
                return f"it belongs into {its}, and here is {here}: restore it at the command line", {}
        if mistakes:
            return f"with its settings the gateway would not start again: {mistakes[0]}", {}
        if do == "now":
            if busy := self._may_not_end():
                return busy, {}
            log.warning("restore of %s by %s", name, clean(request.by, 100) or "somebody", extra=PRESSED)
            self._wanted = path
            asyncio.get_running_loop().call_later(ANSWER_S, self._restart.set)
        return "", {"made": manifest.made, "files": len(manifest.files), "bytes": manifest.size}

    async def put_back(self) -> None:
        """What was asked for, if anything; after the gateway has ended. A failure is logged, and leaves what was
        there: whatever it is, the gateway has to start again."""
        if self._wanted is None:
            return
        systemd, work = Systemd(), asyncio.ensure_future(asyncio.to_thread(_put_back, self._config, self._wanted))
        while not (await asyncio.wait([work], timeout=FEED_S))[0]:
            systemd.watchdog()
        if (error := work.exception()) is not None:
            log.error("restore: a fault of the gateway", exc_info=error)
        trouble = f"a fault of the gateway ({type(error).__name__}): its log has more" if error else work.result()
        if trouble:
            os.environ[TROUBLE] = trouble


def tell_trouble() -> None:
    """Log why the restore before this start failed, if it did: whoever asked looks at the errors of this life."""
    if words := os.environ.pop(TROUBLE, ""):
        log.error("restore: %s", words)


def _look_through(path: Path) -> tuple[Manifest, list[str]]:
    """What is in it, and what is wrong with its settings; the files that they name come back with it."""
    manifest, _ = look_through(path)
    settings = b""
    with Archive(path) as archive:
        for part, chunks in archive.parts():
            if part.path == f"{SETTINGS}/{manifest.settings}":
                settings = b"".join(chunks)
                break
            for _ in chunks:
                pass
    try:
        tree = parse(settings.decode(), manifest.settings)
    except (SettingsError, UnicodeDecodeError) as e:
        return manifest, str(e).splitlines()
    return manifest, [tree.mistake(at, words)[1] for at, words in mistakes_in(tree.data, Settings)]


def _put_back(config: Config, path: Path) -> str:
    """What failed, in words."""
    # A gateway's backups hold no secrets: those of this machine stay as they are.
    secrets: list[tuple[Path, bytes]] = []
    for found in inventory.secrets(config):
        with suppress(OSError):
            secrets.append((found.path, found.path.read_bytes()))
    try:
        done = restore(path, config.base_dir, data=inventory.data_folder(config), force=True)
    except (StagewireError, OSError) as e:
        log.error("restore: %s", e)
        return str(e)
    finally:  # also when a disk failed in the middle of it
        for file, body in secrets:
            _keep(file, body)
    aside = ", ".join(str(folder) for folder in done.aside) or "no folder: there was nothing"
    log.info("restored %s of %s; what was there before is in %s", path.name, done.manifest.made, aside)
    return ""


def _keep(file: Path, body: bytes) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as f:
            f.write(body)
    except FileExistsError:
        pass
    except OSError as e:
        log.error("restore: %s cannot be written (%s): copy it from what was moved aside", file, e.strerror)
