"""The people of a practice LIVE, all invented."""

import itertools
import random
import zlib

from gateway.practice.tiktok.acts import Viewer

PEOPLE = 120
"""Viewers of one crowd."""

_FIRST = "Ada Bo Cleo Dario Emi Farid Gwen Hugo Ines Jun Kofi Lena Milo Nora Omar Pia Quinn Rosa Sami Tove"
_LAST = "sparrow otter maple comet ember willow pebble falcon clover harbor juniper lantern meadow nimbus"


def invent(rng: random.Random, count: int = PEOPLE) -> list[Viewer]:
    """Invented people with distinct names and ids."""
    pairs = list(itertools.product(_FIRST.split(), _LAST.split()))
    rng.shuffle(pairs)
    return [
        Viewer(
            id=6_800_000_000_000_000_000 + rng.randrange(10**15),
            name=f"{first.lower()}.{last}{rng.randrange(100)}",
            nickname=f"{first} {last.title()}",
            follower=rng.random() < 0.4,
            moderator=rng.random() < 0.03,
            subscriber=rng.random() < 0.08,
            fan_level=rng.choice((0, 0, 0, 1, 3, 7, 12)),
            gifter_level=rng.choice((0, 0, 2, 8, 15, 24)),
        )
        for first, last in pairs[:count]
    ]


def somebody(name: str) -> Viewer:
    """The one viewer of this @name; the same id every time."""
    return Viewer(
        id=6_700_000_000_000_000_000 + zlib.crc32(name.lower().encode()), name=name, nickname=name.title()
    )
