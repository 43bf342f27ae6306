"""The page as a process of its own, the way a venue runs it."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from gateway.settings.models import Broker, Gateway, Settings, Web
from tests.broker import free_port
from tests.web.peer import VENUE, until
from tests.web.people import pass_for

RUN = """
import logging, sys, msgspec
from gateway.settings.models import Settings
from web.serve import serve
logging.basicConfig(level=logging.INFO)
serve(msgspec.json.decode(sys.argv[1], type=Settings))
"""

PASSES: dict[str, tuple[str, str]] = {}
"""By a page's address, the cookie of an admin: phones that come there have it."""


class Page:
    """Everybody who comes with ``cookie`` and ``token`` is an admin.

    ``with Page(broker.settings, folder) as page: page.get("/api/snapshot")``. ``data`` is the gateway's."""

    def __init__(
        self,
        broker: Broker,
        folder: Path,
        data: Path | None = None,
        timezone: str = "UTC",
        venue: str = VENUE,
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"page-{self.port}.log"
        self.data = data or folder / "no-data"
        gateway = Gateway(data=str(self.data))
        web = Web(port=self.port)
        self._settings = Settings(venue=venue, broker=broker, web=web, gateway=gateway, timezone=timezone)
        cookie, value, self.token = pass_for(self.data, venue)
        self.cookie = f"{cookie}={value}"
        PASSES[self.url] = cookie, value
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            argument = msgspec.json.encode(self._settings).decode()
            self.process = subprocess.Popen([sys.executable, "-c", RUN, argument], stdout=log, stderr=log)
        until(self._answers, f"the page starts: {self.log}")

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("/api/snapshot") == 200
        except OSError:
            return False

    def get(self, path: str, timeout: float = 5) -> int:
        """The answer's status, for an admin."""
        request = urllib.request.Request(self.url + path, headers={"Cookie": self.cookie})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as e:
            e.close()
            return e.code

    def post(self, path: str, body: dict[str, object], timeout: float = 5) -> int:
        """A press of an admin; the answer's status."""
        headers = {"Origin": self.url, "Cookie": self.cookie, "X-CSRFToken": self.token}
        request = urllib.request.Request(self.url + path, msgspec.json.encode(body), headers)
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return int(answer.status)

    @property
    def memory_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(s.split()[1]) for s in status.splitlines() if s.startswith("VmRSS")) / 1024

    @property
    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))

    def stop(self, how: signal.Signals = signal.SIGTERM) -> float:
        """End it; how many seconds that took."""
        start = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(10)
        return time.monotonic() - start

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGKILL)
