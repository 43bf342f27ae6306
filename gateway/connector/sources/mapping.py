"""From decoded Webcast messages to our Events. Pure.

A message is any object with the platform's field names: TikTokLive's classes, or those of
``webcast.proto``. An absent sub-message is None in the one and empty in the other; both read the same here.
"""

from collections.abc import Callable
from typing import Any, TypedDict

from gateway import messages as m
from gateway.connector.sources.base import Stream
from gateway.text import clean, normalise

MAX_TEXT = 4096
"""Characters; the contract's limit for a text. Longer ones are cut."""
SCENE_MODERATOR, SCENE_SUBSCRIBER, SCENE_NEW_SUBSCRIBER, SCENE_GIFTER, SCENE_FANS = 1, 4, 7, 8, 10
"""Badge.scene_type. The decoders' own ``is_moderator`` and levels are always empty."""
STREAKABLE = 1
"""Gift.type."""
ACTION_FOLLOW, ACTION_SHARE = 1, 3
"""SocialMessage.action."""
ACTION_SUBSCRIBED = 3
"""MemberMessage.action: told again, and better, by WebcastSubNotifyMessage."""
STREAM_ENDED, STREAM_SUSPENDED = 3, 4
"""ControlMessage.action."""
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


def to_event(stream: Stream, room: str, method: str, message: Any, msg_id: int, received: float) -> m.Event | None:
    """The Event that a message means, or None when it means none of ours.

    ``msg_id`` is the envelope's id, used where the message has none. ``received``: seconds since 1970.
    The event's id comes from room and message id alone: every connector gives it the same.
    A gift of a streak carries the streak's count so far in ``total``, and 0 in ``count``.
    """
    convert = _CONVERTERS.get(method)
    if convert is None:
        return None
    common = message.common
    sent = (common.create_time or 0) / 1000 if common else 0.0
    context: _Context = {
        "id": f"{room}-{(common.msg_id if common else 0) or msg_id}",
        "source": stream.source,
        "time": m.stamp(sent if _EARLIEST < sent < _LATEST else received),
        "received": m.stamp(received),
        "account": stream.account,
        "room": room,
        "simulated": stream.simulated,
    }
    return convert(message, context)


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


def _gift(message: Any, context: _Context) -> m.Event | None:
    gift = message.gift
    known = bool(gift and gift.id)
    gift_id = str(message.gift_id or (gift.id if known else 0))
    user = _user(message.user, message.user_identity) or m.User(id="0")
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
        name=_text(gift.name) if known else "",
        coins=gift.diamond_count if known and gift.diamond_count > 0 else None,
        count=count,
        total=total,
        streak=streak,
        ended=ended,
    )
    return m.GiftEvent(**context, data=data)


def _comment(message: Any, context: _Context) -> m.Event | None:
    user = _user(message.user, message.user_identity)
    if user is None:
        return None
    text = _text(message.content)
    return m.CommentEvent(**context, data=m.Comment(user=user, text=text, plain=normalise(text)))


def _like(message: Any, context: _Context) -> m.Event:
    data = m.Like(user=_user(message.user), count=max(0, message.count), total=max(0, message.total))
    return m.LikeEvent(**context, data=data)


def _social(message: Any, context: _Context) -> m.Event | None:
    """The display key decides, as on real LIVEs; the number where there is no key that we know."""
    data = m.Person(user=_user(message.user))
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


def _member(message: Any, context: _Context) -> m.Event | None:
    if message.action == ACTION_SUBSCRIBED:
        return None
    return m.JoinEvent(**context, data=m.Person(user=_user(message.user)))


def _subscribe(message: Any, context: _Context) -> m.Event:
    return m.SubscribeEvent(**context, data=m.Person(user=_user(message.user)))


def _viewers(message: Any, context: _Context) -> m.Event:
    return m.ViewersEvent(**context, data=m.Viewers(count=max(0, message.total)))


def _control(message: Any, context: _Context) -> m.Event | None:
    if message.action not in (STREAM_ENDED, STREAM_SUSPENDED):
        return None
    context["id"] = f"{context['room']}-ended"
    return m.LiveEvent(**context, data=m.Live(phase="ended"))


def _user(user: Any, identity: Any = None) -> m.User | None:
    """None for a message without a user. Who follows, moderates or subscribes stands in ``identity``
    (gifts and comments only) and in the badges."""
    if not user or not (user.id or user.id_str):
        return None
    levels = {int(b.scene_type): _level(b) for b in user.badge_list}
    subscriber = SCENE_SUBSCRIBER in levels or SCENE_NEW_SUBSCRIBER in levels
    return m.User(
        id=str(user.id or user.id_str),
        name=_text(user.display_id),
        nickname=_text(user.nickname),
        follower=bool(identity and identity.is_follower_of_anchor),
        moderator=SCENE_MODERATOR in levels or bool(identity and identity.is_moderator_of_anchor),
        subscriber=subscriber or bool(identity and identity.is_subscriber_of_anchor),
        fan_level=levels.get(SCENE_FANS, 0),
        gifter_level=levels.get(SCENE_GIFTER, 0),
    )


def _level(badge: Any) -> int:
    extra = badge.privilege_log_extra
    text = extra.level if extra else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _text(text: str) -> str:
    return clean(text, MAX_TEXT)


_CONVERTERS: dict[str, Callable[[Any, _Context], m.Event | None]] = {
    "WebcastGiftMessage": _gift,
    "WebcastChatMessage": _comment,
    "WebcastLikeMessage": _like,
    "WebcastSocialMessage": _social,
    "WebcastMemberMessage": _member,
    "WebcastSubNotifyMessage": _subscribe,
    "WebcastRoomUserSeqMessage": _viewers,
    "WebcastControlMessage": _control,
}

METHODS = frozenset(_CONVERTERS)
"""The messages that can become an Event; no other needs decoding."""
