"""From decoded Webcast messages to our Events. Pure.

A message is any object with the platform's field names: TikTokLive's classes, or those of
``webcast.proto``. An absent sub-message is None in the one and empty in the other; both read the same here.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypedDict

from gateway import messages as m
from gateway.connector.sources.base import Stream
from gateway.connector.sources.person import MAX_TEXT, person, plain_text
from gateway.text import normalise

__all__ = ["MAX_TEXT", "METHODS", "live_event", "to_event"]

STREAKABLE = 1
"""Gift.type."""
ACTION_FOLLOW, ACTION_SHARE = 1, 3
"""SocialMessage.action."""
ACTION_SUBSCRIBED = 3
"""MemberMessage.action: told again, and better, by WebcastSubNotifyMessage."""
STREAM_ENDED, STREAM_SUSPENDED = 3, 4
"""ControlMessage.action."""
ENVELOPE_HIDDEN = 2
"""EnvelopeMessage.display: its time is over."""
BATTLE_OPENED, BATTLE_FINISHED, BATTLE_CUT_SHORT = 4, 5, 6
"""LinkMicBattle.action; the others are about the invitation."""
MAX_SIDES = 64
"""Hosts in one battle; the platform allows far fewer, and what claims more is no battle."""
_EARLIEST, _LATEST = 1e9, 4e9
"""Seconds since 1970 (2001 to 2096); a time outside them is not one."""


class _Context(TypedDict):
    """What every event has."""

    id: str
    source: str
    time: m.Timestamp
    received: m.Timestamp
    account: str
    room: str
    simulated: bool


class _Host(NamedTuple):
    """The account's own host, as far as known: ``id`` may be empty, ``name`` is the @name."""

    id: str
    name: str

    def known_other(self, id_: int, name: str) -> bool:
        """It is somebody else, for sure."""
        if self.id:
            return str(id_) != self.id
        return bool(name) and name.lower() != self.name.lower()


@lru_cache(64)
def _host(id_: str, stream: Stream) -> _Host:
    return _Host(id_, stream.username)


_stamp = lru_cache(64)(m.stamp)  # a frame's messages share their times


def to_event(
    stream: Stream, room: str, method: str, message: Any, msg_id: int, received: float, *, host: str = ""
) -> m.Event | None:
    """The Event that a message means, or None when it means none of ours.

    ``msg_id`` is the envelope's id, used where the message has none. ``received``: seconds since 1970.
    ``host`` is the user id of the account's own host, where it is known: it tells gifts to other hosts of a
    group LIVE, and the own side of a battle.
    The event's id comes from room and message id alone: every connector gives it the same.
    A gift of a streak carries the streak's count so far in ``total``, and 0 in ``count``.
    """
    convert = _CONVERTERS.get(method)
    if convert is None:
        return None
    common = message.common
    sent = (common.create_time or 0) / 1000 if common else 0.0
    context: _Context = {
        "id": f"{room}-{(common.msg_id if common else 0) or msg_id or _digest(message, sent or received)}",
        "source": stream.source,
        "time": _stamp(sent if _EARLIEST < sent < _LATEST else received),
        "received": _stamp(received),
        "account": stream.account,
        "room": room,
        "simulated": stream.simulated,
    }
    return convert(message, context, _host(host, stream))


def _digest(message: Any, at: float) -> str:
    """In place of an id that the platform left out: copies of a message have the same."""
    said = message.SerializeToString() if hasattr(message, "SerializeToString") else bytes(message)
    return "x" + hashlib.blake2b(said + repr(at).encode(), digest_size=10).hexdigest()


def live_event(stream: Stream, room: str, *, ended: bool, now: float) -> m.LiveEvent:
    """The LIVE of ``room`` began or ended. Its id is the same however we learn of it."""
    phase = "ended" if ended else "started"
    return m.LiveEvent(
        id=f"{room}-{phase}",
        source=stream.source,
        time=m.stamp(now),
        received=m.stamp(now),
        account=stream.account,
        room=room,
        simulated=stream.simulated,
        data=m.Live(phase="ended" if ended else "started"),
    )


def _gift(message: Any, context: _Context, host: _Host) -> m.Event | None:
    gift = message.gift
    known = bool(gift and gift.id)
    gift_id = str(message.gift_id or (gift.id if known else 0))
    user = person(message.user, message.user_identity) or m.User(id="0")
    total = max(0, message.repeat_count)
    if not message.group_id or (known and gift.type != STREAKABLE):
        if known and gift.type == STREAKABLE and not message.repeat_end:
            return None  # without a group its streaks cannot be told apart: it counts at its end
        total = total or 1
        streak, count, ended = "", total, True
    else:  # an undescribed gift may be a streak; taken as one it is never paid twice
        streak = f"{user.id}-{gift_id}-{message.group_id}"
        count, ended = 0, bool(message.repeat_end)
    data = m.Gift(
        user=user,
        gift_id=gift_id,
        name=plain_text(gift.name) if known else "",
        coins=gift.diamond_count if known and gift.diamond_count > 0 else None,
        count=count,
        total=total,
        streak=streak,
        ended=ended,
        to=_receiver(message, host),
    )
    return m.GiftEvent(**context, data=data)


def _receiver(message: Any, host: _Host) -> str:
    """The other host of a group LIVE who got a gift, by @name or what is known of them; empty for the own one.

    Who is not known for sure to be another is taken for the own host: no gift to it may be missed.
    """
    to, monitor = message.to_user, message.monitor_info
    anchor = monitor.anchor_id if monitor else 0
    id_ = (to.id if to else 0) or (monitor.to_user_id if monitor else 0)
    name = to.display_id if to else ""
    if not id_ or not _Host(str(anchor or host.id), host.name).known_other(id_, name):
        return ""
    return plain_text(name or (to.nickname if to else "")) or str(id_)


def _comment(message: Any, context: _Context, _: _Host) -> m.Event | None:
    user = person(message.user, message.user_identity)
    if user is None:
        return None
    text = plain_text(message.content)
    return m.CommentEvent(**context, data=m.Comment(user=user, text=text, plain=normalise(text)))


def _like(message: Any, context: _Context, _: _Host) -> m.Event:
    data = m.Like(user=person(message.user), count=max(0, message.count), total=max(0, message.total))
    return m.LikeEvent(**context, data=data)


def _social(message: Any, context: _Context, _: _Host) -> m.Event | None:
    """The display key decides, as on real LIVEs; the number where there is no key that we know."""
    data = m.Person(user=person(message.user))
    text = message.common.display_text if message.common else None
    key = text.key if text else ""
    if key.startswith("pm_main_follow_message"):
        return m.FollowEvent(**context, data=data)
    if key.startswith("pm_mt_") and key.endswith("_share"):
        return m.ShareEvent(**context, data=data)
    if message.action == ACTION_FOLLOW:
        return m.FollowEvent(**context, data=data)
    if message.action == ACTION_SHARE:
        return m.ShareEvent(**context, data=data)
    return None


def _member(message: Any, context: _Context, _: _Host) -> m.Event | None:
    if message.action == ACTION_SUBSCRIBED:
        return None
    return m.JoinEvent(**context, data=m.Person(user=person(message.user)))


def _subscribe(message: Any, context: _Context, _: _Host) -> m.Event:
    return m.SubscribeEvent(**context, data=m.Person(user=person(message.user)))


def _viewers(message: Any, context: _Context, _: _Host) -> m.Event:
    return m.ViewersEvent(**context, data=m.Viewers(count=max(0, message.total)))


def _control(message: Any, context: _Context, _: _Host) -> m.Event | None:
    if message.action not in (STREAM_ENDED, STREAM_SUSPENDED):
        return None
    context["id"] = f"{context['room']}-ended"
    return m.LiveEvent(**context, data=m.Live(phase="ended"))


def _question(message: Any, context: _Context, _: _Host) -> m.Event | None:
    question = message.data
    text = plain_text(question.content) if question else ""
    if not text:
        return None
    data = m.Question(user=person(question.user), text=text, plain=normalise(text))
    return m.QuestionEvent(**context, data=data)


def _envelope(message: Any, context: _Context, _: _Host) -> m.Event | None:
    info = message.envelope_info
    sender = plain_text(info.send_user_id) if info else ""
    if not (sender or (info and info.diamond_count > 0)) or message.display == ENVELOPE_HIDDEN:
        return None
    data = m.Envelope(
        user=m.User(id=sender, nickname=plain_text(info.send_user_name)) if sender else None,
        coins=info.diamond_count if info.diamond_count > 0 else None,
        people=info.people_count if info.people_count > 0 else None,
    )
    return m.EnvelopeEvent(**context, data=data)


def _battle(message: Any, context: _Context, host: _Host) -> m.Event | None:
    phase: Literal["started", "ended"]
    if message.action == BATTLE_OPENED:
        phase = "started"
    elif message.action in (BATTLE_FINISHED, BATTLE_CUT_SHORT):
        phase = "ended"
    else:
        return None
    entries = message.anchors_info[:MAX_SIDES]
    hosts = {entry.key: entry.value.user if entry.value else None for entry in entries}
    own = host.id or next((str(id_) for id_, user in hosts.items() if _is_own(user, context, host)), "")
    results = message.battle_result if len(message.battle_result) <= MAX_SIDES else {}
    points = {id_: results[id_].score if id_ in results else 0 for id_ in {*hosts, *results}}
    return _battle_event(message, context, phase, points, own)


def _is_own(user: Any, context: _Context, host: _Host) -> bool:
    return bool(user) and (str(user.room_id) == context["room"] or user.display_id.lower() == host.name.lower())


def _points(message: Any, context: _Context, host: _Host) -> m.Event | None:
    if len(message.armies) > MAX_SIDES:
        return None
    points = {id_: army.hostscore for id_, army in message.armies.items()}
    return _battle_event(message, context, "points", points, host.id)


def _battle_event(
    message: Any,
    context: _Context,
    phase: Literal["started", "points", "ended"],
    points: dict[int, int],
    own: str,
) -> m.BattleEvent:
    sides = [m.Side(id=str(id_), points=max(0, p), own=str(id_) == own) for id_, p in sorted(points.items())]
    return m.BattleEvent(**context, data=m.Battle(battle=str(message.battle_id), phase=phase, sides=sides))


_CONVERTERS: dict[str, Callable[[Any, _Context, _Host], m.Event | None]] = {
    "WebcastGiftMessage": _gift,
    "WebcastChatMessage": _comment,
    "WebcastLikeMessage": _like,
    "WebcastSocialMessage": _social,
    "WebcastMemberMessage": _member,
    "WebcastSubNotifyMessage": _subscribe,
    "WebcastRoomUserSeqMessage": _viewers,
    "WebcastControlMessage": _control,
    "WebcastQuestionNewMessage": _question,
    "WebcastEnvelopeMessage": _envelope,
    "WebcastLinkMicBattle": _battle,
    "WebcastLinkMicArmies": _points,
}

METHODS = frozenset(_CONVERTERS)
"""The messages that can become an Event; no other needs decoding."""
