"""What a trigger must hold to, beyond what the JSON Schema can say."""

from collections.abc import Iterator

from msgspec import Struct

from gateway.errors import SettingsError
from gateway.settings.known import Known
from gateway.settings.outputs import topic_complaint
from gateway.settings.regex import searcher
from gateway.settings.schedule import Schedule
from gateway.settings.triggers import (
    CATEGORIES,
    OnComment,
    OnCounter,
    OnGift,
    OnInput,
    OnLike,
    OnMilestone,
    OnSequence,
    OnStage,
    OnTime,
    OnTimer,
    OnTopic,
    OnViewers,
    When,
)
from gateway.settings.values import duration
from gateway.settings.wiring import Mistake
from gateway.settings.yamlfile import Key, did_you_mean
from gateway.text import normalise
from gateway.topics import ROOT

VENUE = frozenset({"input", "time", "topic", "button", "timer", "counter", "stage"})
"""Triggers that belong to no account."""
NOBODY = frozenset({"input", "time", "topic", "button", "timer", "stage", "viewers", "live", "gap", "battle"})
"""Triggers with which no viewer did anything."""
LONGEST_S = 24 * 3600.0
"""Cooldowns, timers, combos: what takes longer than a LIVE lasts is a slip of the pen."""
_IN_SEQUENCES = ("gift", "comment", "follow", "share", "subscribe", "join", "question")
_INPUTS = ("input", "analog")
_CURLY = "“”„‟«»"
"""What phones and word processors make of a quote."""


def check_when(at: list[Key], when: When, known: Known) -> Iterator[Mistake]:
    """Every mistake in a trigger."""
    if len(when.given) != 1:
        yield at, f"say exactly one of {', '.join(when.__struct_fields__)}"
        return
    ((kind, on),) = when.given.items()
    at = [*at, kind]
    match on:
        case OnGift():
            yield from _check_gift(at, on)
        case OnComment():
            yield from _check_text(at, on)
        case OnLike():
            yield from _one_of(at, on, "every", "per_minute")
        case OnViewers():
            yield from _one_of(at, on, "above", "below")
        case OnMilestone():
            yield from _one_of(at, on, "at", "every")
            if on.at == []:
                yield [*at, "at"], "expected at least one number; the list is empty"
        case OnInput():
            yield from _check_input(at, on, known)
        case OnTime():
            yield from _check_time(at, on, known)
        case OnTopic():
            if is_ours(on.topic):
                yield (
                    [*at, "topic"],
                    "what Stagewire itself publishes has triggers of its own, such as gift or input",
                )
            elif words := topic_complaint(on.topic):
                yield [*at, "topic"], words
        case OnTimer():
            if words := known.refusal("timers", on.name):
                yield [*at, "name"], words
        case OnCounter():
            yield from _check_counter(at, on, known)
        case OnStage():
            yield from _check_stage(at, on, known)
        case OnSequence():
            yield from _check_sequence(at, on, known)


def is_ours(topic: str) -> bool:
    """Whether Stagewire itself talks there, in this version of its contract or in another."""
    return topic.partition("/")[0] == ROOT.partition("/")[0]


def check_length(at: list[Key], text: str, longest: float = LONGEST_S) -> Iterator[Mistake]:
    """A duration of more than nothing, and not too long."""
    if not 0 < duration(text) <= longest:
        most = f"{longest / 3600:g}h" if longest >= 3600 else f"{longest / 60:g}m"
        yield at, f"expected more than 0 and at most {most}; found {text}"


def _one_of(at: list[Key], on: Struct, *names: str) -> Iterator[Mistake]:
    if [getattr(on, name) is not None for name in names].count(True) != 1:
        yield at, f"say exactly one of {', '.join(names)}"


def _check_gift(at: list[Key], gift: OnGift) -> Iterator[Mistake]:
    if not (gift.name or gift.id or gift.min_coins or gift.max_coins or gift.category or gift.tier):
        yield at, "say which gifts: name, id, min_coins, max_coins, category or tier; min_coins: 1 is any"
    if gift.name is not None and not normalise(gift.name):
        yield [*at, "name"], f"expected a gift's name; nothing of {gift.name!r} can be compared"
    if gift.min_coins and gift.max_coins and gift.min_coins > gift.max_coins:
        yield [*at, "max_coins"], f"expected at least min_coins, {gift.min_coins}"
    if gift.category is not None:
        least, most = CATEGORIES[gift.category]
        costs = f"{gift.category} gifts cost {f'{least} to {most}' if most is not None else f'at least {least}'}"
        if gift.max_coins is not None and gift.max_coins < least:
            yield [*at, "max_coins"], f"{costs} coins, so no gift would do; found {gift.max_coins}"
        if gift.min_coins is not None and most is not None and gift.min_coins > most:
            yield [*at, "min_coins"], f"{costs} coins, so no gift would do; found {gift.min_coins}"
    if gift.streak is not None and gift.pay != "each":
        yield [*at, "streak"], "say streak or pay, not both: a streak of so many fires once"


def _check_text(at: list[Key], on: OnComment) -> Iterator[Mistake]:
    yield from _one_of(at, on, "contains", "exact", "command", "regex")
    for name in ("contains", "exact", "command"):
        word: str | None = getattr(on, name)
        if word is not None and not normalise(word):
            yield [*at, name], f"expected a word; nothing of {word!r} can be compared"
        elif word is not None and word[0] in _CURLY and word[-1] in _CURLY:
            yield [*at, name], f"{word[0]} and {word[-1]} are no quotes here but part of the text; write \" or '"
    if on.command is not None and " " in normalise(on.command):
        yield [*at, "command"], f"a command is one word, the first of the comment; found {on.command!r}"
    if on.regex is not None:
        try:
            searcher(on.regex)
        except SettingsError as e:
            yield [*at, "regex"], str(e)


def _check_input(at: list[Key], on: OnInput, known: Known) -> Iterator[Mistake]:
    if words := known.refusal("stations", on.station):
        yield [*at, "station"], words
        return
    channels = known.settings.stations[on.station].channels
    inputs = [name for name, channel in channels.items() if channel.kind in _INPUTS]
    if on.channel not in channels:
        hint = did_you_mean(on.channel, inputs) or (f"; its inputs are {', '.join(inputs)}" if inputs else "")
        yield [*at, "channel"], f"station {on.station!r} has no channel {on.channel!r}{hint}"
    elif on.channel not in inputs:
        kind = channels[on.channel].kind
        yield (
            [*at, "channel"],
            f"expected a channel of kind {' or '.join(_INPUTS)}; {on.channel!r} is of kind {kind}",
        )


def _check_time(at: list[Key], on: OnTime, known: Known) -> Iterator[Mistake]:
    yield from _one_of(at, on, "every", "cron")
    if on.every is not None and not 1 <= duration(on.every) <= LONGEST_S:
        yield [*at, "every"], f"expected 1s to {LONGEST_S / 3600:g}h; found {on.every}"
    elif on.every is None and on.cron is not None:
        try:
            Schedule(on, known.settings.zone)
        except SettingsError as e:
            yield [*at, "cron"], str(e)


def _check_counter(at: list[Key], on: OnCounter, known: Known) -> Iterator[Mistake]:
    yield from _one_of(at, on, "reaches", "falls_to", "every")
    if words := known.refusal("counters", on.name):
        yield [*at, "name"], words
        return
    counter = known.book.counters[on.name]
    if on.reaches is not None and not counter.min < on.reaches <= counter.max:
        within = f"more than {counter.min:g} and at most {counter.max:g}"
        yield [*at, "reaches"], f"counter {on.name!r} never comes to it from below: expected {within}"
    if on.falls_to is not None and not counter.min <= on.falls_to < counter.max:
        within = f"at least {counter.min:g} and less than {counter.max:g}"
        yield [*at, "falls_to"], f"counter {on.name!r} never comes to it from above: expected {within}"


def _check_stage(at: list[Key], on: OnStage, known: Known) -> Iterator[Mistake]:
    if words := known.refusal("stages", on.name):
        yield [*at, "name"], words
        return
    levels = list(known.book.stages[on.name].levels)
    if words := level_complaint(on.name, on.level, known):
        yield [*at, "level"], words
    elif on.going == "up" and on.level == levels[0]:
        yield (
            [*at, "level"],
            f"{on.level!r} is the lowest level, which is never reached from below; say going: down",
        )
    elif on.going == "down" and on.level == levels[-1]:
        yield (
            [*at, "level"],
            f"{on.level!r} is the highest level, which is never reached from above; say going: up",
        )


def level_complaint(stage: str, level: str, known: Known) -> str:
    """Why a stage that exists has no such level; "" when it has."""
    levels = known.book.stages[stage].levels
    if level in levels:
        return ""
    hint = did_you_mean(level, levels) or f"; its levels are {', '.join(levels)}"
    return f"stage {stage!r} has no level {level!r}{hint}"


def _check_sequence(at: list[Key], on: OnSequence, known: Known) -> Iterator[Mistake]:
    yield from check_length([*at, "within"], on.within)
    for i, step in enumerate(on.steps):
        here: list[Key] = [*at, "steps", i]
        others = [kind for kind in step.given if kind not in _IN_SEQUENCES]
        if others:
            yield [*here, others[0]], f"cannot be a step of a sequence; known here: {', '.join(_IN_SEQUENCES)}"
        else:
            yield from check_when(here, step, known)
