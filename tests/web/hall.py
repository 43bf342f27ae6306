"""A venue with a real gateway on its settings file, for the screens that change it."""

import contextlib
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from gateway.settings.load import load
from tests.broker import Mosquitto, free_port
from tests.flow.stage import GatewayProcess
from tests.web.past import live
from tests.web.peer import PATIENCE, VENUE, rows, until
from tests.web.people import pass_for
from tests.web.process import PASSES
from web.parts import Parts
from web.source import Source

FILE = """\
# The hall, as it was wired by hand.
venue: {venue}   # first word of every topic
broker: {{port: {broker}}}
web: {{port: {web}}}

accounts:
  # Upstairs.
  main: {{username: stage.practice, source: practice, title: Main stage}}

stations:
  cannon:
    title: Confetti cannon
    board: {{id: STN-A, simulated: true}}   # in the grey box
    channels:
      shot: {{kind: pulse, pin: 5, max_on: 500ms}}  # the valve
      lamp: {{kind: level, pin: 6}}
    actions:
      fire: {{channel: shot, on_for: 200ms}}
"""


class Hall:
    """``path`` is its ``stagewire.yaml``, ``port`` the page's, ``pid`` the page's process."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        self.folder, self.path, self.port = folder, folder / "stagewire.yaml", free_port()
        self.text = FILE.format(venue=VENUE, broker=broker.port, web=self.port)
        self.path.write_text(self.text)
        self.broker, self.data, self.pid = broker, folder / "data", 0
        self.url = f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def page(self) -> Iterator[None]:
        """``stagewire web`` on the file."""
        with (self.folder / "web.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli", "web"], cwd=self.folder, stdout=log, stderr=log
            )
        try:
            self.pid = child.pid
            until(lambda: child.poll() is not None or self.answers(), f"the page starts: {log.name}", 20)
            assert child.poll() is None, (self.folder / "web.log").read_text()
            name, cookie, _ = pass_for(self.data, VENUE)
            PASSES[self.url] = name, cookie
            yield
        finally:
            child.kill()
            child.wait(10)

    def answers(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/api/snapshot", timeout=2) as answer:
            return bool(answer.status == 200)
        return False


@contextlib.contextmanager
def hall(folder: Path) -> Iterator[Hall]:
    with Mosquitto(folder) as broker:
        made = Hall(folder, broker)
        with GatewayProcess(load(made.path)) as process:
            yield made
            process.end()


@contextlib.contextmanager
def looking(made: Hall) -> Iterator[Parts]:
    """What a page in this process sees of it."""
    settings = load(made.path).settings
    source = Source(VENUE, settings.broker)
    source.start()
    try:
        until(lambda: "estop" in rows(source).get("gateway", {}).get("gateway", {}), "the gateway is seen", 20)
        parts = live(source, made.data, settings)
        object.__setattr__(parts, "file", made.path)
        yield parts
    finally:
        source.stop()
        source.join(PATIENCE)
