"""When: does an event mean that a rule's actions shall run, and how often? Pure."""

from collections.abc import Callable

from gateway.messages import (
    BattleEvent,
    EnvelopeEvent,
    Gift,
    GiftEvent,
    InputEvent,
    LikeEvent,
    LiveEvent,
    Outcome,
    TopicEvent,
)
from gateway.rules.metrics import middle, value
from gateway.rules.moment import NO, Match, Matcher, Moment
from gateway.rules.sequences import on_sequence
from gateway.settings.regex import searcher
from gateway.settings.triggers import (
    CATEGORIES,
    TIERS,
    OnBattle,
    OnButton,
    OnComment,
    OnCounter,
    OnEnvelope,
    OnFirst,
    OnGap,
    OnGift,
    OnInput,
    OnLike,
    OnLive,
    OnMilestone,
    OnPerson,
    OnSequence,
    OnStage,
    OnTime,
    OnTimer,
    OnTopic,
    OnViewers,
    When,
)
from gateway.settings.values import duration
from gateway.text import normalise

ONCE: Match = (1, Outcome.FIRED, "")
MOST_NAMES = 20
"""Gifts that one name is known for; the same word names few in all languages."""
_WAITS = {"start": "it fires with the first gift of a streak", "end": "it fires when the streak ends"}
"""Why a gift that is meant does not fire the rule."""
_MILESTONES = {
    "likes": "like",
    "gifts": "gift",
    "coins": "gift",
    "comments": "comment",
    "follows": "follow",
    "shares": "share",
    "joins": "join",
    "subscribes": "subscribe",
    "viewers": "viewers",
}


def compile_when(rule: str, when: When, levels: dict[str, list[str]]) -> tuple[list[str], Matcher]:
    """Where a rule is looked up, and how it is told that it is meant.

    The keys are kinds of events of a LIVE, or ``kind:name`` of what the venue's own are about. ``rule`` names what
    is remembered; ``levels``: of each stage, lowest first.
    """
    ((kind, on),) = when.given.items()  # the settings' check has refused all else
    match on:
        case OnGift():
            return [kind], _on_gift(on)
        case OnComment():
            return [kind], _on_text(on)
        case OnLike():
            return [kind], _on_like(rule, on)
        case OnPerson():
            return [kind], _on_person
        case OnViewers():
            return [kind], _on_viewers(on)
        case OnEnvelope():
            return [kind], _on_envelope(on)
        case OnBattle() | OnLive():
            return [kind], _on_phase(on.phase)
        case OnMilestone():
            return [_MILESTONES[on.of]], _on_milestone(on)
        case OnSequence():
            return _on_sequence(rule, on, levels)
        case OnInput():
            return [f"input:{on.station}/{on.channel}"], _on_input(rule, on)
        case OnTopic():
            return [f"topic:{on.topic}"], _on_topic(on)
        case OnCounter():
            return [f"counter:{on.name}"], _on_counter(on)
        case OnStage():
            return [f"stage:{on.name}"], _on_stage(on, levels[on.name].index(on.level))
        case OnButton() | OnTimer():
            return [f"{kind}:{on.name}"], _always
        case OnTime():
            return [f"time:{rule}"], _always
        case OnGap() | OnFirst():
            return [kind], _always
        case _:
            raise ValueError(f"rule {rule!r}: {on!r} is no trigger")


def _always(_m: Moment) -> Match:
    return ONCE


def _on_gift(on: OnGift) -> Matcher:
    name = normalise(on.name) if on.name else ""
    least, most = CATEGORIES[on.category] if on.category else (0, None)
    least = max(least, on.min_coins or 0)
    most = min(m for m in (most, on.max_coins) if m is not None) if (most or on.max_coins) else None
    priced = bool(on.category or on.max_coins)
    waits = _WAITS.get(on.pay, "the streak has ended")
    if on.streak is not None:
        waits = f"it fires when a streak comes to {on.streak}"

    def named(gift: Gift, m: Moment) -> bool:
        known = m.state.gifts.get(name, ())
        if m.plain != name:
            return gift.gift_id in known
        if gift.gift_id and gift.gift_id not in known and len(known) < MOST_NAMES:
            m.state.gifts[name] = (*known, gift.gift_id)
        return True

    def priced_so(gift: Gift) -> bool:
        if gift.coins is None:
            return not (least or priced or on.tier)
        dear = on.tier is None or gift.coins * max(gift.total, 1) >= TIERS[on.tier]
        return dear and gift.coins >= least and (most is None or gift.coins <= most)

    def times(gift: Gift) -> int:
        if on.streak is not None:
            return int(gift.total - gift.count < on.streak <= gift.total)
        match on.pay:
            case "each":
                return gift.count
            case "start":
                return int(gift.count > 0 and gift.total == gift.count)
            case "end":
                return int(gift.ended)
            case "message":
                return int(gift.count > 0)

    def match(m: Moment) -> Match:
        assert isinstance(m.event, GiftEvent)
        gift = m.event.data
        if not priced_so(gift) or (on.id is not None and gift.gift_id != on.id) or (name and not named(gift, m)):
            return NO
        n = times(gift)
        if n:
            return n, Outcome.FIRED, ""
        return 0, Outcome.WAITING, waits

    return match


def _on_text(on: OnComment) -> Matcher:
    found = _text_test(on)

    def match(m: Moment) -> Match:
        return ONCE if found(m.plain) else NO

    return match


def _text_test(on: OnComment) -> Callable[[str], bool]:
    if on.regex is not None:
        return searcher(on.regex)
    if on.command is not None:
        command = normalise(on.command)
        return lambda text: text.partition(" ")[0] == command
    if on.exact is not None:
        exact = normalise(on.exact)
        return lambda text: text == exact
    contains = normalise(on.contains or "")
    return lambda text: contains in text


def _on_like(rule: str, on: OnLike) -> Matcher:
    def every(m: Moment) -> Match:
        assert isinstance(m.event, LikeEvent)
        assert on.every is not None
        key = f"{rule}/{m.account}"
        times, left = divmod(m.state.likes.get(key, 0) + m.event.data.count, on.every)
        m.state.likes[key] = left
        return (times, Outcome.FIRED, "") if times else (0, Outcome.WAITING, f"{left} of {on.every} likes")

    def rate(m: Moment) -> Match:
        assert on.per_minute is not None
        before, after = value(m.before, "likes_per_minute", m.now), m.live("likes_per_minute")
        return ONCE if before < on.per_minute <= after else (0, Outcome.WAITING, f"{after:g} likes a minute")

    return every if on.every is not None else rate


def _on_viewers(on: OnViewers) -> Matcher:
    def match(m: Moment) -> Match:
        if not m.before.samples:
            return 0, Outcome.WAITING, f"{m.after.viewers} viewers at the beginning"
        # As stages see them: one wrong number among right ones crosses nothing.
        before, after = middle(m.before.samples), m.after.viewers
        up = on.above is not None and before < on.above <= after
        down = on.below is not None and before >= on.below > after
        return ONCE if up or down else (0, Outcome.WAITING, f"{after} viewers")

    return match


def _on_person(m: Moment) -> Match:
    return m.event.data.count, Outcome.FIRED, ""  # type: ignore[union-attr]  # indexed by kind: a Person's


def _on_envelope(on: OnEnvelope) -> Matcher:
    def match(m: Moment) -> Match:
        assert isinstance(m.event, EnvelopeEvent)
        return NO if on.min_coins is not None and (m.event.data.coins or 0) < on.min_coins else ONCE

    return match


def _on_phase(phase: str) -> Matcher:
    def match(m: Moment) -> Match:
        assert isinstance(m.event, LiveEvent | BattleEvent)
        return ONCE if m.event.data.phase == phase else NO

    return match


def _on_milestone(on: OnMilestone) -> Matcher:
    # Viewers come and go: a milestone is passed once a LIVE, by the most there were.
    metric = "peak_viewers" if on.of == "viewers" else on.of

    def match(m: Moment) -> Match:
        before, after = int(getattr(m.before, metric)), int(getattr(m.after, metric))
        times = (
            after // on.every - before // on.every if on.every else sum(before < at <= after for at in on.at or ())
        )
        return (times, Outcome.FIRED, "") if times > 0 else (0, Outcome.WAITING, f"{after} {on.of} so far")

    return match


def _on_sequence(rule: str, on: OnSequence, levels: dict[str, list[str]]) -> tuple[list[str], Matcher]:
    steps = [compile_when(f"{rule}/{i}", when, levels) for i, when in enumerate(on.steps)]
    kinds = dict.fromkeys(kind for step, _ in steps for kind in step)
    return list(kinds), on_sequence(rule, steps, duration(on.within), same_viewer=on.same_viewer)


def _on_input(rule: str, on: OnInput) -> Matcher:
    def match(m: Moment) -> Match:
        assert isinstance(m.event, InputEvent)
        if m.event.data.level is not on.level:
            return NO
        if on.count == 1:
            return ONCE
        times, left = divmod(m.state.inputs.get(rule, 0) + 1, on.count)
        m.state.inputs[rule] = left
        return (times, Outcome.FIRED, "") if times else (0, Outcome.WAITING, f"{left} of {on.count} times")

    return match


def _on_topic(on: OnTopic) -> Matcher:
    def match(m: Moment) -> Match:
        assert isinstance(m.event, TopicEvent)
        return ONCE if on.payload is None or m.event.data.payload == on.payload else NO

    return match


def _on_counter(on: OnCounter) -> Matcher:
    def match(m: Moment) -> Match:
        assert m.signal is not None
        before, after = m.signal.before, m.signal.after
        if on.every is not None:
            times = int(after // on.every - before // on.every)
        elif on.reaches is not None:
            times = int(before < on.reaches <= after)
        else:
            times = int(on.falls_to is not None and before > on.falls_to >= after)
        return (times, Outcome.FIRED, "") if times > 0 else (0, Outcome.WAITING, f"{on.name} is at {after:g}")

    return match


def _on_stage(on: OnStage, level: int) -> Matcher:
    def match(m: Moment) -> Match:
        assert m.signal is not None
        before, after = m.signal.before, m.signal.after
        up, down = before < level <= after, before > level >= after
        return ONCE if (up and on.going != "down") or (down and on.going != "up") else NO

    return match
