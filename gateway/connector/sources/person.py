"""The viewer in a Webcast message. Pure."""

from typing import Any

from gateway import messages as m
from gateway.text import clean

MAX_TEXT = 4096
"""Characters; the contract's limit for a text. Longer ones are cut."""
SCENE_MODERATOR, SCENE_SUBSCRIBER, SCENE_NEW_SUBSCRIBER, SCENE_GIFTER, SCENE_FANS = 1, 4, 7, 8, 10
"""Badge.scene_type. The decoders' own ``is_moderator`` and levels are always empty."""
MAX_BADGES = 64
"""Badges of a user that are looked at."""


def person(user: Any, identity: Any = None) -> m.User | None:
    """A message's user; None where it has none. Who follows, moderates or subscribes stands in ``identity``
    (gifts and comments only) and in the badges."""
    if not user or not (user.id or user.id_str):
        return None
    moderator, subscriber, fan_level, gifter_level = False, False, 0, 0
    for badge in user.badge_list[:MAX_BADGES]:
        scene = badge.scene_type
        if scene == SCENE_GIFTER:
            gifter_level = _level(badge)
        elif scene == SCENE_FANS:
            fan_level = _level(badge)
        elif scene == SCENE_MODERATOR:
            moderator = True
        elif scene in (SCENE_SUBSCRIBER, SCENE_NEW_SUBSCRIBER):
            subscriber = True
    return m.User(
        id=str(user.id or user.id_str),
        name=plain_text(user.display_id),
        nickname=plain_text(user.nickname),
        follower=bool(identity and identity.is_follower_of_anchor),
        moderator=moderator or bool(identity and identity.is_moderator_of_anchor),
        subscriber=subscriber or bool(identity and identity.is_subscriber_of_anchor),
        fan_level=fan_level,
        gifter_level=gifter_level,
    )


def _level(badge: Any) -> int:
    extra = badge.privilege_log_extra
    text = extra.level if extra else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def plain_text(text: str) -> str:
    """What somebody wrote, made safe to show and short enough for the contract."""
    return clean(text, MAX_TEXT)
