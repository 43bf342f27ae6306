"""Stages: which level a metric has climbed to, and why. Pure; what is remembered is small and goes in and out.

Every change of a level happens in ``advance``, one level at a time, each with its words.
"""

import math
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from gateway.messages import StageState, stamp
from gateway.rules.metrics import BUCKET_S, RATES
from gateway.settings.stages import Stage, in_order
from gateway.settings.values import duration
from gateway.settings.yamlfile import did_you_mean


class StageMemory(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where one stage stands; all times in seconds since 1970. ``since``: when it came to its ``level``.

    ``above_since``: since when the metric is at the minimum of the next level or above; ``below_since``: since
    when it is below the minimum of this one. ``locked``: the level that a person wants whatever is measured.
    ``asked``: the settings' own ``locked`` as it was last obeyed, so that only a new word of theirs counts.
    """

    level: str
    since: float
    above_since: float | None = None
    below_since: float | None = None
    locked: str | None = None
    asked: str | None = None


class StageChange(Struct, frozen=True):
    """One step of one stage, between levels that the settings know; ``words`` say why. A jump over several levels
    is several changes, in order."""

    stage: str
    from_level: str
    to_level: str
    up: bool
    words: str


class CompiledLevel(Struct, frozen=True):
    """``rush``: from there on reached at once, ``drop``: below it left at once; endless without retention.
    ``up``: the next enabled level above, None on top. ``stand``: itself, or the next enabled one below."""

    name: str
    minimum: float
    rush: float
    drop: float
    delay: float
    up: int | None
    stand: int


class CompiledStage(Struct, frozen=True):
    """``needs``: (level, other stage, its level, words) of the enabled levels that need one, from the lowest.
    ``fades``: what is measured falls by time alone."""

    name: str
    stage: Stage
    levels: tuple[CompiledLevel, ...]
    index: dict[str, int]
    needs: tuple[tuple[int, str, int, str], ...]
    dwell: float
    measured: str
    fades: bool


class CompiledStages(Struct, frozen=True):
    """``stages`` in the order of the file, ``order`` so that each comes after those that it needs."""

    stages: dict[str, CompiledStage]
    order: tuple[CompiledStage, ...]


Read = Callable[[Stage], float]
"""What a stage measures, now."""


def compile_stages(stages: Mapping[str, Stage]) -> CompiledStages:
    """Turn checked stages (gateway.settings.stages.check_stages) into what ``advance`` takes."""
    compiled = {name: _compile(name, stage, stages) for name, stage in stages.items()}
    return CompiledStages(compiled, tuple(compiled[name] for name in in_order(stages)))


def advance(
    compiled: CompiledStages, memories: Mapping[str, StageMemory], read: Read, now: float
) -> tuple[dict[str, StageMemory], list[StageChange]]:
    """The memories that are new, and what changed. To be called after every event and whenever ``due`` says.

    A stage that is not remembered begins on its lowest level. So does one whose level is gone from the settings,
    and that is no change: it climbs anew, at once if nothing holds it up.
    """
    changed: dict[str, StageMemory] = {}
    changes: list[StageChange] = []
    standing: dict[str, int] = {}
    for stage in compiled.order:
        before = memories.get(stage.name)
        ceiling = _ceiling(stage, standing)
        memory = _awake(stage, before, now)
        metric = read(stage.stage)
        at = stage.index[memory.level]
        memory = _timed(stage, at, memory, metric, now)
        while step := _step(stage, at, memory, metric, ceiling, now):
            to, words = step
            level = stage.levels[to].name
            changes.append(StageChange(stage.name, memory.level, level, to > at, words))
            at, memory = to, replace(memory, level=level, since=now, above_since=None, below_since=None)
            memory = _timed(stage, at, memory, metric, now)
        if memory is not before:
            changed[stage.name] = memory
        standing[stage.name] = at
    return changed, changes


def due(compiled: CompiledStages, memories: Mapping[str, StageMemory], now: float) -> float | None:
    """When ``advance`` could next change a stage by time alone; None: only an event can.

    Always later than ``now`` if ``advance`` was called at ``now``.
    """
    standing: dict[str, int] = {}
    times: list[float] = []
    for stage in compiled.order:
        memory = memories.get(stage.name)
        at = None if memory is None else stage.index.get(memory.level)
        if memory is None or at is None:
            return now
        standing[stage.name] = at
        if memory.locked is None:
            times += _due(stage, at, memory, _ceiling(stage, standing)[0], now)
    return min(times, default=None)


def lock(memory: StageMemory, level: str | None) -> StageMemory:
    """Keep the stage on ``level``, or with None let it follow the metric again. The next ``advance`` moves it."""
    return replace(memory, locked=level)


def complaint(compiled: CompiledStages, stage: str, level: str | None) -> str:
    """Why ``stage`` cannot be locked on ``level``; "" when it can."""
    known = compiled.stages.get(stage)
    if known is None:
        others = f"; there are {', '.join(compiled.stages) or 'none'}"
        return f"there is no stage {stage!r}{did_you_mean(stage, compiled.stages) or others}"
    if level is not None and level not in known.index:
        return f"stage {stage!r} has no level {level!r}{did_you_mean(level, known.index)}"
    return ""


def state(
    compiled: CompiledStages, memories: Mapping[str, StageMemory], read: Read, now: float
) -> list[StageState]:
    """Every stage for the page, in the order of the file: ``needs`` is the minimum of the ``next`` level."""
    states = []
    for stage in compiled.stages.values():
        memory = _awake(stage, memories.get(stage.name), now)
        up = stage.levels[stage.index[memory.level]].up
        states.append(
            StageState(
                stage=stage.name,
                level=memory.level,
                since=stamp(memory.since),
                metric=read(stage.stage),
                next="" if up is None else stage.levels[up].name,
                needs=None if up is None else stage.levels[up].minimum,
                locked=memory.locked is not None,
            )
        )
    return states


def _compile(name: str, stage: Stage, stages: Mapping[str, Stage]) -> CompiledStage:
    settings = list(stage.levels.values())
    levels: list[CompiledLevel] = []
    needs: list[tuple[int, str, int, str]] = []
    for i, (level, s) in enumerate(stage.levels.items()):
        up = next((j for j in range(i + 1, len(settings)) if settings[j].enabled), None)
        stand = next(j for j in range(i, -1, -1) if settings[j].enabled)  # the lowest always is
        low, reach = s.minimum or 0.0, s.retention or math.inf
        levels.append(CompiledLevel(level, low, low + reach, low - reach, duration(s.delay), up, stand))
        if s.needs and s.enabled:
            other, _, theirs = s.needs.partition("/")
            needs.append((i, other, list(stages[other].levels).index(theirs), f"stage {other} is below {theirs}"))
    return CompiledStage(
        name,
        stage,
        tuple(levels),
        {level: i for i, level in enumerate(stage.levels)},
        tuple(needs),
        duration(stage.dwell),
        (stage.metric or stage.counter or "").replace("_", " "),
        stage.metric in RATES,
    )


def _ceiling(stage: CompiledStage, standing: Mapping[str, int]) -> tuple[int, str]:
    """The highest level that the other stages allow, and why none above it."""
    for level, other, theirs, words in stage.needs:
        if standing[other] < theirs:
            return level - 1, words
    return len(stage.levels) - 1, ""


def _awake(stage: CompiledStage, memory: StageMemory | None, now: float) -> StageMemory:
    """The memory as this clock and these settings understand it; itself where nothing is wrong with it."""
    if memory is None:
        memory = StageMemory(level=stage.levels[0].name, since=now)
    elif memory.level not in stage.index:
        memory = replace(memory, level=stage.levels[0].name, since=now, above_since=None, below_since=None)
    elif memory.since > now:  # the clock was set back: waits begin anew, else they last as long as it was set back
        memory = replace(memory, since=now)
    if memory.asked != stage.stage.locked:
        memory = replace(memory, asked=stage.stage.locked, locked=stage.stage.locked)
    if memory.locked is not None and memory.locked not in stage.index:
        memory = replace(memory, locked=None)
    return memory


def _timed(stage: CompiledStage, at: int, memory: StageMemory, metric: float, now: float) -> StageMemory:
    """The memory with its two clocks started or stopped by what is measured."""
    level = stage.levels[at]
    above = level.up is not None and metric >= stage.levels[level.up].minimum
    above_since = _since(memory.above_since, now) if above else None
    below_since = _since(memory.below_since, now) if metric < level.minimum else None
    if above_since == memory.above_since and below_since == memory.below_since:
        return memory
    return replace(memory, above_since=above_since, below_since=below_since)


def _since(since: float | None, now: float) -> float:
    return now if since is None or since > now else since


def _step(
    stage: CompiledStage, at: int, memory: StageMemory, metric: float, ceiling: tuple[int, str], now: float
) -> tuple[int, str] | None:
    """The level to go to next, and why; None: it stays."""
    if memory.locked is not None:
        to = stage.index[memory.locked]
        return None if to == at else (to, "locked by a person")
    highest, why = ceiling
    level = stage.levels[at]
    if at > highest:
        return stage.levels[highest].stand, why
    if level.stand != at:
        return level.stand, f"{level.name} is switched off"
    if now < memory.since + stage.dwell:
        return None
    if memory.below_since is not None:
        down = stage.levels[at - 1].stand
        if metric < level.drop:
            return down, _words(stage, metric, "at once below", level.drop)
        if now >= memory.below_since + level.delay:
            return down, _words(stage, metric, "below", level.minimum, level.delay)
    if memory.above_since is not None and level.up is not None and level.up <= highest:
        upper = stage.levels[level.up]
        if metric >= upper.rush:
            return level.up, _words(stage, metric, "at once from", upper.rush)
        if now >= memory.above_since + upper.delay:
            return level.up, _words(stage, metric, "at least", upper.minimum, upper.delay)
    return None


def _words(stage: CompiledStage, metric: float, side: str, limit: float, delay: float = 0.0) -> str:
    lasting = f" for {delay:g} s" if delay else ""
    return f"{metric:.10g} {stage.measured}: {side} {limit:.10g}{lasting}"


def _due(stage: CompiledStage, at: int, memory: StageMemory, ceiling: int, now: float) -> list[float]:
    level = stage.levels[at]
    waits: list[tuple[float, float]] = []
    if memory.below_since is not None:
        waits.append((memory.below_since, level.delay))
    if memory.above_since is not None and level.up is not None and level.up <= ceiling:
        waits.append((memory.above_since, stage.levels[level.up].delay))
    dwelt = min(memory.since, now) + stage.dwell
    times = [dwelt if now < dwelt else min(since, now) + delay for since, delay in waits]
    if stage.fades and at > 0:
        times.append((now // BUCKET_S + 1) * BUCKET_S)
    return times
