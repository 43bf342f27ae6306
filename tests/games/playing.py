"""A game played through the engine: happenings in, what was announced and what moved out."""

from pathlib import Path

from msgspec.structs import replace

from gateway import messages as m
from gateway.rules.engine import Decision, compile_rules, decide, due, ended, owed, pay, wake
from gateway.rules.state import State
from gateway.settings.load import load
from gateway.settings.load_rules import parse_rules
from gateway.settings.models import Settings
from gateway.settings.templates import template, templates
from tests.rules.happenings import NOW

HALL = """\
venue: hall
accounts:
  ayu: {username: ayu.live}
stations:
  cannon:
    board: {id: STN-A}
    channels:
      shot: {kind: pulse, pin: 5, max_on: 500ms}
    actions:
      fire: {channel: shot, on_for: 200ms}
  lamp:
    board: {id: STN-B}
    channels:
      light: {kind: level, pin: 6, max_on: 5s}
    actions:
      blink: {channel: light, on_for: 300ms}
      glow: {channel: light, on_for: 4s}
"""
BUDI = m.User(id="u-1", name="budi.practice", nickname="Budi")
SARI = m.User(id="u-2", name="sari.practice", nickname="Sari")


def example(name: str) -> str:
    """The rules file that the template shows."""
    return template(name, templates(None)).example


def hall(folder: Path) -> Settings:
    """The settings of a venue with a cannon and a lamp."""
    (folder / "stagewire.yaml").write_text(HALL)
    return load(folder / "stagewire.yaml").settings


class Play:
    """A hall whose boards do all they are told at once, or with ``stopped`` nothing. Each happening answers with
    what came of it, in order: ``station/action``, or the text that was announced."""

    def __init__(self, folder: Path, rules: str) -> None:
        settings = hall(folder)
        read = parse_rules(rules, "rules.yaml", settings, folder)
        assert not read.mistakes
        self.book = read.book
        self.program = compile_rules(self.book, settings)
        self._number = 0
        self.anew()

    def anew(self) -> "Play":
        """Another evening, of which nothing is known yet."""
        self.state, self.now, self.stopped = State(), NOW, False
        self.state.stations.update(cannon="idle", lamp="idle")
        return self

    def gift(
        self,
        user: m.User = BUDI,
        coins: int | None = 1,
        count: int = 1,
        name: str = "Rose",
        total: int | None = None,
        ended: bool = True,
    ) -> list[str]:
        """A message about a gift; ``total``: of its streak so far."""
        total = count if total is None else total
        data = m.Gift(user=user, gift_id=name, name=name, count=count, total=total, coins=coins, ended=ended)
        return self._happens(m.GiftEvent, data)

    def comment(self, text: str, user: m.User = BUDI) -> list[str]:
        return self._happens(m.CommentEvent, m.Comment(user=user, text=text))

    def likes(self, count: int) -> list[str]:
        return self._happens(m.LikeEvent, m.Like(count=count))

    def live(self) -> list[str]:
        return self._happens(m.LiveEvent, m.Live(phase="started"))

    def press(self, button: str) -> list[str]:
        return self._happens(m.PressEvent, m.Press(button=button), account="")

    def later(self, seconds: float) -> list[str]:
        """What time alone brings."""
        until, came = self.now + seconds, list[str]()
        for _ in range(100):
            at = due(self.program, self.state, self.now)
            if at is None or at > until:
                break
            self.now = max(self.now, at)
            came += self._came(wake(self.program, self.now, self.state))
        self.now = until
        return came

    def owed(self) -> list[m.Owed]:
        """What was paid for and not given."""
        return owed(self.state)

    def pay(self) -> list[str]:
        """Give again all that is owed."""
        paid = [pay(self.program, debt.run, self.now, self.state) for debt in self.owed()]
        return [came for decision in paid if decision is not None for came in self._came(decision)]

    def counter(self, name: str, viewer: m.User | None = None) -> float:
        key = f"{name}/{viewer.id}" if viewer is not None else name
        return self.state.counter(key, self.book.counters[name].start)

    def left(self, timer: str) -> float:
        """Seconds until a timer ends."""
        return self.state.timers[timer] - self.now

    def _happens(self, kind: type[m.Event], data: object, account: str = "ayu") -> list[str]:
        self._number += 1
        at = m.stamp(self.now)
        event = kind(id=f"e-{self._number}", source="/t", time=at, received=at, account=account, data=data)  # type: ignore[arg-type]  # data is the kind's
        return self._came(decide(self.program, event, self.now, self.state))

    def _came(self, decision: Decision) -> list[str]:
        came = []
        assert len({c.id for c in decision.commands}) == len(decision.commands), "the same id twice: one is lost"
        for c in decision.commands:
            said = c.station == "announce"
            ack = m.Ack(id=c.id, station=c.station, action=c.action, status=m.Status.DONE)
            if self.stopped and not said:
                ack = replace(ack, status=m.Status.BLOCKED, kept_by="stop", reason="stopped by a person")
            else:
                came.append(str(c.params["text"]) if said else f"{c.station}/{c.action}")
            came += self._came(ended(self.program, ack, self.now, self.state))
        return came
