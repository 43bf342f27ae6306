"""Event: something happened on a stream. CloudEvents 1.0."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway.messages.codec import decode
from gateway.messages.values import Count, EventId, Id, Text, Timestamp, seconds


class User(Struct, frozen=True, kw_only=True, gc=False):
    """A viewer. ``id`` is the platform's stable id, ``name`` the @name, ``nickname`` what is shown."""

    id: str
    name: Text = ""
    nickname: Text = ""
    follower: bool = False
    moderator: bool = False
    subscriber: bool = False
    fan_level: Count = 0
    gifter_level: Count = 0


class Gift(Struct, frozen=True, kw_only=True, gc=False):
    """``count`` is what this message adds (a delta), ``total`` the streak's count so far.

    ``coins`` is the price of one gift, None when it is not known (never guessed).
    ``streak`` names the streak the gift belongs to; ``ended`` closes it. Who adds up from more than one
    connector, or over a connector's restart, counts by ``streak`` and ``total``.
    ``to`` is the host of a group LIVE who got it, empty for the account's own.
    """

    user: User
    gift_id: str
    name: Text
    count: Count
    total: Count
    coins: Count | None = None
    streak: str = ""
    ended: bool = True
    to: Text = ""


class Comment(Struct, frozen=True, kw_only=True, gc=False):
    """``plain`` is the text as words are compared, see ``gateway.text.normalise``."""

    user: User
    text: Text
    plain: Text = ""


class Question(Struct, frozen=True, kw_only=True, gc=False):
    """Asked through the platform's questions, not as a comment."""

    user: User | None = None
    text: Text
    plain: Text = ""


class Envelope(Struct, frozen=True, kw_only=True, gc=False):
    """A treasure chest: coins that ``user`` gives to ``people`` viewers. It is no gift to the host."""

    user: User | None = None
    coins: Count | None = None
    people: Count | None = None


class Side(Struct, frozen=True, kw_only=True, gc=False):
    """One host of a battle; ``own`` is the account's."""

    id: str
    points: Count = 0
    own: bool = False


class Battle(Struct, frozen=True, kw_only=True, gc=False):
    """A match between hosts; ``sides`` are the points so far, as far as they were told."""

    battle: str
    phase: Literal["started", "points", "ended"]
    sides: list[Side] = []


class Like(Struct, frozen=True, kw_only=True, gc=False):
    """``count`` likes since the last message; ``total`` is the room's own counter."""

    user: User | None = None
    count: Count
    total: Count = 0


class Person(Struct, frozen=True, kw_only=True, gc=False):
    """The data of follow, share, join and subscribe: who did it."""

    user: User | None = None
    count: Annotated[int, Meta(ge=1, le=2**63 - 1)] = 1


class Viewers(Struct, frozen=True, kw_only=True, gc=False):
    count: Count


class Live(Struct, frozen=True, kw_only=True, gc=False):
    """The LIVE began or ended, as seen by the connector."""

    phase: Literal["started", "ended"]
    title: Text = ""


class Input(Struct, frozen=True, kw_only=True, gc=False):
    """An input of a station changed. ``count``: active edges since the board started."""

    station: Id
    channel: Id
    level: bool
    count: Count = 0


class Press(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody pressed a button of the page, or an integrator did (``gateway/<g>/request/press``)."""

    button: Id
    by: Text = ""


class TopicMessage(Struct, frozen=True, kw_only=True, gc=False):
    """A message on one of the MQTT topics that rules listen to. ``payload`` as text, cut after 1000 characters."""

    topic: Annotated[str, Meta(max_length=1000)]
    payload: Text = ""


class Tick(Struct, frozen=True, kw_only=True, gc=False):
    """It is time: for a ``rule`` with a clock, or the end of a ``timer``."""

    rule: str = ""
    timer: str = ""


class SessionOrder(Struct, frozen=True, kw_only=True, gc=False):
    """A person began or ended a session by hand."""

    phase: Literal["started", "ended"]
    by: Text = ""


class Gap(Struct, frozen=True, kw_only=True, gc=False):
    """TikTok was not heard from ``start`` to ``end``; statistics must not pretend otherwise."""

    start: Timestamp
    end: Timestamp
    why: Text


class _Event(Struct, frozen=True, kw_only=True, gc=False, tag_field="type"):
    """CloudEvents 1.0 context attributes. ``id`` is the same for every copy of the same happening.

    ``time`` is when the platform says it happened, ``received`` when the connector read it.
    ``simulated`` marks practice data, which never mixes with real statistics.
    ``stale`` marks an event delivered too late: it counts, but does not fire.
    """

    specversion: Literal["1.0"] = "1.0"
    id: EventId
    source: str
    time: Timestamp
    received: Timestamp
    account: Id
    room: str = ""
    simulated: bool = False
    stale: bool = False


class GiftEvent(_Event, frozen=True, kw_only=True, tag="stagewire.gift"):
    data: Gift


class CommentEvent(_Event, frozen=True, kw_only=True, tag="stagewire.comment"):
    data: Comment


class LikeEvent(_Event, frozen=True, kw_only=True, tag="stagewire.like"):
    data: Like


class FollowEvent(_Event, frozen=True, kw_only=True, tag="stagewire.follow"):
    data: Person


class ShareEvent(_Event, frozen=True, kw_only=True, tag="stagewire.share"):
    data: Person


class JoinEvent(_Event, frozen=True, kw_only=True, tag="stagewire.join"):
    data: Person


class SubscribeEvent(_Event, frozen=True, kw_only=True, tag="stagewire.subscribe"):
    data: Person


class ViewersEvent(_Event, frozen=True, kw_only=True, tag="stagewire.viewers"):
    data: Viewers


class QuestionEvent(_Event, frozen=True, kw_only=True, tag="stagewire.question"):
    data: Question


class EnvelopeEvent(_Event, frozen=True, kw_only=True, tag="stagewire.envelope"):
    data: Envelope


class BattleEvent(_Event, frozen=True, kw_only=True, tag="stagewire.battle"):
    data: Battle


class LiveEvent(_Event, frozen=True, kw_only=True, tag="stagewire.live"):
    data: Live


class GapEvent(_Event, frozen=True, kw_only=True, tag="stagewire.gap"):
    data: Gap


class _VenueEvent(_Event, frozen=True, kw_only=True):
    """What the gateway itself saw: it belongs to no account."""

    account: Annotated[str, Meta(max_length=0)] = ""


class InputEvent(_VenueEvent, frozen=True, kw_only=True, tag="stagewire.input"):
    data: Input


class PressEvent(_VenueEvent, frozen=True, kw_only=True, tag="stagewire.press"):
    data: Press


class TopicEvent(_VenueEvent, frozen=True, kw_only=True, tag="stagewire.topic"):
    data: TopicMessage


class TickEvent(_VenueEvent, frozen=True, kw_only=True, tag="stagewire.tick"):
    data: Tick


class SessionEvent(_Event, frozen=True, kw_only=True, tag="stagewire.session"):
    """The one kind that the gateway makes for an account."""

    data: SessionOrder


Event = (
    GiftEvent
    | CommentEvent
    | LikeEvent
    | FollowEvent
    | ShareEvent
    | JoinEvent
    | SubscribeEvent
    | ViewersEvent
    | QuestionEvent
    | EnvelopeEvent
    | BattleEvent
    | LiveEvent
    | GapEvent
    | InputEvent
    | PressEvent
    | TopicEvent
    | TickEvent
    | SessionEvent
)

EVENT_CLASSES: dict[str, type[Event]] = {
    str(c.__struct_config__.tag).removeprefix("stagewire."): c for c in Event.__args__
}
"""Kind to class: the closed set of event kinds, in the contract's order."""

KINDS: dict[type[Event], str] = {c: k for k, c in EVENT_CLASSES.items()}
"""Class to kind."""

VENUE_KINDS = frozenset({"input", "press", "topic", "tick", "session"})
"""What the gateway itself sees, or is told."""
LIVE_KINDS = tuple(kind for kind in EVENT_CLASSES if kind not in VENUE_KINDS)
"""What comes from a LIVE, on ``account/<a>/event/<kind>``."""

MERGED_KINDS = frozenset({"like", "join", "viewers"})
"""Sent at QoS 0 and merged to at most 2/s per account; every other kind is QoS 1, one message each (but of a
battle's points only the newest, at most 2/s)."""


def decode_event(payload: bytes) -> Event:
    """Parse one event. Raises ``PayloadError``, also for a time that does not exist (the 30th of February)."""
    event: Event = decode(payload, Event)
    gap = (event.data.start, event.data.end) if isinstance(event, GapEvent) else ()
    for time in (event.time, event.received, *gap):
        seconds(time)
    return event
