"""Is the gateway itself well: loop lag, memory, disk, and the machine that it runs on; and telling systemd so."""

import asyncio
import os
import shutil
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from gateway import machine
from gateway.messages import GatewayHealth

SAMPLE_S = 0.1
"""Seconds between two looks at the loop."""
WORST_OF_S = 10.0
"""Seconds over which ``loop_lag_ms`` is the worst value."""
LOOK_S = 5.0
"""Seconds for which what the machine says stands: a Pi asks its firmware each time."""


class HealthMonitor:
    """Samples the loop while ``run`` runs, and feeds systemd's watchdog from that same loop: a loop that
    hangs stops feeding, and systemd restarts the gateway (the boards then make their outputs safe)."""

    def __init__(
        self,
        gateway: str,
        folder: Path,
        *,
        storage: Callable[[], str] = lambda: "",
        systemd: "Systemd | None" = None,
    ) -> None:
        self._gateway, self._folder, self._storage = gateway, folder, storage
        self._systemd = systemd or Systemd()
        self._looked, self._machine = -LOOK_S, machine.Machine()
        self._lags: deque[float] = deque(maxlen=round(WORST_OF_S / SAMPLE_S))

    async def run(self) -> None:
        """Samples until cancelled."""
        loop = asyncio.get_running_loop()
        every, fed = self._systemd.feed_every, loop.time()
        while True:
            before = loop.time()
            await asyncio.sleep(SAMPLE_S)
            now = loop.time()
            self._lags.append(max(0.0, now - before - SAMPLE_S))
            if every is not None and now - fed >= every:
                self._systemd.watchdog()
                fed = now

    def snapshot(self) -> GatewayHealth:
        now = time.monotonic()
        if now - self._looked >= LOOK_S:
            self._looked, self._machine = now, machine.look()
        here = self._machine
        free, total = disk_mb(self._folder)
        return GatewayHealth(
            gateway=self._gateway,
            loop_lag_ms=round(max(self._lags, default=0.0) * 1000, 1),
            memory_mb=round(memory_mb(), 1),
            disk_free_mb=round(free, 1),
            storage=self._storage(),
            disk_total_mb=round(total, 1),
            temperature_c=here.temperature_c,
            load=here.load,
            power=here.power,
            clock=here.clock,
        )


def memory_mb() -> float:
    """Resident memory of this process, MB (Linux; 0 elsewhere)."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def disk_mb(folder: Path) -> tuple[float, float]:
    """Free and whole space where ``folder`` is or will be, MB; zeroes when it cannot be told."""
    for place in (folder, *folder.absolute().parents):
        try:
            usage = shutil.disk_usage(place)
        except FileNotFoundError:
            continue
        except OSError:
            break
        return usage.free / 1e6, usage.total / 1e6
    return 0.0, 0.0


class Systemd:
    """sd_notify(3), protocol version 1. Does nothing where ``NOTIFY_SOCKET`` is not set."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]  # abstract socket
        usec = environ.get("WATCHDOG_USEC", "")
        ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.feed_every = int(usec) / 2e6 if self._address and usec.isdecimal() and ours else None
        """Seconds between two meals of the watchdog; None without one."""

    def ready(self) -> None:
        self._send(b"READY=1")

    def watchdog(self) -> None:
        self._send(b"WATCHDOG=1")

    def stopping(self, *, again: bool = False) -> None:
        """``again``: it ends to begin again as the same process; systemd waits for the next ``ready``."""
        self._send(b"RELOADING=1\nMONOTONIC_USEC=%d" % (time.monotonic_ns() // 1000) if again else b"STOPPING=1")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        self._send(b"STATUS=" + text.replace("\n", " ").encode())

    def _send(self, state: bytes) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as s:
            s.setblocking(False)
            try:
                s.sendto(state, self._address)
            except OSError:
                return  # systemd is restarting or gone; it will ask again or not at all
