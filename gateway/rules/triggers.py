"""When: does an event mean that a rule's actions shall run, and how often? Pure."""

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from gateway.messages import (
    BattleEvent,
    CommentEvent,
    EnvelopeEvent,
    Event,
    FollowEvent,
    GapEvent,
    Gift,
    GiftEvent,
    JoinEvent,
    LikeEvent,
    LiveEvent,
    QuestionEvent,
    ShareEvent,
    SubscribeEvent,
    ViewersEvent,
)
from gateway.rules.state import State
from gateway.settings.rules import (
    TIERS,
    OnBattle,
    OnComment,
    OnEnvelope,
    OnGap,
    OnGift,
    OnLike,
    OnLive,
    OnPerson,
    OnViewers,
    When,
)
from gateway.text import normalise


class Outcome(StrEnum):
    """What a rule that was looked at said; nothing else exists."""

    FIRED = "fired"
    NO_MATCH = "no match"
    WAITING = "waiting"
    NOT_MEANT = "not meant"
    COOLDOWN = "cooldown"
    STALE = "stale"


Match = tuple[int, Outcome, str]
"""How often the rule's actions shall run, and the outcome with its words when that is 0."""
Matcher = Callable[[Event, State], Match]

NO: Match = (0, Outcome.NO_MATCH, "")
ONCE: Match = (1, Outcome.FIRED, "")


def compile_when(rule: str, when: When) -> tuple[str, Matcher]:
    """The kind of event that can match, and how it is told. ``rule`` names what is remembered."""
    ((kind, on),) = when.given.items()  # gateway.settings.load has refused all else
    return kind, _matcher(rule, on)


def _matcher(rule: str, on: Struct) -> Matcher:
    match on:
        case OnGift():
            return _on_gift(on)
        case OnComment():
            return _on_text(on)
        case OnLike():
            return _on_like(rule, on)
        case OnPerson():
            return _on_person
        case OnViewers():
            return _on_viewers(rule, on)
        case OnEnvelope():
            return _on_envelope(on)
        case OnBattle() | OnLive():
            return _on_phase(on.phase)
        case OnGap():
            return lambda _event, _state: ONCE
        case _:
            raise ValueError(f"rule {rule!r}: {on!r} is no trigger")


def _on_gift(on: OnGift) -> Matcher:
    name = normalise(on.name) if on.name else None

    def meant(gift: Gift) -> bool:
        coins = gift.coins or 0
        return (
            (on.id is None or gift.gift_id == on.id)
            and (name is None or normalise(gift.name) == name)
            and (on.min_coins is None or coins >= on.min_coins)
            and (on.max_coins is None or (gift.coins is not None and coins <= on.max_coins))
            and (on.tier is None or (gift.coins is not None and coins * max(gift.total, 1) >= TIERS[on.tier]))
        )

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

    def match(event: Event, _state: State) -> Match:
        assert isinstance(event, GiftEvent)
        if not meant(event.data):
            return NO
        n = times(event.data)
        return (n, Outcome.FIRED, "") if n else (0, Outcome.WAITING, "the streak goes on")

    return match


def _on_text(on: OnComment) -> Matcher:
    exact = normalise(on.exact) if on.exact else None
    command = normalise(on.command) if on.command else None
    contains = normalise(on.contains) if on.contains else ""

    def match(event: Event, _state: State) -> Match:
        assert isinstance(event, CommentEvent | QuestionEvent)
        text = event.data.plain or normalise(event.data.text)
        if command is not None:
            hit = text.partition(" ")[0] == command
        else:
            hit = text == exact if exact is not None else contains in text
        return ONCE if hit else NO

    return match


def _on_like(rule: str, on: OnLike) -> Matcher:
    def match(event: Event, state: State) -> Match:
        assert isinstance(event, LikeEvent)
        key = f"{rule}/{event.account}"
        times, state.likes[key] = divmod(state.likes.get(key, 0) + event.data.count, on.every)
        if times:
            return times, Outcome.FIRED, ""
        return 0, Outcome.WAITING, f"{state.likes[key]} of {on.every} likes"

    return match


def _on_person(event: Event, _state: State) -> Match:
    assert isinstance(event, FollowEvent | ShareEvent | SubscribeEvent | JoinEvent)
    return event.data.count, Outcome.FIRED, ""


def _on_viewers(rule: str, on: OnViewers) -> Matcher:
    """Only a crossing counts: the first number of an account is where it begins."""

    def match(event: Event, state: State) -> Match:
        assert isinstance(event, ViewersEvent)
        key, now = f"{rule}/{event.account}", event.data.count
        before = state.viewers.get(key)
        state.viewers[key] = now
        if before is None:
            return 0, Outcome.WAITING, f"{now} viewers at the beginning"
        if (on.above is not None and before < on.above <= now) or (
            on.below is not None and before >= on.below > now
        ):
            return ONCE
        return 0, Outcome.WAITING, f"{now} viewers"

    return match


def _on_envelope(on: OnEnvelope) -> Matcher:
    def match(event: Event, _state: State) -> Match:
        assert isinstance(event, EnvelopeEvent)
        return NO if on.min_coins is not None and (event.data.coins or 0) < on.min_coins else ONCE

    return match


def _on_phase(phase: str) -> Matcher:
    def match(event: Event, _state: State) -> Match:
        assert isinstance(event, LiveEvent | BattleEvent | GapEvent)
        return ONCE if not isinstance(event, GapEvent) and event.data.phase == phase else NO

    return match
