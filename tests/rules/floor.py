"""A venue's rules at work, as the gateway keeps them: decided, acknowledged, woken when they say, restarted."""

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from gateway import messages as m
from gateway.rules import engine
from gateway.rules.engine import Decision, compile_rules
from gateway.rules.state import State
from gateway.settings.load import parse_rules
from gateway.settings.models import Settings
from gateway.settings.yamlfile import parse
from tests.rules.happenings import NOW, gift

VENUE = """\
venue: hall
timezone: Asia/Jakarta
accounts:
  ayu: {username: ayu.live}
  rio: {username: rio.live}
stations:
  cannon:
    board: {id: STN-A}
    channels:
      shot: {kind: pulse, pin: 5, max_on: 2s}
      coin: {kind: input, pin: 2}
    actions:
      fire: {channel: shot, on_for: 200ms}
  horn:
    board: {id: STN-B}
    channels:
      voice: {kind: tone, pin: 6, max_on: 2s}
    actions:
      honk: {channel: voice, on_for: 300ms}
  lamp:
    board: {id: STN-C}
    cooldown: 5s
    channels:
      light: {kind: pwm, pin: 9, max_on: 5s}
    actions:
      glow: {channel: light, on_for: 1s}
sounds:
  bell: {file: bell.wav}
webhooks:
  score: {url: "http://127.0.0.1:9/score"}
"""
FIRE: dict[str, object] = {"station": "cannon", "action": "fire"}
HONK: dict[str, object] = {"station": "horn", "action": "honk"}
GLOW: dict[str, object] = {"station": "lamp", "action": "glow"}
ROSE: dict[str, object] = {"gift": {"name": "Rose"}}
MOST_WAKES = 2_000


def venue(**more: Any) -> Settings:
    data = parse(VENUE, "stagewire.yaml").data
    return msgspec.convert({**data, **more}, Settings)


def rule(when: Mapping[str, object] | None = None, *steps: object, **more: Any) -> dict[str, object]:
    return {"when": when or ROSE, "then": list(steps) or [FIRE], **more}


class Floor:
    """``text``: of a rules file; or the one rule ``r``, said as data. Every step checks the ledger."""

    def __init__(self, text: str | Mapping[str, object], settings: Settings | None = None, **more: Any) -> None:
        if not isinstance(text, str):
            rules = {"r": text} if "when" in text else text
            text = json.dumps({"rules": rules, **more})
        self.settings = settings or venue()
        loaded = parse_rules(text, "rules.yaml", self.settings, Path("nowhere"))
        assert not loaded.mistakes, "\n".join(loaded.mistakes)
        self.book = loaded.book
        self.program = compile_rules(self.book, self.settings)
        self.state, self.now = State(), NOW
        self.kept: dict[str, bytes] = {}
        self.open: dict[str, m.Command] = {}
        self.given: dict[str, None] = {}
        self.moved: list[tuple[float, str]] = []
        engine.begin(self.program, self.now, self.state)

    def happens(self, event: m.Event, after: float = 0.0) -> Decision:
        """Heard so many seconds later, as it was sent."""
        self.now += after
        return self._came(engine.decide(self.program, event, self.now, self.state))

    def fired(self, event: m.Event, after: float = 0.0) -> int:
        """How many commands it caused."""
        return len(self.happens(event, after).commands)

    def said(self, event: m.Event, after: float = 0.0) -> m.Reason:
        """What the one rule said of it."""
        (reason,) = self.happens(event, after).reasons
        return reason

    def roses(self, count: int, number: int = 1, **more: Any) -> Decision:
        received = m.stamp(self.now)
        return self.happens(gift(count, count, id=f"rose-{number}", received=received, **more))

    def ack(self, command: str, status: m.Status = m.Status.DONE, kept_by: m.KeptBy = "") -> Decision:
        known = self.open.pop(command)
        ack = m.Ack(
            id=command,
            station=known.station,
            action=known.action,
            status=status,
            kept_by=kept_by,
            reason=f"kept by {kept_by}" if kept_by else "",
        )
        return self._came(engine.ended(self.program, ack, self.now, self.state))

    def done(self) -> list[m.Command]:
        """All that is open comes to a good end, and so does what follows from it."""
        followed: list[m.Command] = []
        for _ in range(MOST_WAKES):
            if not self.open:
                return followed
            followed += self.ack(next(iter(self.open))).commands
        raise AssertionError("it goes on and on")

    def later(self, seconds: float) -> list[m.Command]:
        """What time alone brings; the machines do all they are told at once."""
        until, came = self.now + seconds, list[m.Command]()
        for _ in range(MOST_WAKES):
            came += self.done()
            at = engine.due(self.program, self.state, self.now)
            if at is None or at > until:
                self.now = until
                return came
            self.now = max(self.now, at)
            came += self._came(engine.wake(self.program, self.now, self.state)).commands
        raise AssertionError(f"woken {MOST_WAKES} times in {seconds} s")

    def halt(self, *, owed: bool = True) -> Decision:
        return self._came(engine.halt(self.program, self.now, self.state, "stopped", owed=owed))

    def pay(self, run: str) -> Decision:
        decision = engine.pay(self.program, run, self.now, self.state)
        assert decision is not None
        return self._came(decision, again=True)

    def forgive(self, run: str) -> None:
        assert engine.forgive(self.program, run, self.now, self.state)
        self._came(Decision())

    def owed(self) -> list[str]:
        return [owed.run for owed in engine.owed(self.state)]

    def ledger(self, rule: str = "r") -> dict[str, int]:
        """What is not 0."""
        counts, balanced = engine.ledger(self.state)
        assert balanced, counts
        found: dict[str, int] = msgspec.structs.asdict(counts[rule]) if rule in counts else {}
        return {name: n for name, n in found.items() if n}

    def restart(self) -> None:
        """Go on from what was written to disk; a database gives it back in no order of its own."""
        self._write()
        keys = list(self.kept)
        random.Random(len(keys)).shuffle(keys)
        self.state, lost = State.restored({key: self.kept[key] for key in keys})
        assert not lost
        engine.begin(self.program, self.now, self.state)

    def _write(self) -> None:
        for key, value in self.state.changes().items():
            if value is None:
                self.kept.pop(key, None)
            else:
                self.kept[key] = value

    def _came(self, decision: Decision, *, again: bool = False) -> Decision:
        self._write()
        for command in decision.commands:
            assert len(command.id) <= 200
            if command.id in decision.repeated:
                assert again
            else:
                assert command.id not in self.given, "two commands with one id: a board does the first alone"
                self.given[command.id] = None
            self.open[command.id] = command
            self.moved.append((round(self.now - NOW, 3), command.action))
        counts, balanced = engine.ledger(self.state)
        assert balanced, counts
        return decision
