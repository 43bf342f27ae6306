"""What a test of rules looks at afterwards."""

from collections import Counter
from collections.abc import Iterable

from gateway.messages import BLOCKED_OUTCOMES, FINAL, Ack, Command, Decided, Event, Outcome, Reason, Status

MOST_TOLD = 6
_UNFIRED = BLOCKED_OUTCOMES | {Outcome.NOT_MEANT}


class Seen:
    """``world.Watcher`` that remembers everything: tests are short. ``blocked``: (rule, why) to how often."""

    def __init__(self) -> None:
        self.commands: dict[str, Command] = {}
        self.done: list[Command] = []
        self.fired: Counter[str] = Counter()
        self.blocked: Counter[tuple[str, str]] = Counter()
        self._undone: Counter[tuple[str, str]] = Counter()
        self._reasons: list[Reason] = []

    def decided(self, event: Event, decided: Decided, commands: Iterable[Command] = ()) -> None:
        for reason in decided.reasons:
            if reason.outcome is Outcome.NO_MATCH:
                continue
            self._reasons.append(reason)
            if reason.outcome is Outcome.FIRED:
                self.fired[reason.rule] += reason.times
            elif reason.outcome in _UNFIRED:
                self.blocked[reason.rule, reason.outcome.value] += reason.times or 1
        for command in commands:
            self.commanded(command)

    def commanded(self, command: Command) -> None:
        self.commands[command.id] = command

    def ack(self, ack: Ack, now: float) -> None:
        command = self.commands.get(ack.id)
        if command is None or ack.status not in FINAL:
            return
        if ack.status is Status.DONE:
            self.done.append(command)
        else:
            self._undone[f"{command.station}/{command.action}", f"{ack.status.value}, {ack.reason}"] += 1

    def queue(self, station: str, waiting: int, now: float) -> None:
        pass

    def edge(self, station: str, channel: str, on: bool, at: float) -> None:
        pass

    def story(self) -> str:
        """What came instead, in short."""
        done = Counter(f"{c.station}/{c.action}" for c in self.done)
        told = [f"{what} done {n}x" for what, n in done.items()]
        told += [f"{what} {words} ({n}x)" for (what, words), n in self._undone.items()]
        told += [f"rule {rule}: {why} {n}x" for (rule, why), n in self.blocked.items()]
        more = f", and {len(told) - MOST_TOLD} more" if len(told) > MOST_TOLD else ""
        return "; ".join(told[:MOST_TOLD]) + more

    def words_of(self, rule: str) -> str:
        """What the rule said of what happened."""
        said = Counter(
            f"{r.outcome.value}{f' ({r.words})' if r.words else ''}" for r in self._reasons if r.rule == rule
        )
        told = [f"{words.removesuffix(' ()')} {n}x" for words, n in said.items()]
        return "; ".join(told[:MOST_TOLD]) or "nothing that happened is about it"
