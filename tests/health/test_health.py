"""Loop lag, memory, disk; and what systemd is told, over a real socket."""

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.health import HealthMonitor, Systemd
from tests.disk import until


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(tmp_path / "notify"))
        s.settimeout(10)
        yield s


async def test_a_loop_that_was_held_up_is_seen(tmp_path: Path) -> None:
    health = HealthMonitor("gateway", tmp_path)
    task = asyncio.create_task(health.run())
    await asyncio.sleep(0)
    time.sleep(0.4)  # on purpose: the loop hangs
    await until(lambda: health.snapshot().loop_lag_ms > 250)
    task.cancel()


async def test_the_snapshot_tells_memory_disk_and_what_cannot_be_written(tmp_path: Path) -> None:
    health = HealthMonitor("gateway", tmp_path / "not" / "yet", storage=lambda: "the card is full")
    snapshot = health.snapshot()
    assert 10 < snapshot.memory_mb < 2000
    assert snapshot.disk_free_mb > 1
    assert (snapshot.gateway, snapshot.storage, snapshot.loop_lag_ms) == ("gateway", "the card is full", 0.0)


def test_systemd_hears_ready_status_and_stopping(tmp_path: Path, systemd: socket.socket) -> None:
    notify = Systemd({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    notify.ready()
    notify.status("3 stations\nall well")
    notify.stopping()
    assert [systemd.recv(100) for _ in range(3)] == [b"READY=1", b"STATUS=3 stations all well", b"STOPPING=1"]


def test_an_abstract_socket_is_reached_too() -> None:
    name = f"stagewire-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind("\0" + name)
        s.settimeout(10)
        Systemd({"NOTIFY_SOCKET": "@" + name}).ready()
        assert s.recv(100) == b"READY=1"


async def test_the_watchdog_is_fed_from_the_loop(tmp_path: Path, systemd: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}
    notify = Systemd(environ)
    assert notify.feed_every == 0.15
    task = asyncio.create_task(HealthMonitor("gateway", tmp_path, systemd=notify).run())
    for _ in range(2):
        assert await asyncio.to_thread(systemd.recv, 100) == b"WATCHDOG=1"
    task.cancel()


def test_without_systemd_nothing_happens() -> None:
    notify = Systemd({})
    assert notify.feed_every is None
    for tell in (notify.ready, notify.watchdog, notify.stopping):
        tell()


def test_the_watchdog_of_another_process_is_not_ours(tmp_path: Path) -> None:
    environ = {"NOTIFY_SOCKET": str(tmp_path / "n"), "WATCHDOG_USEC": "300000", "WATCHDOG_PID": "1"}
    assert Systemd(environ).feed_every is None


def test_a_systemd_that_went_away_disturbs_nobody(tmp_path: Path) -> None:
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()
