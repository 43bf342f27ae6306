"""The demo's processes: started one by one, watched, and all ended within two seconds."""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from pathlib import Path

from gateway.errors import ServiceError

STOP_S = 1.5
"""Seconds that children have to end after SIGTERM, all together."""
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _die_with_parent() -> None:
    # However the demo ends, even by SIGKILL, nothing of it may stay behind.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Children:
    """Child processes whose output goes to files in ``folder``. They do not see the terminal's Ctrl-C:
    the demo ends them in its own order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, name: str, *command: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes[name] = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
                preexec_fn=_die_with_parent,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )

    def check(self) -> None:
        """Raises ``ServiceError`` with its last words when a child has ended."""
        for name, process in self._processes.items():
            if process.returncode is not None:
                raise ServiceError(f"{name} ended with status {process.returncode}. {self.last_words(name)}")

    def last_words(self, name: str) -> str:
        lines = (self._folder / f"{name}.log").read_text(errors="replace").splitlines()[-15:]
        return "Its last words:\n" + "\n".join(f"  {line}" for line in lines)

    def memory_mb(self) -> dict[str, float]:
        """Resident memory of each child, MB; empty where /proc does not tell."""
        found = {}
        for name, process in self._processes.items():
            with contextlib.suppress(OSError):
                pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
                found[name] = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
        return found

    async def stop(self) -> None:
        """End all, latest first asked; who does not listen is killed."""
        running = [p for p in reversed(self._processes.values()) if p.returncode is None]
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        waits = [asyncio.create_task(p.wait()) for p in running]
        if waits:
            await asyncio.wait(waits, timeout=STOP_S)
        for process in running:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        self._processes.clear()


def choose_port(preferred: int, host: str = "127.0.0.1") -> tuple[int, str]:
    """A free TCP port, and in words if it is not the preferred one."""
    for port in (preferred, 0):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind((host, port))
            except OSError:
                continue
            free = int(s.getsockname()[1])
            return free, "" if port else f"port {preferred} is in use; taking {free}"
    raise ServiceError(f"no TCP port is free on {host}")
