"""Sounds: real player processes, from their start to their end, whoever ends them."""

import asyncio
import shutil
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.drivers import sound as sound_module
from gateway.drivers.base import Ending, Health, Outcome
from gateway.drivers.players import PLAYERS, find_player
from gateway.drivers.sound import LAST_WORDS, SoundDriver
from gateway.errors import DriverError
from gateway.messages import Param
from gateway.settings.models import Sound
from tests.drivers.off_board import command, nothing
from tests.drivers.stage import until

PLAYS = "import pathlib, sys; pathlib.Path(sys.argv[3]).write_text(' '.join(sys.argv[1:3]))"
FAILS = "import sys; print('ALSA ' * 9000, file=sys.stderr); print('no sound card found'); sys.exit(3)"
HANGS = (
    "import os, pathlib, subprocess, sys, time; child = subprocess.Popen(['sleep', '50'])\n"
    "pathlib.Path(sys.argv[3] + '.new').write_text(f'{os.getpid()} {child.pid}')\n"
    "os.rename(sys.argv[3] + '.new', sys.argv[3]); time.sleep(50)"
)


class Hall:
    """A folder with a sound, a player program of its own, and what the player wrote."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder = folder
        self.written = folder / "written"
        script = folder / "player.py"
        script.write_text(program)
        with wave.open(str(folder / "horn.wav"), "wb") as w:
            w.setparams((1, 2, 8000, 0, "NONE", ""))
            w.writeframes(b"\0\0" * 800)
        line = f"{sys.executable} {script} {{file}} {{volume}} {self.written}"
        self.driver = SoundDriver("sound", {"horn": Sound(file="horn.wav", volume=70)}, line, folder)

    async def play(self, **params: Param) -> Outcome:
        return await self.driver.perform(command("sound", "horn", params), nothing)

    async def pids(self) -> list[int]:
        """The player's and its child's, once both run."""
        await until(self.written.exists)
        return [int(pid) for pid in self.written.read_text().split()]


def runs(pid: int) -> bool:
    """A process that ended and waits to be reaped by init does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@asynccontextmanager
async def looking(driver: SoundDriver) -> AsyncIterator[None]:
    task = asyncio.create_task(driver.run())
    yield
    task.cancel()
    await asyncio.wait([task])


async def test_a_sound_is_played_with_its_volume_and_done_when_the_player_ends(tmp_path: Path) -> None:
    hall, moved = Hall(tmp_path, PLAYS), list[float]()
    outcome = await hall.driver.perform(command("sound", "horn"), moved.append)
    assert outcome.ending is Ending.DONE
    assert hall.written.read_text() == f"{tmp_path}/horn.wav 70"
    assert moved == [outcome.moved]
    assert outcome.moved is not None
    assert outcome.ended is not None
    assert outcome.moved < outcome.ended


async def test_a_rule_says_another_volume(tmp_path: Path) -> None:
    hall = Hall(tmp_path, PLAYS)
    assert (await hall.play(volume=12.4)).ending is Ending.DONE
    assert hall.written.read_text().endswith(" 12")


@pytest.mark.parametrize(
    "params", [{"volume": 101}, {"volume": "loud"}, {"volume": True}, {"file": "/etc/passwd"}]
)
async def test_what_a_sound_does_not_take_is_refused(tmp_path: Path, params: dict[str, Param]) -> None:
    hall = Hall(tmp_path, PLAYS)
    assert (await hall.play(**params)).ending is Ending.REJECTED
    assert not hall.written.exists()


async def test_a_sound_that_is_not_in_the_settings_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    outcome = await Hall(tmp_path, PLAYS).driver.perform(command("sound", "hron"), nothing)
    assert outcome.ending is Ending.REJECTED
    assert "did you mean 'horn'" in outcome.reason


async def test_a_player_that_fails_is_told_by_its_last_words_and_shown_until_the_next_success(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path, FAILS)
    outcome = await hall.play()
    assert outcome.ending is Ending.FAILED
    assert outcome.reason.startswith("the player ended with 3: ")
    assert outcome.reason.endswith("no sound card found")
    assert len(outcome.reason) < LAST_WORDS + 50
    assert "no sound card" in hall.driver.health.fault
    (tmp_path / "player.py").write_text(PLAYS)
    assert (await hall.play()).ending is Ending.DONE
    assert hall.driver.health.fault == ""


async def test_an_emergency_stop_silences_the_player_and_all_that_it_started(tmp_path: Path) -> None:
    hall, told = Hall(tmp_path, HANGS), list[Health]()
    hall.driver.on_health = told.append
    playing = asyncio.create_task(hall.play())
    pids = await hall.pids()
    assert all(map(runs, pids))
    hall.driver.estop(7)
    assert hall.driver.health.stopped
    assert told == [hall.driver.health]
    outcome = await playing
    assert (outcome.ending, outcome.kept_by) == (Ending.CANCELLED, "stop")
    await until(lambda: not any(map(runs, pids)))
    outcome = await hall.play()
    assert (outcome.ending, outcome.kept_by) == (Ending.BLOCKED, "stop")
    hall.driver.reset_estop(8)  # another stop than this one
    assert hall.driver.health.stopped
    hall.driver.reset_estop(7)
    (tmp_path / "player.py").write_text(PLAYS)
    assert (await hall.play()).ending is Ending.DONE, "what moves nothing needs no arming"


async def test_a_cancelled_command_leaves_no_player_behind(tmp_path: Path) -> None:
    hall = Hall(tmp_path, HANGS)
    playing = asyncio.create_task(hall.play())
    pids = await hall.pids()
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    await until(lambda: not any(map(runs, pids)))


async def test_a_player_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_module, "LONGEST_S", 1.0)
    hall = Hall(tmp_path, HANGS)
    playing = asyncio.create_task(hall.play())
    pids = await hall.pids()
    outcome = await playing
    assert outcome.ending is Ending.FAILED
    assert "after 1 s" in outcome.reason
    await until(lambda: not any(map(runs, pids)))


async def test_a_late_command_starts_no_player(tmp_path: Path) -> None:
    hall = Hall(tmp_path, PLAYS)
    outcome = await hall.driver.perform(command("sound", "horn", within=-0.1), nothing)
    assert outcome.ending is Ending.EXPIRED
    assert not hall.written.exists()


async def test_a_file_that_vanished_is_told(tmp_path: Path) -> None:
    hall = Hall(tmp_path, PLAYS)
    (tmp_path / "horn.wav").unlink()
    outcome = await hall.play()
    assert outcome.ending is Ending.FAILED
    assert "horn.wav is gone" in outcome.reason


async def test_a_missing_player_is_a_fault_that_says_what_to_install_and_ends_when_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sound_module, "LOOK_S", 0.01)
    (tmp_path / "a.mp3").touch()
    driver = SoundDriver("sound", {"a": Sound(file="a.mp3")}, None, tmp_path)
    assert not driver.health.online
    assert "apt-get install mpg123" in driver.health.fault
    outcome = await driver.perform(command("sound", "a"), nothing)
    assert outcome.ending is Ending.FAILED
    assert "apt-get install mpg123" in outcome.reason
    async with looking(driver):
        programs(tmp_path, "mpg123")
        await until(lambda: driver.health.online)
    assert (await driver.perform(command("sound", "a"), nothing)).ending is Ending.DONE
    assert driver.health == Health(online=True)


def programs(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text("#!/bin/sh\nexit 0\n")
        (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("kind", "installed", "found"),
    [
        (".wav", "ffplay aplay", "aplay"),
        (".wav", "ffplay aplay play", "play"),
        (".mp3", "ffplay aplay play", "ffplay"),
        (".mp3", "ffplay mpg123", "mpg123"),
        (".OGG", "aplay mpg123 play", "play"),
        (".flac", "pw-play ffplay", "ffplay"),  # pw-play without its server
    ],
)
def test_the_first_player_that_can_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, installed: str, found: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    programs(tmp_path, *installed.split())
    assert find_player(Path(f"a{kind}"), None).words[0] == found


def test_a_player_of_a_sound_server_is_taken_where_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    programs(tmp_path, "pw-play", "ffplay")
    (tmp_path / "pipewire-0").touch()
    assert find_player(Path("a.mp3"), None).words[0] == "pw-play"


def test_a_player_of_the_settings_that_is_missing_is_named() -> None:
    with pytest.raises(DriverError, match="'no-such-player'"):
        find_player(Path("a.mp3"), "no-such-player {file}")


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("pw-play", "--volume=0.80 -x.wav"),
        ("paplay", "--volume=52429 -x.wav"),
        ("play", "-q -v 0.80 -x.wav"),
        ("aplay", "-q -x.wav"),
        ("mpg123", "-q -f 26214 -x.wav"),
        ("ffplay", "-nodisp -autoexit -loglevel error -volume 80 -x.wav"),
    ],
)
def test_every_player_is_told_the_volume_on_its_own_scale(program: str, words: str) -> None:
    player = next(p for p in PLAYERS if p.words[0] == program)
    assert player.line(Path("-x.wav"), 80) == [program, *words.split()]


def silence(kind: str, file: Path) -> None:
    """A tenth of a second; of MP3 four frames of it."""
    if kind == ".mp3":
        file.write_bytes((b"\xff\xfb\x90\xc4" + b"\0" * 413) * 4)
    else:
        with wave.open(str(file), "wb") as w:
            w.setparams((1, 2, 8000, 0, "NONE", ""))
            w.writeframes(b"\0\0" * 800)


@pytest.mark.parametrize(("program", "kind"), [("aplay", ".wav"), ("play", ".wav"), ("mpg123", ".mp3")])
async def test_a_real_player_plays_as_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, kind: str
) -> None:
    """On ALSA's device of nothing, since a test machine has no sound card."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed (apt-get install alsa-utils mpg123 sox)")
    (tmp_path / "asound.conf").write_text("pcm.!default { type null }\nctl.!default { type null }\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / program).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    silence(kind, tmp_path / f"a{kind}")
    driver = SoundDriver("sound", {"a": Sound(file=f"a{kind}")}, None, tmp_path)
    outcome = await driver.perform(command("sound", "a"), nothing)
    assert (outcome.ending, outcome.reason) == (Ending.DONE, "")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "no sound card.conf"))
    outcome = await driver.perform(command("sound", "a"), nothing)
    assert outcome.ending is Ending.FAILED
    assert outcome.reason
