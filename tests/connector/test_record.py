"""Recording a session, from the broker and from the source."""

import asyncio
import contextlib
import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway import messages as m
from gateway.bus import Bus
from gateway.cli import main
from gateway.connector.recording import record as record_room
from gateway.connector.recording import session_file
from gateway.connector.recording.disguise import Disguise
from gateway.connector.recording.record import Job, Recorder, record
from gateway.connector.recording.session_file import SessionReader, StateLine
from gateway.errors import StorageError
from gateway.lines_file import MAGIC
from gateway.messages import stamp
from gateway.practice.tiktok.acts import GIFTS, Viewer
from gateway.settings.models import Account, Settings
from gateway.topics import Topics
from tests.broker import Mosquitto
from tests.connector.conftest import PATIENCE, Rig
from tests.connector.sessions import NOW, comment, write

ROOT = Path(__file__).parents[2]
OTTER = Viewer(6_900_000_000_000_000_042, "ada.otter", "Ada Otter")


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


async def recording(settings: Settings, job: Job) -> tuple[asyncio.Task[None], Recorder, list[str]]:
    """A recording that has begun."""
    said: list[str] = []
    started: asyncio.Future[Recorder] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(record(settings, job, say=said.append, on_start=started.set_result))
    await asyncio.wait((task, started), return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        started.cancel()
        task.result()
    return task, started.result(), said


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.mark.needs("mosquitto")
async def test_a_session_from_the_broker_has_every_event_once_its_states_and_its_gap(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    topics = Topics("hall")
    settings = Settings(venue="hall", broker=mosquitto.settings, accounts={"ada": Account(username="ada.live")})
    sender = Bus(mosquitto.settings, "sender")
    link = asyncio.create_task(sender.run())
    state = m.AccountState(account="ada", username="ada.live", phase="live", since=stamp(NOW))
    path = tmp_path / "ada.session.gz"
    await until(lambda: sender.connected)
    sender.publish(topics.account_state("ada"), m.encode(state), retain=True)
    task, recorder, said = await recording(settings, Job(account="ada", file=path, names=True))
    await until(lambda: recorder.state == "live")
    for n in (1, 2, 2, 3, 1):  # a second connector, and what is sent again after a reconnect
        sender.publish(topics.account_event("ada", "comment"), m.encode(comment(n)))
    sender.publish(topics.account_event("bob", "comment"), m.encode(comment(9)))
    sender.publish(topics.account_event("ada", "comment"), b"{broken")
    await until(lambda: recorder.counts["comment"] == 3)
    mosquitto.stop()
    await until(lambda: not sender.connected)
    mosquitto.start()
    await until(lambda: recorder.counts["gap"])
    await end(task)
    await end(link)
    reader = SessionReader(path)
    lines = list(reader)
    first, *events, gap = [line for line in lines if not (isinstance(line, StateLine) and line != lines[0])]
    assert isinstance(first, StateLine)
    assert first.state == state
    assert events == [comment(1), comment(2), comment(3)]
    assert isinstance(gap, m.GapEvent)
    assert gap.data.why == "the recorder was not connected to the broker"
    header = reader.header
    assert (header.account, header.source, header.pseudonymous) == ("ada", "tiktok/@ada.live", False)
    assert reader.trouble == ""
    assert said[-1] == f"{path}: 4 events: 0 gifts, 3 comments; the account is live"


@pytest.mark.needs("mosquitto")
async def test_who_records_what_nobody_publishes_is_told(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_room, "HINT_AFTER", 0.1)
    settings = Settings(venue="hall", broker=mosquitto.settings)
    task, _, said = await recording(settings, Job(account="@Nobody.Here", file=tmp_path / "file"))
    await until(lambda: len(said) > 1)
    await end(task)
    assert said[1].startswith(
        "nothing is known of nobody-here there yet: is the name right, and a connector running?"
    )


@pytest.mark.needs("tiktoklive")
async def test_a_session_from_the_source_needs_no_broker_and_hides_the_viewers(rig: Rig, tmp_path: Path) -> None:
    room = rig.room("ada")
    path = tmp_path / "ada.session.gz"
    task, recorder, _ = await recording(rig.settings("ada"), Job(account="ada", file=path, direct=True))
    await room.until(watchers=1)
    await until(lambda: recorder.state == "live")
    room.gift(OTTER, GIFTS[0], 3)
    room.comment(OTTER, "hello @bob.heron")
    await until(lambda: recorder.counts["comment"])
    await end(task)
    assert recorder.words == "6 events: 3 gifts, 1 comment; the account is live"
    text = gzip.decompress(path.read_bytes()).decode()
    for secret in (str(OTTER.id), OTTER.name, OTTER.nickname, "bob.heron"):
        assert secret not in text
    events = list(SessionReader(path).events())
    gifts = [e.data for e in events if isinstance(e, m.GiftEvent)]
    assert sum(g.count for g in gifts) == 3
    assert len({g.user.id for g in gifts}) == len({g.streak for g in gifts}) == 1


async def test_what_was_recorded_is_safe_after_a_few_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_room, "FLUSH_INTERVAL", 0.01)
    path = tmp_path / "session"
    with session_file.create(path, "ada", "", stamp(NOW), pseudonymous=False) as writer:
        recorder = Recorder(writer, lambda event: event)
        keeping = asyncio.create_task(recorder.keep())
        for n in range(3):
            recorder.take(comment(n))
            await until(lambda: path.read_bytes().count(MAGIC) == n + 2)  # noqa: B023  (awaited here)
            left_by_a_power_cut = tmp_path / f"cut {n}"
            left_by_a_power_cut.write_bytes(path.read_bytes())
            assert list(SessionReader(left_by_a_power_cut)) == [comment(i) for i in range(n + 1)]
        await end(keeping)


async def test_a_full_disk_ends_the_recording_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_room, "FLUSH_INTERVAL", 0.01)
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    writer = session_file.create(tmp_path / "session", "ada", "", stamp(time.time()), pseudonymous=True)
    recorder = Recorder(writer, Disguise())
    recorder.take(comment(1))
    os.dup2(os.open(full, os.O_WRONLY), writer._file.fileno())
    with pytest.raises(StorageError, match="No space left on device; what was written until now is readable"):
        async with asyncio.timeout(PATIENCE):
            await recorder.keep()
    writer._file.close()


def test_the_writer_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written: "):
        session_file.create(tmp_path / "file" / "x", "ada", "", stamp(NOW), pseudonymous=True)


# -- the command ---------------------------------------------------------------------------------


@pytest.fixture
def venue(tmp_path: Path) -> Path:
    """Settings whose account ``ada`` plays two comments, some time apart."""
    write(tmp_path / "ada.session.gz", [comment(0), comment(60)])
    (tmp_path / "stagewire.yaml").write_text(
        "venue: hall\naccounts: {ada: {username: ada.live, source: replay, file: ada.session.gz}}\n"
    )
    (tmp_path / "rules.yaml").write_text("rules: {}\n")
    return tmp_path


def test_the_command_says_what_it_does_and_ends_by_itself(venue: Path) -> None:
    out = venue / "again.gz"
    args = ("record", "ada", "--direct", "--for", "1", "-o", str(out), "-c", str(venue / "stagewire.yaml"))
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 0, result.output
    assert f"recording ada from replay/@ada.live to {out}, viewers get invented names; end it with Ctrl-C" in (
        result.output
    )
    assert f"{out}: 2 events: 0 gifts, 1 comment; the account is live" in result.output
    assert [m.KINDS[type(e)] for e in SessionReader(out).events()] == ["live", "comment"]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 1
    assert "is there already" in result.output


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C cannot be sent to one process there")
def test_ctrl_c_ends_a_recording_that_is_whole(venue: Path) -> None:
    out = venue / "again.gz"
    command = [sys.executable, "-m", "gateway.cli", "record", "ada", "--direct", "--names", "-o", str(out)]
    with subprocess.Popen(
        [*command, "-c", str(venue / "stagewire.yaml")], stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stderr is not None
            said = ""
            while "live in room" not in said:
                said = process.stderr.readline()
                assert said, "it ended by itself"
            process.send_signal(signal.SIGINT)
            _, rest = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
        assert process.returncode == 0
    assert "2 events: 0 gifts, 1 comment; the account is live" in rest
    reader = SessionReader(out)
    assert [m.KINDS[type(e)] for e in reader.events()] == ["live", "comment"]
    assert reader.trouble == ""
