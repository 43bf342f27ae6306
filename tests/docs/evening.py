"""One evening through the rules: things happen, time passes, boards answer; what one rule made of each is told."""

import re
import wave
from enum import Enum
from pathlib import Path

import msgspec
from msgspec import Struct

from gateway import messages as m
from gateway.rules.engine import Decision, begin, compile_rules, decide, due, ended, owed, pay, wake
from gateway.rules.state import State
from gateway.settings.load import Config
from tests.rules.happenings import NOW

MOST_WAKES = 10_000
USUAL_DEADLINE_S = 30.0


class Then(Enum):
    """What becomes of all commands that have no ending yet, and of what is owed."""

    DONE = "done"
    OFFLINE = "its station is offline"
    BROKEN = "its cable was pulled while it ran"
    PAID = "given again"


ENDINGS: dict[Then, tuple[m.Status, m.KeptBy]] = {
    Then.DONE: (m.Status.DONE, ""),
    Then.OFFLINE: (m.Status.BLOCKED, "offline"),
    Then.BROKEN: (m.Status.FAILED, "fault"),
}


class Counter(Struct, frozen=True):
    """A look at a counter, ``name`` or ``name/viewer``."""

    name: str


Happening = m.Event | float | dict[str, str] | Then | Counter
"""An event; so many seconds that pass; what stations are from now on; Then; a look at a counter."""


class Evening:
    """Rules in force from ``NOW`` on, and what rule ``name`` makes of it."""

    def __init__(self, config: Config, name: str) -> None:
        self._program, self._name = compile_rules(config.rules, config.settings), name
        self.state, self.now = State(), NOW
        self.repeated = set[str]()
        self._open: list[m.Command] = []
        self._done, self._said = list[str](), ""
        self._number = 0
        begin(self._program, self.now, self.state)

    def told(self, happening: Happening) -> str:
        """The rule's commands; where there are none its word on it, or "" when it was not asked."""
        self._done, self._said, self.repeated = [], "", set()
        match happening:
            case dict():
                self.state.stations.update(happening)
            case Counter(name=name):
                start = self._program.counters[name.partition("/")[0]].start
                return f"{self.state.counter(name, start):g}"
            case float() | int():
                self._pass(happening)
            case Then.PAID:
                for debt in owed(self.state):
                    if (paid := pay(self._program, debt.run, self.now, self.state)) is not None:
                        self._note(paid)
            case Then():
                over, self._open = self._open, []
                for command in over:
                    self._end(command, happening)
            case _:
                self.decide(happening)
        return ", ".join(self._done) or self._said

    def decide(self, event: m.Event) -> m.Trace:
        """``event`` happens now, on the page's account."""
        self._number += 1
        now = m.stamp(self.now)
        event = msgspec.structs.replace(event, id=f"g-{self._number}", time=now, received=now)
        if event.account:
            event = msgspec.structs.replace(event, account="main")
        decision = decide(self._program, event, self.now, self.state)
        self._note(decision)
        return m.Trace(event=event, decided=decision.decided[0])

    def _pass(self, seconds: float) -> None:
        until = self.now + seconds
        for _ in range(MOST_WAKES):
            at = due(self._program, self.state, self.now)
            if at is None or at > until:
                self.now = until
                return
            self.now = max(self.now, at)
            self._note(wake(self._program, self.now, self.state))
        raise AssertionError("it wakes again and again")

    def _end(self, command: m.Command, what: Then) -> None:
        status, kept_by = ENDINGS[what]
        ack = m.Ack(
            id=command.id,
            station=command.station,
            action=command.action,
            status=status,
            reason=what.value,
            kept_by=kept_by,
        )
        self._note(ended(self._program, ack, self.now, self.state))

    def _note(self, decision: Decision) -> None:
        self._open += decision.commands
        self.repeated |= decision.repeated
        self._done += ["called back" for run in decision.cancelled if f"/{self._name}/" in run]
        self._done += [self._words(c) for c in decision.commands if c.rule == self._name]
        for reason in decision.reasons:
            if reason.rule == self._name:
                self._said = reason.outcome.value

    def _words(self, command: m.Command) -> str:
        params = "".join(
            f" {name}={value:.4g}" if isinstance(value, float) else f" {name}={value}"
            for name, value in command.params.items()
        )
        priority = f" priority {command.priority}" if command.priority else ""
        deadline = m.seconds(command.expires_at) - self.now
        within = "" if abs(deadline - USUAL_DEADLINE_S) < 0.01 else f" within {deadline:.0f} s"
        return f"{command.station}/{command.action}{params}{priority}{within}"


SOUND = re.compile(r"\bfile: ([\w-]+\.wav)")


def furnish(folder: Path, settings: str) -> Path:
    """A venue's settings in ``folder``, with each sound that they name; the path of the settings."""
    for name in SOUND.findall(settings):
        with wave.open(str(folder / name), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(bytes(160))
    path = folder / "stagewire.yaml"
    path.write_text(settings)
    return path
