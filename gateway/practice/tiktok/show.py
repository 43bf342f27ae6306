"""A show: what happens in a practice LIVE and when, written by a person as YAML.

seed: 7
rates: {comment: 0.5, like: 2}
show:
  5s: {comment: "good evening", by: ada}
  10s: {gift: Rose, by: ada, count: 5, over: 2s}
  20s:
    - {likes: 30, by: bo}
    - {viewers: 120}
  1m: {fault: stall, for: 40s}
  3m: {live: ends}
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct, field

from gateway.errors import SettingsError
from gateway.practice.tiktok.acts import GIFTS, Gift
from gateway.practice.tiktok.faults import Fault, Once
from gateway.practice.tiktok.rates import Rates
from gateway.settings.values import Duration, Name, duration
from gateway.settings.yamlfile import Key, convert, did_you_mean, read

LONGEST_S = 24 * 3600.0
"""A show that is longer is a slip of the pen."""
SHOWS = Path(__file__).parents[1] / "shows"
"""The shows that come with Stagewire."""

Coins = Annotated[int, Meta(ge=1, le=1_000_000)]
Many = Annotated[int, Meta(ge=1, le=10_000)]
Level = Annotated[int, Meta(ge=0, le=100)]


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of somebody in the show beside the @name."""

    nickname: Name | None = None
    follower: bool = False
    moderator: bool = False
    subscriber: bool = False
    fan_level: Level = 0
    gifter_level: Level = 0


class Moment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that happens; exactly one of the words of the first block says what.

    ``gift``: by name or id; ``count`` of them, as a streak where the gift can be one, spread ``over`` so long;
    ``to`` another host of a group LIVE. ``follow``, ``share``, ``join``, ``subscribe``: who does it. ``chest``:
    its coins, for so many ``people``. ``battle``: with whom, ``over`` how long. ``fault``: what goes wrong, and
    ``for`` how long; without that to the end of the show.
    """

    gift: Name | None = None
    comment: str | None = None
    question: str | None = None
    likes: Many | None = None
    follow: Name | None = None
    share: Name | None = None
    join: Name | None = None
    subscribe: Name | None = None
    viewers: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None
    chest: Coins | None = None
    battle: Name | None = None
    live: Literal["begins", "ends"] | None = None
    fault: Fault | None = None

    by: Name | None = None
    count: Many | None = None
    over: Duration | None = None
    to: Name | None = None
    people: Many | None = None
    lasts: Duration | None = field(default=None, name="for")


_GOES_WITH = {
    "gift": ("by", "count", "over", "to"),
    "comment": ("by",),
    "question": ("by",),
    "likes": ("by",),
    "follow": (),
    "share": (),
    "join": (),
    "subscribe": (),
    "viewers": (),
    "chest": ("by", "people"),
    "battle": ("over",),
    "live": (),
    "fault": ("lasts",),
}
"""What may stand beside each word that says what happens."""
_WRITTEN = {"lasts": "for"}


class Show(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``rates``: the crowd around the show; without them there is nobody but the people of the show.
    ``seed`` decides what that crowd does. Times count from the beginning."""

    title: Name | None = None
    seed: int = 1
    rates: Rates | None = None
    people: dict[Name, Person] = {}
    show: dict[Duration, Moment | list[Moment]]


def find(name: str, base_dir: Path = Path()) -> Path:
    """A show's file, or one of those that come with Stagewire by its name alone. Raises ``SettingsError``."""
    path = base_dir / name
    if path.exists():
        return path
    ours = {p.stem: p for p in SHOWS.glob("*.yaml")}
    if name in ours:
        return ours[name]
    hint = did_you_mean(name, ours) or f"; those that come with Stagewire: {', '.join(sorted(ours))}"
    raise SettingsError([f"there is no show {str(path)!r}{hint}"])


def load(path: Path) -> Show:
    """Read and check a show. Raises ``SettingsError`` with every mistake."""
    tree = read(path)
    show, found = convert(tree, Show)
    if show is not None:
        found = sorted(tree.mistake(at, words) for at, words in _check(show))
    if show is None or found:
        raise SettingsError([text for _, text in found])
    return show


def moments(show: Show) -> Iterator[tuple[str, list[Key], Moment]]:
    """Every moment with its time and its place in the file."""
    for at, what in show.show.items():
        if isinstance(what, list):
            for n, moment in enumerate(what):
                yield at, ["show", at, n], moment
        else:
            yield at, ["show", at], what


def gift_named(name: str, gifts: tuple[Gift, ...] = GIFTS) -> Gift | None:
    """By name, however it is written, or by id."""
    return next((g for g in gifts if name.lower() in (g.name.lower(), str(g.id))), None)


def _check(show: Show) -> Iterator[tuple[list[Key], str]]:
    for at, path, moment in moments(show):
        if duration(at) > LONGEST_S:
            yield path, f"expected a time of at most {LONGEST_S / 3600:g}h"
        words = [w for w in _GOES_WITH if getattr(moment, w) is not None]
        if len(words) != 1:
            yield path, f"say exactly one thing that happens: {', '.join(_GOES_WITH)}"
            continue
        for beside in ("by", "count", "over", "to", "people", "lasts"):
            if getattr(moment, beside) is not None and beside not in _GOES_WITH[words[0]]:
                owners = [w for w, with_it in _GOES_WITH.items() if beside in with_it]
                written = _WRITTEN.get(beside, beside)
                yield [*path, written], f"{written} goes with {' and '.join(owners)}, not with {words[0]}"
        if moment.gift is not None and gift_named(moment.gift) is None:
            names = [g.name for g in GIFTS]
            hint = did_you_mean(moment.gift, names) or f"; known: {', '.join(names)}"
            yield [*path, "gift"], f"the practice platform has no gift {moment.gift!r}{hint}"
        if moment.fault in get_args(Once) and moment.lasts is not None:
            yield [*path, "for"], f"{moment.fault} is over as soon as it has happened"
