"""A rules file checked as a whole, against the settings: what the JSON Schema cannot say stands here."""

import keyword
from collections.abc import Iterator, Mapping

from gateway.messages import LONGEST_WAIT_S
from gateway.settings.check_loops import check_loops
from gateway.settings.check_steps import check_steps
from gateway.settings.check_when import LONGEST_S, NOBODY, VENUE, check_length, check_when
from gateway.settings.check_who import check_who, nobody_words
from gateway.settings.known import Known
from gateway.settings.models import Settings
from gateway.settings.rules import Counter, Rule, RuleBook
from gateway.settings.stages import check_stages
from gateway.settings.values import duration
from gateway.settings.variables import ALWAYS, variable
from gateway.settings.wiring import Mistake
from gateway.settings.yamlfile import Key

Lost = Mapping[tuple[str, str], int]
"""``(section, name)`` of what stands in the file and is not used, for a mistake of its own; and its line."""


def check_parts(settings: Settings, book: RuleBook, broken: Lost) -> Iterator[Mistake]:
    """Every mistake in what rules use: counters, timers, notes, stages and groups. Timers and notes
    are named in paths, ``["timers", name]``."""
    taken = dict.fromkeys(ALWAYS, "is always there")
    taken |= {variable("stages", name): f"is stage {name!r}'s" for name in book.stages}
    taken |= {variable("timers", name): f"is timer {name!r}'s" for name in book.timers}
    taken |= {variable("notes", name): f"is note {name!r}'s" for name in book.notes}
    for name, counter in book.counters.items():
        yield from _check_counter(["counters", name], name, counter, taken)
    for section, kind, names in (("timers", "timer", book.timers), ("notes", "note", book.notes)):
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield [section, name], f"{kind} {name!r} stands here more than once: leave one out"
    lost = {name for section, name in broken if section == "counters"} - book.counters.keys()
    yield from check_stages(["stages"], book.stages, book.counters.keys() | lost, settings.accounts)
    for name, stage in book.stages.items():
        at: list[Key] = ["stages", name, "counter"]
        if stage.counter in lost:
            yield at, Known(settings, book, broken).refusal("counters", stage.counter)
        elif stage.counter in book.counters and book.counters[stage.counter].per == "viewer":
            yield at, f"each viewer has their own {stage.counter!r}: measure a counter of the venue"
    for name, group in book.groups.items():
        yield from check_length(["groups", name, "cooldown"], group.cooldown)


def check_rules(settings: Settings, book: RuleBook, broken: Lost) -> Iterator[Mistake]:
    """Every mistake in the rules, where what they use is good."""
    known = Known(settings, book, broken)
    for name, rule in book.rules.items():
        yield from _check_rule(["rules", name], rule, known)
    yield from check_loops(book)


def _check_counter(at: list[Key], name: str, counter: Counter, taken: Mapping[str, str]) -> Iterator[Mistake]:
    spelled = variable("counters", name)
    if not spelled.isidentifier() or keyword.iskeyword(spelled) or spelled in ("true", "false"):
        yield (
            at,
            f"expressions could not read it as {spelled!r}: choose one that begins with a letter, no keyword",
        )
    elif spelled in taken:
        yield at, f"in expressions it would be {spelled}, and that name {taken[spelled]}: choose another"
    if counter.min >= counter.max:
        yield [*at, "max"], f"expected more than min, {counter.min:g}; found {counter.max:g}"
    elif not counter.min <= counter.start <= counter.max:
        yield [*at, "start"], f"expected {counter.min:g} to {counter.max:g}; found {counter.start:g}"


def _check_rule(at: list[Key], rule: Rule, known: Known) -> Iterator[Mistake]:
    trigger = next(iter(rule.when.given), "")
    nobody = trigger if trigger in NOBODY else ""
    yield from check_when([*at, "when"], rule.when, known)
    for word, who in (("if", rule.if_), ("unless", rule.unless)):
        if who is not None:
            yield from check_who([*at, word], who, known, nobody)
    yield from _check_accounts([*at, "accounts"], rule, known, trigger)
    yield from _check_limits(at, rule, known)
    if nobody:
        for word in ("user_cooldown", "user_per_minute"):
            if getattr(rule, word) is not None:
                yield [*at, word], nobody_words(nobody)
        if rule.combo is not None and rule.combo.users > 1:
            yield [*at, "combo", "users"], nobody_words(nobody)
    if rule.else_ and rule.if_ is None and rule.unless is None:
        yield [*at, "else"], "`else` is for who does not count: say `if` or `unless`"
    for word, steps in (("then", rule.then), ("else", rule.else_)):
        yield from check_steps([*at, word], steps, known, nobody)


def _check_accounts(at: list[Key], rule: Rule, known: Known, trigger: str) -> Iterator[Mistake]:
    if rule.accounts and trigger in VENUE:
        yield at, f"`{trigger}` belongs to the venue and to no account: leave it out"
        return
    for i, account in enumerate(rule.accounts):
        if words := known.refusal("accounts", account):
            yield [*at, i], words


def _check_limits(at: list[Key], rule: Rule, known: Known) -> Iterator[Mistake]:
    if not 0 < duration(rule.deadline) <= LONGEST_WAIT_S:
        yield [*at, "deadline"], f"expected more than 0 and at most {LONGEST_WAIT_S:g}s; found {rule.deadline}"
    for word, time in (("cooldown", rule.cooldown), ("user_cooldown", rule.user_cooldown)):
        if time is not None and duration(time) > LONGEST_S:
            yield [*at, word], f"expected at most {LONGEST_S / 3600:g}h; found {time}"
    if rule.group is not None and (words := known.refusal("groups", rule.group)):
        yield [*at, "group"], words
    if rule.max is not None and rule.mode not in ("parallel", "queued"):
        yield [*at, "max"], f"means nothing with mode {rule.mode}; it is for parallel and queued"
    if rule.combo is not None:
        if rule.combo.count == rule.combo.users == 1:
            yield [*at, "combo"], "say how many: count, users or both, more than 1"
        yield from check_length([*at, "combo", "within"], rule.combo.within)
