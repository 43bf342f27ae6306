"""Restoring by a gateway that runs: the request ``restore``. It looks through the backup, ends, puts it back, and
starts again; machines are safe meanwhile, and it comes back as after any start."""

import asyncio
import logging
import os
from contextlib import suppress
from pathlib import Path

from gateway.errors import StagewireError
from gateway.health import Systemd
from gateway.keeping import inventory
from gateway.keeping.backup import kept
from gateway.keeping.restore import look_through, restore
from gateway.logs import PRESSED
from gateway.messages import Request
from gateway.requests import Answer, Handler
from gateway.settings.load import Config
from gateway.text import clean

log = logging.getLogger(__name__)

ANSWER_S = 0.5
"""Seconds for the answer to be on its way before everything ends."""
FEED_S = 1.0
MOST_LISTED = 100
EXPECTED = "expected params: {do: list, check or now, file: the name of a backup that is listed}"


class Restores:
    """``restart`` ends the gateway, so that it starts again; ``put_back`` is to be called in between."""

    def __init__(self, config: Config, restart: asyncio.Event) -> None:
        self._config, self._restart = config, restart
        self._wanted: Path | None = None
        self._busy = asyncio.Lock()
        self.handlers: dict[str, Handler] = {"restore": self._asked}

    async def _asked(self, request: Request) -> Answer:
        name, do = request.params.get("file"), request.params.get("do")
        folder, venue = inventory.backup_folder(self._config), self._config.settings.venue
        if do == "list":
            found = await asyncio.to_thread(kept, folder, venue)
            return "", {"files": [path.name for path in found[:MOST_LISTED]]}
        if not isinstance(name, str) or do not in ("check", "now"):
            return EXPECTED, {}
        path = next((path for path in kept(folder, venue) if path.name == name), None)
        if path is None:
            return f"there is no backup {name!r} in {folder}: is the stick plugged in?", {}
        if self._busy.locked():
            return "a backup is being looked through already; ask again in a moment", {}
        async with self._busy:
            manifest, _ = await asyncio.to_thread(look_through, path)
        if manifest.settings != self._config.file:
            return (
                f"its settings are {manifest.settings}, not {self._config.file}: restore it at the command line",
                {},
            )
        if do == "now":
            log.warning("restore of %s by %s", name, clean(request.by, 100) or "somebody", extra=PRESSED)
            self._wanted = path
            asyncio.get_running_loop().call_later(ANSWER_S, self._restart.set)
        return "", {"made": manifest.made, "files": len(manifest.files), "bytes": manifest.size}

    async def put_back(self) -> None:
        """What was asked for, if anything; after the gateway has ended. A failure is logged, and leaves what was
        there."""
        if self._wanted is None:
            return
        systemd, work = Systemd(), asyncio.ensure_future(asyncio.to_thread(_put_back, self._config, self._wanted))
        while not (await asyncio.wait([work], timeout=FEED_S))[0]:
            systemd.watchdog()
        await work


def _put_back(config: Config, path: Path) -> None:
    # A gateway's backups hold no secrets: those of this machine stay as they are.
    secrets: list[tuple[Path, bytes]] = []
    for found in inventory.secrets(config):
        with suppress(OSError):
            secrets.append((found.path, found.path.read_bytes()))
    try:
        done = restore(path, config.base_dir, data=inventory.data_folder(config), force=True)
        for file, body in secrets:
            _keep(file, body)
    except (StagewireError, OSError) as e:
        log.error("restore: %s", e)
        return
    aside = ", ".join(str(folder) for folder in done.aside) or "no folder: there was nothing"
    log.info("restored %s of %s; what was there before is in %s", path.name, done.manifest.made, aside)


def _keep(file: Path, body: bytes) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as f:
        f.write(body)
