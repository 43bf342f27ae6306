"""Stages: levels that a metric climbs (more viewers, more light), and what they must hold to."""

from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from gateway.messages import Id
from gateway.settings.values import Duration, Name, duration
from gateway.settings.wiring import Mistake
from gateway.settings.yamlfile import Key, did_you_mean

Metric = Literal[
    "likes",
    "gifts",
    "coins",
    "comments",
    "follows",
    "shares",
    "joins",
    "subscribes",
    "viewers",
    "peak_viewers",
    "likes_per_minute",
    "comments_per_minute",
    "gifts_per_minute",
    "coins_per_minute",
    "follows_per_minute",
    "shares_per_minute",
]
"""Totals of the LIVE that runs, its viewers, and what came in the last minute."""
METRICS: tuple[str, ...] = get_args(Metric)

LONGEST_DELAY_S = 3600.0
"""A stage that waits longer than this is a slip of the pen."""
Amount = Annotated[float, Meta(ge=0, le=1e15)]
LevelOf = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9-]{1,32}/[a-z0-9-]{1,32}$",
        description="a level of another stage, as stage/level",
        examples=["crowd/full"],
    ),
]


class StageLevel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reached once the metric has stayed at ``minimum`` or more for ``delay``, left once it has stayed below for
    as long.

    ``retention`` cuts both waits short: from ``minimum + retention`` on the level is reached at once, below
    ``minimum - retention`` it is left at once. With 0 there is no such haste, only the delay.
    ``needs`` (``stage/level``): only while that other stage is on that level or higher; else this level is left
    at once, and so is every level above it. A level that is not ``enabled`` is passed over.
    """

    minimum: Amount | None = None
    delay: Duration = "0s"
    retention: Amount = 0
    needs: LevelOf | None = None
    enabled: bool = True


class Stage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``levels`` from the lowest, where it always begins, to the highest. They are climbed one at a time, each
    with its own delay, which begins at the earliest when the one below is reached; and left one at a time.

    Measured is either a ``metric``, of one ``account`` or summed over all of them, or a ``counter``.
    ``dwell``: the least time on a level before the metric may change it. ``locked``: it stays on this level,
    whatever is measured, until a person unlocks it.
    """

    metric: Metric | None = None
    counter: Id | None = None
    account: Id | None = None
    levels: dict[Id, StageLevel]
    dwell: Duration = "0s"
    locked: Id | None = None
    title: Name | None = None


def in_order(stages: Mapping[str, Stage]) -> list[str]:
    """The stages' names, each after those that it needs. Raises ``graphlib.CycleError`` for a circle."""
    return list(TopologicalSorter({name: _needed(stage) for name, stage in stages.items()}).static_order())


def check_stages(
    at: list[Key], stages: Mapping[str, Stage], counters: Collection[str], accounts: Collection[str]
) -> Iterator[Mistake]:
    """Every mistake in the stages."""
    for name, stage in stages.items():
        here = [*at, name]
        yield from _check_measured(here, stage, counters, accounts)
        if duration(stage.dwell) > LONGEST_DELAY_S:
            yield [*here, "dwell"], f"expected at most {LONGEST_DELAY_S / 3600:g}h; found {stage.dwell}"
        if stage.locked is not None and stage.locked not in stage.levels:
            hint = did_you_mean(stage.locked, stage.levels)
            yield [*here, "locked"], f"there is no level {stage.locked!r} here{hint}"
        yield from _check_levels([*here, "levels"], stage)
        for level, settings in stage.levels.items():
            if settings.needs is not None:
                yield from _check_needs([*here, "levels", level, "needs"], name, settings.needs, stages)
    try:
        in_order({n: s for n, s in stages.items() if n not in _needed(s)})
    except CycleError as e:
        circle: list[str] = e.args[1][::-1]  # graphlib tells it from the needed to the needing
        yield (
            [*at, circle[0]],
            f"stages need each other in a circle: {' needs '.join(circle)}; leave one `needs` out",
        )


def _needed(stage: Stage) -> list[str]:
    return [level.needs.partition("/")[0] for level in stage.levels.values() if level.needs]


def _check_measured(
    at: list[Key], stage: Stage, counters: Collection[str], accounts: Collection[str]
) -> Iterator[Mistake]:
    if (stage.metric is None) == (stage.counter is None):
        yield at, "say what is measured: exactly one of metric, counter"
    if stage.counter is not None and stage.counter not in counters:
        yield [*at, "counter"], f"there is no counter {stage.counter!r}{did_you_mean(stage.counter, counters)}"
    if stage.account is not None and stage.counter is not None:
        yield [*at, "account"], "a counter belongs to no account: leave it out"
    elif stage.account is not None and stage.account not in accounts:
        yield [*at, "account"], f"there is no account {stage.account!r}{did_you_mean(stage.account, accounts)}"


def _check_levels(at: list[Key], stage: Stage) -> Iterator[Mistake]:
    if len(stage.levels) < 2:
        yield at, "say two levels at least: the one where it begins, and one to climb to"
    for level, settings in stage.levels.items():
        if duration(settings.delay) > LONGEST_DELAY_S:
            yield [*at, level, "delay"], f"expected at most {LONGEST_DELAY_S / 3600:g}h; found {settings.delay}"
    for i, (level, settings) in enumerate(stage.levels.items()):
        if i == 0:
            yield from _check_ground([*at, level], settings)
        elif settings.minimum is None:
            yield [*at, level], "'minimum' is missing: what has to be measured to reach this level"
        elif settings.retention > settings.minimum:
            yield [*at, level, "retention"], f"expected at most minimum ({settings.minimum:g})"
    for (lower, below), (upper, above) in pairwise(stage.levels.items()):
        if above.minimum is not None and above.minimum <= (below.minimum or 0):
            least = f"{below.minimum or 0:g}, the minimum of {lower!r}"
            yield [*at, upper, "minimum"], f"levels go from lowest to highest: expected more than {least}"


def _check_ground(at: list[Key], ground: StageLevel) -> Iterator[Mistake]:
    if ground.minimum:
        yield [*at, "minimum"], "the first level is where the stage begins: leave minimum out"
    if not ground.enabled:
        yield [*at, "enabled"], "the first level is always on: there is none below to fall back to"
    if ground.needs is not None:
        yield [*at, "needs"], "the first level needs nothing: there is none below to fall back to"
    for setting, said in (("delay", duration(ground.delay)), ("retention", ground.retention)):
        if said:
            yield [*at, setting], "means nothing for the first level, which is never reached from below or left"


def _check_needs(at: list[Key], name: str, needs: str, stages: Mapping[str, Stage]) -> Iterator[Mistake]:
    other, _, level = needs.partition("/")
    if other == name:
        yield at, "levels of one stage are climbed one at a time anyway: leave it out, or name another stage"
    elif other not in stages:
        yield at, f"there is no stage {other!r}{did_you_mean(other, stages)}"
    elif level not in stages[other].levels:
        hint = did_you_mean(level, stages[other].levels)
        yield at, f"stage {other!r} has no level {level!r}{hint}"
