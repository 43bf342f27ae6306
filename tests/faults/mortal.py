"""A gateway as a process that can be killed at any moment, and boards on ptys that outlive it."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from gateway.practice.boards.virtual import VirtualBoard


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for a condition. Raises ``TimeoutError``."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


class WatchedBoard(VirtualBoard):
    """``ran``: the wire ids of the commands that switched it on, in order. ``on_step(level)`` hears every edge."""

    def __init__(self, name: str) -> None:
        super().__init__(board_id=f"VB-{name}")
        self.ran: list[int] = []
        self.on_step: Callable[[bool], None] = lambda level: None
        self.on_edge = self._watch

    def _watch(self, _pin: int, level: bool, _seconds: float) -> None:
        if level:  # only the board itself knows for whom
            self.ran += [o.run for o in self._rules.movement._outputs.values() if o.energised]
        self.on_step(level)

    @property
    def session(self) -> int:
        """The gateway's that holds it, or held it last; 0 while it may not move."""
        return self._rules._session if self._rules._armed else 0


class GatewayProcess:
    """``stagewire gateway``, as often as it is killed. ``kills`` counts them; ``starts`` are seconds to ready."""

    def __init__(self, folder: Path, boards: dict[str, WatchedBoard]) -> None:
        self.kills = 0
        self.starts: list[float] = []
        self._folder, self._boards = folder, boards
        self._child: subprocess.Popen[bytes] | None = None
        self._began = 0.0
        self._before: set[int] = set()

    def start(self) -> None:
        assert self._child is None
        self._began = time.monotonic()
        self._before = {0, *(b.session for b in self._boards.values())}
        with (self._folder / "gateway.log").open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli", "gateway", "--config", "stagewire.yaml"],
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    async def ready(self) -> None:
        """Until it may move all boards."""

        def may_move() -> bool:
            assert self._child is not None
            assert self._child.poll() is None, f"it ended by itself: {self.log()[-2000:]}"
            return not any(b.session in self._before for b in self._boards.values())

        await until(may_move)
        self.starts.append(time.monotonic() - self._began)

    def kill(self) -> None:
        """SIGKILL; nothing when it is dead already."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None
            self.kills += 1

    def end(self) -> None:
        """As systemd would."""
        if self._child is not None:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(20)
            finally:
                self._child.kill()
                self._child.wait()
                self._child = None

    def log(self) -> str:
        return (self._folder / "gateway.log").read_text()
