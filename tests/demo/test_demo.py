"""The demo as a newcomer runs it: a command, a page, Ctrl-C, and nothing left behind."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.needs("tiktoklive"), pytest.mark.timeout(120)]


def processes_of(session: int) -> list[int]:
    """Processes whose environment names our temporary folder's parent; the demo's children inherit it."""
    found = []
    for proc in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"STAGEWIRE_TEST={session}\0".encode() in (proc / "environ").read_bytes():
                found.append(int(proc.name))
    return found


class Demo:
    def __init__(self, folder: Path, *args: str) -> None:
        self.folder = folder
        self.mark = os.getpid() * 1000 + int(time.monotonic()) % 1000
        env = {**os.environ, "TMPDIR": str(folder), "STAGEWIRE_TEST": str(self.mark)}
        command = [sys.executable, "-m", "gateway.cli", "demo", "--host", "127.0.0.1", *args]
        self.process = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said: list[str] = []

    def until(self, pattern: str) -> str:
        """Read on until a line matches; the test's own time limit bounds it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if re.search(pattern, line):
                return line
        raise AssertionError(f"the demo ended without saying {pattern!r}:\n{''.join(self.said)}")

    def end(self) -> int:
        assert self.process.stdout is not None
        self.said += self.process.stdout.readlines()
        return self.process.wait(10)

    def left_behind(self) -> tuple[list[int], list[str]]:
        return processes_of(self.mark), [p.name for p in self.folder.iterdir()]


@contextlib.contextmanager
def demo(folder: Path, *args: str) -> Iterator[Demo]:
    running = Demo(folder, *args)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.terminate()
            running.process.wait(10)
        assert running.process.stdout is not None
        running.process.stdout.close()


@pytest.mark.needs("mosquitto")
def test_for_some_seconds_it_ends_by_itself_with_gifts_arrived_and_actions_acknowledged(tmp_path: Path) -> None:
    with demo(tmp_path, "--for", "8", "--boards", "virtual", "--rate", "2") as d:
        assert d.end() == 0, "".join(d.said)
        assert "The page:" in "".join(d.said)
        assert d.left_behind() == ([], [])


@pytest.mark.needs("mosquitto")
def test_ctrl_c_ends_it_within_three_seconds_and_leaves_nothing(tmp_path: Path) -> None:
    with demo(tmp_path, "--boards", "virtual", "--rate", "3") as d:
        address = d.until("The page:").split()[-1]
        with urllib.request.urlopen(address, timeout=5) as answer:
            assert answer.status == 200
        d.until(r"actions done +[1-9]")
        before = time.monotonic()
        d.process.send_signal(signal.SIGINT)
        assert d.end() == 0, "".join(d.said)
        assert time.monotonic() - before < 3
        assert d.left_behind() == ([], [])


@pytest.mark.needs("mosquitto")
def test_ctrl_c_while_it_still_starts_leaves_nothing_either(tmp_path: Path) -> None:
    with demo(tmp_path, "--boards", "virtual") as d:
        d.until("boards:")
        d.process.send_signal(signal.SIGINT)
        assert d.end() != 0  # no gift had arrived
        assert d.left_behind() == ([], [])


def test_without_mosquitto_the_embedded_broker_carries_it(tmp_path: Path) -> None:
    with demo(tmp_path, "--for", "8", "--boards", "virtual", "--broker", "embedded", "--rate", "2") as d:
        assert d.end() == 0, "".join(d.said)
        assert "embedded" in "".join(d.said)
        assert d.left_behind() == ([], [])


@pytest.mark.needs("mosquitto")
def test_ports_in_use_are_said_and_others_taken(tmp_path: Path) -> None:
    with contextlib.ExitStack() as taken:
        for port in (1883, 8080, 8765):
            s = taken.enter_context(socket.socket())
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):  # in use by somebody else: just as good
                s.bind(("127.0.0.1", port))
                s.listen()
        with demo(tmp_path, "--boards", "virtual") as d:
            d.until("The page:")
            words = "".join(d.said)
            for port in (1883, 8080, 8765):
                assert f"port {port} is in use; taking" in words


@pytest.mark.needs("mosquitto")
def test_a_killed_demo_takes_its_processes_along(tmp_path: Path) -> None:
    with demo(tmp_path, "--boards", "virtual") as d:
        d.until("The page:")
        d.process.kill()
        d.process.wait(10)
        give_up = time.monotonic() + 10
        while processes_of(d.mark) and time.monotonic() < give_up:
            time.sleep(0.05)
        assert processes_of(d.mark) == []
