"""Turning the knobs of a room and of its platform by the names of what goes wrong then."""

import math
from typing import TYPE_CHECKING, assert_never, cast, get_args

from gateway.practice.tiktok import badframes
from gateway.practice.tiktok.acts import Unknown
from gateway.practice.tiktok.faults import Fault, InRoom, Lasting, Once
from gateway.practice.tiktok.mischief import Mischief
from gateway.practice.tiktok.room import Room

if TYPE_CHECKING:
    from gateway.practice.tiktok.server import PracticeTikTok

BLOCKED = "DEVICE_BLOCKED"
"""The platform's word to a client that it does not like."""
LONGEST_LIMIT = 3600.0
"""Seconds of a limit that ends when it is released."""
SHARE = 0.5
"""Of the messages that lost-ends, doubled and late meet."""


async def press(fault: Fault, tiktok: "PracticeTikTok", room: Room, seconds: float = math.inf) -> None:
    """Let it go wrong. ``seconds`` is how long it will be; ``limited`` says so to the client."""
    if fault in get_args(Once):
        happen(cast("Once", fault), room)
    else:
        await _turn(cast("Lasting", fault), tiktok, room, on=True, seconds=seconds)


async def release(fault: Lasting, tiktok: "PracticeTikTok", room: Room) -> None:
    """All is well again."""
    await _turn(fault, tiktok, room, on=False, seconds=0.0)


def happen(fault: Once, room: Room) -> None:
    """One of those that are over at once."""
    match fault:
        case "abort":
            room.abort()
        case "truncated":
            room.send_raw(badframes.truncated())
        case "garbage":
            room.send_raw(badframes.garbage())
        case "hollow":
            room.send_raw(badframes.hollow())
        case "oversized":
            room.send_raw(badframes.oversized())
        case "bomb":
            room.send_raw(badframes.bomb())
        case "unknown":
            room.send(Unknown())
        case "unreadable":
            room.send(Unknown("WebcastChatMessage", b"\x1a\x02\xff\xff"))
        case _:
            assert_never(fault)


def turn_in_room(fault: InRoom, room: Room, *, on: bool) -> None:
    """Turn one of the room's own knobs."""
    match fault:
        case "offline":
            room.live = not on
        case "not-found":
            room.hidden = on
        case "age-restricted":
            room.age_restricted = on
        case "private":
            room.private = on
        case "room-closes":
            room.closes_in_handshake = on
        case "stall":
            room.stall() if on else room.resume()
        case "lost-ends" | "doubled" | "late":
            mischief = room.mischief or Mischief(room.username)
            setattr(mischief, fault.replace("-", "_"), SHARE if on else 0.0)
            room.mischief = mischief if mischief.lost_ends + mischief.doubled + mischief.late else None
        case _:
            assert_never(fault)


async def _turn(fault: Lasting, tiktok: "PracticeTikTok", room: Room, *, on: bool, seconds: float) -> None:
    match fault:
        case "captcha":
            tiktok.captcha = on
        case "silent-api":
            tiktok.api_silent = on
        case "limited" | "limited-silently":
            tiktok.signing.limit(min(seconds, LONGEST_LIMIT), headers=fault == "limited")
        case "sign-down":
            await (tiktok.signing.go_down() if on else tiktok.signing.come_up())
        case "sign-hangs":
            tiktok.signing.trouble = "hangs" if on else ""
        case "sign-empty":
            tiktok.signing.trouble = "empty" if on else ""
        case "sign-no-cookies":
            tiktok.signing.trouble = "no-cookies" if on else ""
        case "sign-error":
            tiktok.signing.trouble = "error" if on else ""
        case "sign-garbage":
            tiktok.signing.trouble = "garbage" if on else ""
        case "sign-key":
            tiktok.signing.trouble = "key" if on else ""
        case "blocked":
            tiktok.refusal = BLOCKED if on else ""
        case "cut-handshake":
            tiktok.cuts_handshakes = on
        case _:
            turn_in_room(fault, room, on=on)
