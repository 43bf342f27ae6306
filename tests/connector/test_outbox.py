"""The outbox's file: killed, torn, full, locked, left behind."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.connector.delivery.outbox import Outbox, Row
from gateway.errors import ServiceError, StorageError
from tests.disk import full_disk, read_only

MUCH = 64_000_000


def row(seq: int, *, paid: bool = True, size: int = 100) -> Row:
    return Row(seq, "t/gift" if paid else "t/comment", b"x" * size, 1.5, paid)


def seqs(outbox: Outbox, topic: str = "t/gift") -> list[int]:
    return [r.seq for r in outbox.read(topic, 0, 1_000_000)]


def test_nothing_that_was_committed_is_lost_by_a_kill_at_any_point(tmp_path: Path) -> None:
    rng, number = random.Random(7), 1
    for _ in range(4):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.connector.outbox_child", str(tmp_path), str(number)],
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        said = [int(child.stdout.readline()) for _ in range(rng.randrange(3, 120))]
        child.send_signal(signal.SIGKILL)
        said += [int(line) for line in child.stdout.read().split()]
        child.wait()
        child.stdout.close()
        outbox = Outbox(tmp_path, "child", MUCH)
        found = outbox.open()
        assert seqs(outbox) == list(range(1, found.last + 1))
        assert found.last >= said[-1]
        outbox.close()
        number = found.last + 1


@pytest.mark.parametrize("damage", ["zeros", "garbage", "half", "torn"])
def test_a_damaged_file_is_moved_aside_loudly_and_a_new_one_is_begun(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(tmp_path, "a", MUCH)
    outbox.open()
    outbox.commit([row(n) for n in range(500)], [])
    outbox.close()
    data = outbox.path.read_bytes()
    outbox.path.write_bytes(
        {
            "zeros": bytes(len(data)),
            "garbage": random.Random(1).randbytes(len(data)),
            "half": data[: len(data) // 2 + 100],
            "torn": data[:4096] + bytes(len(data) - 4096),
        }[damage]
    )
    outbox.open()
    assert seqs(outbox) == []
    outbox.commit([row(7)], [])
    assert seqs(outbox) == [7]
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1
    assert "is damaged; it was moved to" in caplog.text


def test_damage_found_while_running_is_told_so_that_what_is_known_is_written_again(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, "a", MUCH)
    outbox.open()
    outbox.commit([row(n) for n in range(2000)], [])
    outbox.close()
    assert not outbox.commit([row(5000)], []).anew
    outbox.close()
    outbox.path.write_bytes(bytes(10_000))
    assert outbox.commit([row(5001)], []).anew
    assert seqs(outbox) == [5001]
    assert not outbox.commit([row(5002)], []).anew


def test_when_it_is_full_comments_go_first_and_then_the_oldest_gifts(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, "a", 100_000)
    outbox.open()
    given_up: list[int] = []
    for n in range(0, 3000, 10):
        rows = [row(seq, paid=seq % 2 == 0) for seq in range(n, n + 10)]
        given_up += [seq for seq, _ in outbox.commit(rows, []).given_up]
    gifts, comments = seqs(outbox), seqs(outbox, "t/comment")
    assert gifts == list(range(gifts[0], 3000, 2))  # the newest, without a hole
    assert 500 < len(gifts) < 600
    assert sorted(given_up + gifts + comments) == list(range(3000))
    first_gift = next(n for n, seq in enumerate(given_up) if seq % 2 == 0)
    assert all(seq % 2 for seq in given_up[:first_gift])
    assert outbox.path.stat().st_size < 300_000


def test_an_outbox_that_was_emptied_gives_its_disk_space_back(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, "a", MUCH)
    outbox.open()
    outbox.commit([row(n, size=1000) for n in range(4000)], [])
    outbox.commit([], range(4000))
    outbox.close()
    assert outbox.path.stat().st_size < 100_000
    outbox.open()
    assert seqs(outbox) == []


def test_a_second_process_is_refused_in_words_and_a_dead_ones_lock_is_gone(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.connector.outbox_child", str(tmp_path), "1"], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    try:
        with pytest.raises(ServiceError, match=r"another connector uses .*: stop it first"):
            Outbox(tmp_path, "child", MUCH).open()
        living = Outbox(tmp_path, "other", MUCH)
        living.open()
        assert living.adopt(1000).topics == {}
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    held = Outbox(tmp_path, "child", MUCH)
    assert held.open().last > 0


def test_what_a_dead_worker_left_is_adopted_once_and_in_order(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dead = Outbox(tmp_path, "worker-1", MUCH)
    dead.open()
    dead.commit([row(n) for n in range(1, 1201)] + [row(5000, paid=False)], [])
    dead.close()
    outbox = Outbox(tmp_path, "worker-2", MUCH)
    outbox.open()
    outbox.commit([row(3)], [])
    assert outbox.adopt(10_000).topics == {"t/gift": 1200, "t/comment": 1}
    assert seqs(outbox) == [3, *range(10_001, 11_201)]
    assert "1201 events from" in caplog.text
    assert outbox.adopt(20_000).topics == {}
    assert dead.open().topics == {}


def test_a_damaged_stray_is_said_and_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "outbox-stray.sqlite").write_bytes(b"no database at all" * 100)
    outbox = Outbox(tmp_path, "a", MUCH)
    outbox.open()
    assert outbox.adopt(1).topics == {}
    assert "what waits in it is not sent" in caplog.text


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_what_viewers_wrote_is_for_our_eyes_only(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, "a", MUCH)
    outbox.open()
    outbox.commit([row(1, paid=False)], [])
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in tmp_path.iterdir()}
    outbox.close()
    assert modes == dict.fromkeys(modes, "0o600")
    assert "outbox-a.sqlite-wal" in modes


def test_a_file_of_a_newer_version_is_refused_in_words_and_not_touched(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, "a", MUCH)
    outbox.open()
    outbox.commit([row(1)], [])
    assert outbox._db is not None
    outbox._db.execute("PRAGMA user_version = 99")
    outbox.close()
    with pytest.raises(StorageError, match="newer Stagewire"):
        outbox.open()


def test_a_disk_that_refuses_is_an_error_in_words_and_works_again_when_it_does(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, "a", MUCH)
    outbox.open()
    outbox.commit([row(1)], [])
    with full_disk(), pytest.raises(StorageError, match="make room"):
        outbox.commit([row(2)], [])
    assert outbox.commit([row(2)], []).given_up == []
    outbox.close()
    with read_only(tmp_path), pytest.raises(StorageError, match="cannot be written"):
        outbox.commit([row(3)], [])
    outbox.commit([row(3)], [1])
    assert seqs(outbox) == [2, 3]
