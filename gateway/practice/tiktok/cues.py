"""A show as single cues with their times, and what each of them does."""

import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, cast

from gateway.practice.tiktok.acts import (
    Act,
    Chest,
    Comment,
    Follow,
    Gift,
    Join,
    Likes,
    Question,
    Share,
    Subscribe,
    Tap,
    Viewer,
    Watching,
)
from gateway.practice.tiktok.crowd import BATTLE, STREAK_END, battle, in_room
from gateway.practice.tiktok.faults import Fault, Lasting
from gateway.practice.tiktok.people import somebody
from gateway.practice.tiktok.room import Room
from gateway.practice.tiktok.show import Moment, Show, gift_named, moments
from gateway.settings.values import duration

TAP = 0.3
"""Seconds between two gifts of one moment, where the show says nothing."""
NUMBERS = 1 << 20
"""Streaks and battles of a show are counted from here, those of the crowd beside it from 1."""
SOMEBODY = "somebody"
"""Who does what the show says of nobody."""
PEOPLE = 10
"""For how many a chest is, where the show says nothing."""


@dataclass(frozen=True, slots=True)
class Live:
    """The LIVE begins anew, or ends."""

    begins: bool


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something goes wrong for so many seconds."""

    fault: Fault
    seconds: float = math.inf


@dataclass(frozen=True, slots=True)
class Right:
    """It is well again."""

    fault: Lasting


Cue = Act | Live | Wrong | Right
"""What a show has happen."""


def cues(show: Show, host: str) -> list[tuple[float, Cue]]:
    """Everything that happens, in seconds from the beginning, in order. ``host``: the account's @name."""
    rng, numbers = random.Random(show.seed), itertools.count(NUMBERS)
    found: list[tuple[float, Cue]] = []
    for at, _, moment in moments(show):
        found += _cues(moment, duration(at), numbers, rng, show, host)
    return sorted(found, key=lambda cue: cue[0])


class Stagehand(Protocol):
    """Who makes things go wrong, and well again."""

    async def press(self, wrong: Wrong) -> None: ...

    async def release(self, right: Right) -> None: ...


async def act_out(cue: Cue, room: Room, stagehand: Stagehand) -> None:
    """Let one cue happen in the room, now."""
    match cue:
        case Live(begins):
            room.go_live() if begins else room.end()
        case Wrong():
            await stagehand.press(cue)
        case Right():
            await stagehand.release(cue)
        case _:
            room.send(in_room(cue, room.room_id))


def _cues(
    moment: Moment, t: float, numbers: Iterator[int], rng: random.Random, show: Show, host: str
) -> list[tuple[float, Cue]]:
    def person(name: str | None) -> Viewer:
        return _person(show, name or SOMEBODY)

    match moment:
        case Moment(gift=str(name)):
            gift = gift_named(name)
            assert gift is not None, "checked when the show was read"
            return _giving(moment, gift, person(moment.by), t, next(numbers), show)
        case Moment(comment=str(text)):
            return [(t, Comment(person(moment.by), text))]
        case Moment(question=str(text)):
            return [(t, Question(person(moment.by), text))]
        case Moment(likes=int(count)):
            return [(t, Likes(person(moment.by), count))]
        case Moment(follow=str(name)):
            return [(t, Follow(person(name)))]
        case Moment(share=str(name)):
            return [(t, Share(person(name)))]
        case Moment(join=str(name)):
            return [(t, Join(person(name)))]
        case Moment(subscribe=str(name)):
            return [(t, Subscribe(person(name)))]
        case Moment(viewers=int(count)):
            return [(t, Watching(count))]
        case Moment(chest=int(coins)):
            return [(t, Chest(person(moment.by), coins, moment.people or PEOPLE))]
        case Moment(battle=str(name)):
            seconds = duration(moment.over) if moment.over else BATTLE
            return [*battle(rng, next(numbers), t, seconds, somebody(host), person(name))]
        case Moment(live=str(word)):
            return [(t, Live(word == "begins"))]
        case Moment(fault=str(fault)):
            if moment.lasts is None:
                return [(t, Wrong(fault))]
            seconds = duration(moment.lasts)  # only one that lasts has it, says the check of the show
            return [(t, Wrong(fault, seconds)), (t + seconds, Right(cast("Lasting", fault)))]
        case _:
            raise AssertionError("the check of the show lets no moment pass in which nothing happens")


def _giving(moment: Moment, gift: Gift, by: Viewer, t: float, number: int, show: Show) -> list[tuple[float, Cue]]:
    count = moment.count or 1
    step = duration(moment.over) / count if moment.over else TAP
    to = _person(show, moment.to) if moment.to else None
    if not gift.streak:
        return [(t + n * step, Tap(by, gift, to=to)) for n in range(count)]
    taps: list[tuple[float, Cue]] = [
        (t + n * step, Tap(by, gift, n + 1, group=number, to=to)) for n in range(count)
    ]
    return [*taps, (taps[-1][0] + STREAK_END, Tap(by, gift, count, ended=True, group=number, to=to))]


def _person(show: Show, name: str) -> Viewer:
    known = show.people.get(name)
    viewer = somebody(name)
    if known is None:
        return viewer
    return Viewer(
        viewer.id,
        name,
        known.nickname or viewer.nickname,
        known.follower,
        known.moderator,
        known.subscriber,
        known.fan_level,
        known.gifter_level,
    )
