"""What each viewer gave, in bounded memory and with an honest bound of what may be missing. Pure."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Literal, Protocol

from msgspec import Struct

from gateway.messages import Contribution, SessionSummary, User
from gateway.stats.activity import points
from gateway.stats.buckets import LARGEST

VIEWERS_MAX = 50_000
"""Viewers counted alone. LIVEs in which more people do something are rare."""
LOOKED_AT = 64
"""Of so many viewers the one who gave least makes room for a new one: nobody goes while fewer than 63 others gave
more, and the longest leaderboard has 50 places."""
NOBODY = frozenset({"", "erased"})
"""Ids that are no viewer's: of a source that names none, and of who was erased."""

Deed = Literal["likes", "comments", "shares", "follows"]
"""What is counted of a viewer besides gifts."""


class Giver(Struct, gc=False):
    """One viewer, as in ``Contribution``. ``missing``: no score of theirs is too small by more, for they may have
    been counted before, and made room."""

    viewer: str
    name: str = ""
    nickname: str = ""
    coins: int = 0
    gifts: int = 0
    likes: int = 0
    comments: int = 0
    shares: int = 0
    follows: int = 0
    missing: int = 0

    def take(self, other: "Giver | Contribution") -> None:
        """What the other gave, too."""
        self.coins += other.coins
        self.gifts += other.gifts
        self.likes += other.likes
        self.comments += other.comments
        self.shares += other.shares
        self.follows += other.follows

    @property
    def most(self) -> int:
        """The greatest of the scores."""
        return max(self.coins, self.gifts, self.likes, self.comments, self.shares, self.follows)

    def contribution(self) -> Contribution:
        return Contribution(
            viewer=self.viewer,
            name=self.name,
            nickname=self.nickname,
            coins=min(self.coins, LARGEST),
            gifts=min(self.gifts, LARGEST),
            likes=min(self.likes, LARGEST),
            comments=min(self.comments, LARGEST),
            shares=min(self.shares, LARGEST),
            follows=min(self.follows, LARGEST),
        )


class Table(Protocol):
    """What ``SessionRecord``, ``Leaders`` and ``Merged`` have in common. ``missing_at_most`` holds for every
    viewer and every score; who is not in the table has scores of 0."""

    @property
    def contributions(self) -> list[Contribution]: ...
    @property
    def others(self) -> Contribution: ...
    @property
    def exact(self) -> bool: ...
    @property
    def missing_at_most(self) -> int: ...


class Merged(Struct, frozen=True, kw_only=True):
    """A table made of several."""

    contributions: list[Contribution] = []
    others: Contribution = Contribution(viewer="")
    exact: bool = True
    missing_at_most: int = 0


class Contributions:
    """Exact for the first ``most`` viewers. Then those who gave least make room, and what they gave goes to the
    others: nothing is lost of the sums, but who comes back begins at zero again.

    ``missing_at_most``: no score of any viewer is too small by more. ``unique``: who did something; those who came
    back count again.
    """

    def __init__(self, most: int = VIEWERS_MAX) -> None:
        self.missing_at_most = 0
        self.unique = 0
        self._most = most
        self._givers: dict[str, Giver] = {}
        self._line: deque[str] = deque()  # who is looked at next when room is needed
        self._others = Giver("")

    @classmethod
    def restored(cls, summary: SessionSummary, most: int = VIEWERS_MAX) -> "Contributions":
        """Of a session of which only the sums are known: who gave them is not."""
        fresh = cls(most)
        s, others = summary, fresh._others
        others.coins, others.gifts, others.likes = s.coins, s.gifts, s.likes
        others.comments, others.shares, others.follows = s.comments, s.shares, s.follows
        fresh.unique, fresh.missing_at_most = s.unique_viewers, others.most
        return fresh

    def __len__(self) -> int:
        return len(self._givers)

    @property
    def exact(self) -> bool:
        return not self.missing_at_most

    def giver(self, user: User | None) -> Giver:
        """Whose scores to add to; those of the others where nobody is named."""
        if user is None or user.id in NOBODY:
            return self._others
        giver = self._givers.get(user.id)
        if giver is None:
            giver = self._enter(user.id)
        if user.name and user.name != giver.name:
            giver.name = user.name
        if user.nickname and user.nickname != giver.nickname:
            giver.nickname = user.nickname
        return giver

    def count(self, user: User | None, what: Deed, count: int) -> None:
        giver = self.giver(user)
        setattr(giver, what, getattr(giver, what) + count)

    def forget(self, viewer: str) -> bool:
        """From now on it is nobody who gave this. False when the viewer is not known here."""
        giver = self._givers.pop(viewer, None)
        if giver is None:
            return False
        self._line.remove(viewer)
        self._others.take(giver)
        return True

    def contributions(self) -> list[Contribution]:
        """Of every viewer that is counted alone, who gave most (``activity.points``) first."""
        return [g.contribution() for g in _ranked(self._givers.values())]

    def look(self) -> Callable[[], Merged]:
        """All of it as a table; to put many viewers in order takes long, and may be done in another thread."""
        givers, rest = list(self._givers.values()), (self.others, self.exact, min(self.missing_at_most, LARGEST))

        def table() -> Merged:
            ranked = [giver.contribution() for giver in _ranked(givers)]
            return Merged(contributions=ranked, others=rest[0], exact=rest[1], missing_at_most=rest[2])

        return table

    @property
    def others(self) -> Contribution:
        """The sum of all who are not counted alone."""
        return self._others.contribution()

    def _enter(self, viewer: str) -> Giver:
        if len(self._givers) >= self._most:
            self._make_room()
        self.unique += 1
        self._line.append(viewer)
        giver = self._givers[viewer] = Giver(viewer, missing=self.missing_at_most)
        return giver

    def _make_room(self) -> None:
        looked_at = [self._givers[self._line.popleft()] for _ in range(min(LOOKED_AT, len(self._line)))]
        least = min(looked_at, key=lambda g: (points(g), g.missing))  # of equals, who raises the bound least
        self._line.extend(g.viewer for g in looked_at if g is not least)
        del self._givers[least.viewer]
        self._others.take(least)
        self.missing_at_most = max(self.missing_at_most, least.missing + least.most)


def merged(tables: Iterable[Table], keep: int = VIEWERS_MAX) -> Merged:
    """Several sessions as one. Of a viewer with several names the later table's counts.

    A viewer's score may miss something in each table, so the bounds add up. Those beyond the ``keep`` who gave
    most go to the others, and the most that one of them had is missing there, too.
    """
    givers: dict[str, Giver] = {}
    others, exact, missing = Giver(""), True, 0
    for table in tables:
        exact, missing = exact and table.exact, missing + table.missing_at_most
        others.take(table.others)
        for c in table.contributions:
            giver = givers.setdefault(c.viewer, Giver(c.viewer))
            giver.take(c)
            giver.name, giver.nickname = c.name or giver.name, c.nickname or giver.nickname
    ranked = _ranked(givers.values())
    for giver in ranked[keep:]:
        others.take(giver)
    cut = max((giver.most for giver in ranked[keep:]), default=0)
    return Merged(
        contributions=[giver.contribution() for giver in ranked[:keep]],
        others=others.contribution(),
        exact=exact and not cut,
        missing_at_most=min(missing + cut, LARGEST),
    )


def _ranked(givers: Iterable[Giver]) -> list[Giver]:
    return sorted(givers, key=lambda g: (-points(g), g.viewer))
