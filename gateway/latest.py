"""When each rule last fired, and why it last did not: the answer to "does it work?" without reading a trace.

Known since the gateway began; only rules that had something to say of an event are touched by it.
"""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from gateway.messages import KINDS, Decided, Event, Outcome, RuleFired, RuleRefused
from gateway.text import clean

MOST_REASONS = 3
"""Told of a rule, each another outcome."""
LONGEST = 120
"""Characters of words, a viewer's or a rule's."""


class _Said(Struct):
    """What a rule last said: the event that it fired for, and by outcome, the oldest first, why it did not.
    ``told``: the same for everybody to see, made when somebody looks."""

    fired: tuple[Event, str] | None = None
    refused: dict[Outcome, tuple[Event, str, str]] = {}
    told: tuple[RuleFired | None, list[RuleRefused]] | None = None


class Latest:
    """Belongs to the loop."""

    def __init__(self) -> None:
        self._said: dict[str, _Said] = {}

    def decided(self, event: Event, decided: Decided) -> None:
        """Takes note of the rules' words that are ``noteworthy``."""
        for reason in decided.reasons:
            said = self._said.get(reason.rule)
            if said is None:
                said = self._said[reason.rule] = _Said()
            said.told = None
            if reason.outcome is Outcome.FIRED:
                said.fired = event, decided.time
            else:
                said.refused.pop(reason.outcome, None)
                said.refused[reason.outcome] = event, decided.time, reason.words

    def keep(self, rules: Iterable[str]) -> None:
        """Only of ``rules``: those that are in force now."""
        known = set(rules)
        self._said = {name: said for name, said in self._said.items() if name in known}

    def forget(self, _viewer: str) -> None:
        """Everything: a viewer may stand in any of it."""
        self._said.clear()

    def of(self, rule: str) -> tuple[RuleFired | None, list[RuleRefused]]:
        """What it last fired for, and what it did not, the newest first. Nothing: not since the gateway began."""
        said = self._said.get(rule)
        if said is None:
            return None, []
        if said.told is None:
            fired = said.fired and RuleFired(time=said.fired[1], event=said.fired[0].id, **_about(said.fired[0]))
            newest = list(said.refused.items())[: -MOST_REASONS - 1 : -1]
            said.told = (
                fired,
                [
                    RuleRefused(
                        time=time, event=event.id, outcome=outcome, words=clean(words, LONGEST), **_about(event)
                    )
                    for outcome, (event, time, words) in newest
                ],
            )
        return said.told


def _about(event: Event) -> dict[str, Any]:
    """The event in short, as ``RuleFired`` holds it."""
    data: Any = event.data
    user = getattr(data, "user", None)
    name = getattr(data, "name", "") or getattr(data, "text", "") or getattr(data, "button", "")
    return {
        "kind": KINDS[type(event)],
        "what": clean(name, LONGEST),
        "count": getattr(data, "count", 1),
        "who": clean((user.nickname or user.name) if user else getattr(data, "by", ""), LONGEST),
        "simulated": event.simulated,
    }
