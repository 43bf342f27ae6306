"""The demo as a process of its own: real gateway, connector, boards and page; phones are an admin's there."""

import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.web.peer import until
from tests.web.people import pass_for
from tests.web.process import PASSES

VENUE = "demo"
READY_S = 40.0


class Show:
    """``url``: of its page. It ends by itself after ``seconds`` if nobody ends it."""

    def __init__(self, seconds: int = 300) -> None:
        self._log = Path(tempfile.mkdtemp(prefix="show-")) / "demo.log"
        command = [
            "-m",
            "gateway.cli",
            "demo",
            "--host",
            "127.0.0.1",
            "--boards",
            "virtual",
            "--for",
            str(seconds),
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([sys.executable, *command], stdout=log, stderr=log)
        try:
            said = until(self._greeting, "the demo's greeting", READY_S)
            self.url = str(said[1])
            name, cookie, _token = pass_for(Path(said[2]) / "data", VENUE)
            PASSES[self.url] = name, cookie
        except BaseException:
            self.end()
            raise

    def _greeting(self) -> "re.Match[str] | None":
        words = self._log.read_text()
        assert self._process.poll() is None, words
        return re.search(r"The page.*?:\s+(http://[^/\s]+)/.*?force.*?:\s+(\S+)/rules\.yaml", words, re.DOTALL)

    def end(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(15)
        finally:
            self._process.kill()
            self._log.unlink()
            self._log.parent.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
