"""The station ``sound``: plays the files of the settings with a player program."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from gateway.drivers.base import Ending, Outcome
from gateway.drivers.boardless import Boardless, Refused
from gateway.drivers.players import find_player
from gateway.errors import DriverError
from gateway.messages import Command
from gateway.settings.outputs import Sound
from gateway.settings.yamlfile import did_you_mean

LONGEST_S = 60.0
"""A player that goes on for longer is ended: the file is no effect, or the player hangs."""
LOOK_S = 10.0
"""Between two looks for players: one may be installed, or removed, at any time."""
REAP_S = 2.0
"""What a killed player left running may hold its output open; nobody waits longer for it."""
LAST_WORDS = 200


class SoundDriver(Boardless):
    """``gateway.drivers.base.Driver``. Each command plays the sound its action names, at ``params["volume"]``
    percent or as the settings say. It is done when the player ended well."""

    def __init__(
        self,
        station_id: str,
        sounds: Mapping[str, Sound],
        player: str | None,
        base_dir: Path,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(station_id, clock)
        self._sounds = sounds
        self._player = player
        self._base_dir = base_dir.absolute()  # no file's name can be taken for an option of the player
        self._playable = True
        self._look()

    async def run(self) -> None:
        while True:
            self._look()
            await asyncio.sleep(LOOK_S)

    def _look(self) -> None:
        kinds = {Path(sound.file).suffix.lower(): Path(sound.file) for sound in self._sounds.values()}
        lacking: dict[str, str] = {}
        for kind, file in sorted(kinds.items()):
            try:
                find_player(file, self._player)
            except DriverError as e:
                lacking[kind] = str(e)
        self._playable = len(lacking) < len(kinds) or not kinds
        for kind in kinds:
            self._trouble(kind, lacking.get(kind, ""))

    def _online(self) -> bool:
        return self._playable

    async def carry_out(self, command: Command, on_moved: Callable[[float], None]) -> Outcome:
        sound = self._sounds.get(command.action)
        if sound is None:
            raise Refused(f"there is no sound {command.action!r}{did_you_mean(command.action, self._sounds)}")
        volume = command.params.get("volume", sound.volume)
        if command.params.keys() - {"volume"}:
            raise Refused("a sound takes no parameter but volume")
        if isinstance(volume, bool | str) or not 0 <= volume <= 100:
            raise Refused(f"expected a volume from 0 to 100 percent; found {volume!r}")
        began: float | None = None
        try:
            process = await self._start(self._base_dir / sound.file, volume)
            began = self._clock()
            on_moved(began)
            await _played(process)
        except DriverError as e:
            self._trouble(command.action, f"{command.action}: {e}")
            return Outcome(
                ending=Ending.FAILED, reason=str(e), kept_by="fault", sent=began, moved=began, ended=self._clock()
            )
        self._trouble(command.action, "")
        return Outcome(ending=Ending.DONE, sent=began, moved=began, ended=self._clock())

    async def _start(self, file: Path, volume: float) -> asyncio.subprocess.Process:
        line = find_player(file, self._player).line(file, volume)
        if not os.access(file, os.R_OK):
            raise DriverError(f"{file.name} is gone or cannot be read: put it back, or change the settings")
        try:
            return await asyncio.create_subprocess_exec(
                *line,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,  # a process group of its own, which a stop can end as a whole
            )
        except OSError as e:
            raise DriverError(f"the player {line[0]} cannot be started: {e.strerror}") from None


async def _played(process: asyncio.subprocess.Process) -> None:
    """Wait for the player's end. Raises ``DriverError`` with its last words when it failed.

    However this ends, nothing sounds any more.
    """
    ended = False
    try:
        async with asyncio.timeout(LONGEST_S):
            words = await _last_words(process)
            code = await process.wait()
        ended = True
    except TimeoutError:
        raise DriverError(
            f"the player was ended after {LONGEST_S:g} s: the file is longer, or the sound device hangs"
        ) from None
    finally:
        if not ended:
            await _kill(process)
    if code:
        raise DriverError(f"the player ended with {code}: {words or 'it said nothing; try it in a terminal'}")


async def _kill(process: asyncio.subprocess.Process) -> None:
    # The whole group: where the player is a script, what it started is what sounds, and may outlive it.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(REAP_S):
            await process.wait()


async def _last_words(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    tail = b""
    while chunk := await process.stdout.read(4096):
        tail = (tail + chunk)[-4 * LAST_WORDS :]
    text = " ".join(tail.decode(errors="replace").split())
    return "".join(c for c in text if c.isprintable())[-LAST_WORDS:]
