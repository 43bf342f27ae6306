"""A real gateway and a real connector as processes, without boards, and the page in front of them: what the
screens of the rules say is what those answer."""

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from gateway.demo import venue
from tests.broker import Mosquitto, free_port
from tests.flow.stage import GatewayProcess
from tests.web.peer import PATIENCE, until
from tests.web.people import Hand
from web.app import create_app
from web.parts import build
from web.people.roles import Role

RULES = """\
# The hall's rules.
rules:
  ring:  # the old bell
    title: A rose rings the bell
    when: {gift: {name: Rose}}
    then: [{station: bell, action: ring}]
    cooldown: 1h
  # Keep this one below the bell.
  blink:
    when: {comment: {contains: go}}
    then: [{station: lamp, action: blink}]
counters:
  visits: {start: 3}
"""
GATEWAY = "gateway"
PACE_S = 0.05
"""Between two looks: who asks the page more than 600 times a minute is a script."""


def said(answer: TestResponse) -> dict[str, Any]:
    """The body of an answer."""
    found: dict[str, Any] = answer.get_json()
    return found


class RulesHall:
    """``admin`` is a hand on its page. ``with`` it, everything runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = ExitStack()

    def __enter__(self) -> "RulesHall":
        self.broker = self._stack.enter_context(Mosquitto(self.folder))
        dead = f"http://127.0.0.1:{free_port()}"
        self.config = venue.write(
            self.folder,
            broker={"port": self.broker.port},
            tiktok={"app_url": dead, "webcast_url": dead, "sign_url": dead},
            web={"port": free_port()},
            ports={name: f"/dev/tty-not-there-{name}" for name in venue.STATIONS},
        )
        self.path = self.folder / "rules.yaml"
        self.path.write_text(RULES)
        self.gateway = self._stack.enter_context(GatewayProcess(self.config))
        self.parts = build(self.config.settings, self.folder)
        self.parts.source.start()
        self._stack.callback(self._stop)
        self.app = create_app(self.parts)
        self.admin = Hand(self.app)
        until(lambda: self.parts.source.look(lambda v: v.online("gateway", GATEWAY)), "the gateway is there")
        until(lambda: self.parts.source.look(lambda v: v.rules(GATEWAY)), "it tells of its rules")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _stop(self) -> None:
        self.parts.source.stop()
        self.parts.source.join(PATIENCE)

    def connector(self) -> None:
        """Start one; it listens to accounts that are never live, and says what is simulated."""
        with (self.folder / "connector.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli", "connector"], cwd=self.folder, stdout=log, stderr=log
            )
        self._stack.callback(child.wait, 10)
        self._stack.callback(child.kill)
        source = self.parts.source
        until(
            lambda: source.look(lambda v: any(v.online("connector", c) for c in v.ids("connector"))),
            "it is there",
            30,
        )
        until(lambda: source.look(lambda v: v.ids("account")), "it tells of its accounts")

    def hand(self, role: Role) -> Hand:
        return Hand(self.app, role)

    def fresh(self) -> None:
        """The rules as they were in the beginning."""
        if self.path.read_text() != RULES:
            assert self.save(RULES).status_code == 200

    def write(self, text: str) -> None:
        """As an editor on the gateway's machine would, but seen at once."""
        self.path.write_text(text)
        self.parts.source.ask("rules", {"do": "reload"}, "test")

    def save(self, text: str, fingerprint: str = "") -> Any:
        fingerprint = fingerprint or self.file()["fingerprint"]
        return self.press("apply", text=text, fingerprint=fingerprint)

    def press(self, what: str, **body: Any) -> Any:
        return self.admin.press(f"/api/rules/{what}".rstrip("/"), {"gateway": GATEWAY, **body})

    def file(self) -> dict[str, Any]:
        found: dict[str, Any] = said(self.admin.get("/api/rules/file"))["book"]
        return found

    def listed(self) -> dict[str, Any]:
        time.sleep(PACE_S)
        return said(self.admin.get("/api/rules"))

    def rules(self) -> list[str]:
        """Their names, in the order of the list."""
        return [row["rule"] for row in self.listed()["rules"]]

    def rule(self, name: str) -> dict[str, Any]:
        """A rule's state in the list."""
        found: dict[str, Any] = next(r["state"] for r in self.listed()["rules"] if r["rule"] == name)
        return found
