"""What viewers of a practice LIVE do: a closed set of small frozen values."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Viewer:
    """An invented viewer. ``id`` is the platform's number, ``name`` the @name."""

    id: int
    name: str
    nickname: str = ""
    follower: bool = False
    moderator: bool = False
    subscriber: bool = False
    fan_level: int = 0
    gifter_level: int = 0


@dataclass(frozen=True, slots=True)
class Gift:
    """A gift of the list. ``streak``: can be sent many times in a row as one counted streak."""

    id: int
    name: str
    coins: int
    streak: bool = False


GIFTS = (
    Gift(5655, "Rose", 1, streak=True),
    Gift(5269, "Tiny Heart", 1, streak=True),
    Gift(6104, "Coffee", 5, streak=True),
    Gift(5487, "Finger Wave", 5, streak=True),
    Gift(5660, "Paper Crane", 10, streak=True),
    Gift(5879, "Doughnut", 30, streak=True),
    Gift(6247, "Top Hat", 99, streak=True),
    Gift(7121, "Fireworks", 1088),
    Gift(6820, "Carousel", 2988),
    Gift(8913, "Comet", 10000),
)
"""The practice platform's gift list: ids and prices are plausible, not TikTok's."""


@dataclass(frozen=True, slots=True)
class Tap:
    """One message of a gift: ``count`` so far in the streak ``group``; ``ended`` is its last message.

    ``priced=False`` leaves the gift's description out, as the platform sometimes does. ``to`` is the host of a
    group LIVE who gets it; None where there is but one.
    """

    viewer: Viewer
    gift: Gift
    count: int = 1
    ended: bool = False
    group: int = 0
    priced: bool = True
    to: Viewer | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    viewer: Viewer
    text: str


@dataclass(frozen=True, slots=True)
class Likes:
    viewer: Viewer
    count: int


@dataclass(frozen=True, slots=True)
class Follow:
    viewer: Viewer


@dataclass(frozen=True, slots=True)
class Share:
    viewer: Viewer


@dataclass(frozen=True, slots=True)
class Join:
    viewer: Viewer


@dataclass(frozen=True, slots=True)
class Subscribe:
    viewer: Viewer


@dataclass(frozen=True, slots=True)
class Question:
    """Asked through the platform's own questions."""

    viewer: Viewer
    text: str


@dataclass(frozen=True, slots=True)
class Chest:
    """A treasure chest of ``coins`` for the first ``people`` viewers; ``gone``: it leaves the screen."""

    viewer: Viewer
    coins: int
    people: int
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """One host of a battle, known as the account's own by its @name, and the points so far."""

    host: Viewer
    points: int = 0


@dataclass(frozen=True, slots=True)
class Battle:
    """A battle is told thrice and more: it starts, has points, and ends."""

    id: int
    phase: Literal["invited", "started", "points", "ended"]
    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class Watching:
    """How many are watching now."""

    count: int


@dataclass(frozen=True, slots=True)
class End:
    """The LIVE is over."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A message of a kind nobody knows yet; the platform invents new ones all the time."""

    method: str = "WebcastSomethingNewMessage"
    payload: bytes = b"\x0a\x03abc"


Act = (
    Tap
    | Comment
    | Likes
    | Follow
    | Share
    | Join
    | Subscribe
    | Question
    | Chest
    | Battle
    | Watching
    | End
    | Unknown
)
