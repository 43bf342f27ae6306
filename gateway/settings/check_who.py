"""What the conditions of a rule must hold to, beyond what the JSON Schema can say."""

from collections.abc import Iterator

from gateway.settings.check_when import level_complaint
from gateway.settings.known import Known
from gateway.settings.rules import Who
from gateway.settings.schedule import minutes
from gateway.settings.wiring import Mistake
from gateway.settings.yamlfile import Key

_OF_A_VIEWER = ("follower", "moderator", "subscriber", "fan_level", "gifter_level", "top", "users")
MAX_DEPTH = 5
"""Blocks within each other; what is deeper, nobody understands at 11 pm."""


def check_who(at: list[Key], who: Who, known: Known, nobody: str, depth: int = 0) -> Iterator[Mistake]:
    """Every mistake in a condition. ``nobody``: the rule's trigger, if no viewer is behind it."""
    if who == Who():
        yield at, f"say who or what: {', '.join(Who.__struct_encode_fields__)}"
    if depth > MAX_DEPTH:
        yield at, f"at most {MAX_DEPTH} of all, any and not within each other"
        return
    for name in _OF_A_VIEWER if nobody else ():
        if getattr(who, name) is not None:
            yield [*at, name], nobody_words(nobody)
    for name in ("users", "stage", "station", "all", "any"):
        if getattr(who, name) in ([], {}):
            yield [*at, name], "expected at least one entry; there is none"
    for stage, level in (who.stage or {}).items():
        if words := known.refusal("stages", stage) or level_complaint(stage, level, known):
            yield [*at, "stage", stage], words
    for station in who.station or {}:
        if words := known.refusal("stations", station):
            yield [*at, "station", station], words
    if who.hours is not None and minutes(who.hours.from_) == minutes(who.hours.to):
        yield [*at, "hours"], f"begin and end at {who.hours.to}: for a whole day, leave from and to out"
    elif who.hours is not None and minutes(who.hours.from_) == minutes("24:00"):
        yield [*at, "hours", "from"], "a day begins at 00:00; 24:00 is where it ends"
    if who.so is not None and (words := known.expression_complaint(who.so, "bool")):
        yield [*at, "so"], words
    for name, group in (("all", who.all), ("any", who.any)):
        for i, one in enumerate(group or ()):
            yield from check_who([*at, name, i], one, known, nobody, depth + 1)
    if who.not_ is not None:
        yield from check_who([*at, "not"], who.not_, known, nobody, depth + 1)


def nobody_words(trigger: str) -> str:
    """What is wrong with asking for a viewer where there is none."""
    return f"no viewer is behind `{trigger}`, so this would never be so; leave it out"
