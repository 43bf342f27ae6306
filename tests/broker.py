"""A real Mosquitto on a free loopback port: ``with Mosquitto(tmp_path) as broker: ... broker.settings``."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.settings.models import Broker

START_TIMEOUT = 10.0
"""Seconds; Mosquitto answers within 50 ms on an idle machine."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Mosquitto:
    """``start`` and ``stop`` may be called again and again: the port stays, retained messages do not."""

    def __init__(self, folder: Path, settings: str = "set_tcp_nodelay true\npersistence false\n") -> None:
        self.port = free_port()
        self.settings = Broker(port=self.port)
        self._config = folder / f"mosquitto-{self.port}.conf"
        self._log = folder / f"mosquitto-{self.port}.log"
        self._config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n{settings}")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        assert program, "mosquitto is not installed; mark the test with needs('mosquitto')"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([program, "-c", str(self._config)], stdout=log, stderr=log)
        give_up = time.monotonic() + START_TIMEOUT
        while time.monotonic() < give_up and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.01)
        self.stop()
        raise AssertionError(f"mosquitto did not start: {self.log()}")

    def log(self) -> str:
        """What it has said since the first start."""
        return self._log.read_text()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it; ``SIGKILL`` is the power cut."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(10)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
