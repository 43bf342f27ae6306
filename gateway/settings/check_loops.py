"""Rules that hear on MQTT what they publish themselves, and would go on for ever as fast as the broker can."""

from collections.abc import Iterator

from gateway.settings.rules import Rule, RuleBook
from gateway.settings.steps import Publish, Then
from gateway.settings.triggers import OnTopic
from gateway.settings.wiring import Mistake


def check_loops(book: RuleBook) -> Iterator[Mistake]:
    """Every rule in a circle of rules that each start the next one, with nothing that could hold them back."""
    rules = {name: rule for name, rule in book.rules.items() if _endless(rule)}
    hear = {name: rule.when.topic for name, rule in rules.items() if rule.when.topic is not None}
    said = {name: list(_published(rules[name].then)) for name in hear}
    starts = {name: [r for r, on in hear.items() if any(_hears(on, p) for p in said[name])] for name in hear}
    for name, on in hear.items():
        if name in _reached(name, starts):
            yield (
                ["rules", name, "then"],
                f"what it publishes starts it again, without end: it listens to {on.topic}. "
                "Publish elsewhere, listen to one payload alone, or say a cooldown",
            )


def _endless(rule: Rule) -> bool:
    held_back = (rule.cooldown, rule.group, rule.combo, rule.if_, rule.unless)
    return rule.enabled and all(word is None for word in held_back)


def _published(steps: list[Then]) -> Iterator[Publish]:
    for then in steps:
        if then.publish is not None:
            yield then.publish
        for branch in then.parallel or ():
            yield from _published(branch)
        for choice in then.choose or ():
            yield from _published(choice.steps)
        if then.repeat is not None:
            yield from _published(then.repeat.steps)
        if then.fork is not None:
            yield from _published([*then.fork.steps, *then.fork.else_])


def _hears(on: OnTopic, said: Publish) -> bool:
    if on.topic != said.topic:
        return False
    plain = said.payload.replace("{{", "").replace("}}", "")
    return on.payload is None or "{" in plain or said.payload.replace("{{", "{").replace("}}", "}") == on.payload


def _reached(name: str, starts: dict[str, list[str]]) -> set[str]:
    """All that follows from one rule."""
    reached, waiting = set[str](), [name]
    while waiting:
        for other in starts[waiting.pop()]:
            if other not in reached:
                reached.add(other)
                waiting.append(other)
    return reached
