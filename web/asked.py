"""What a screen of history was asked for: plain parameters of its address, so that it works without scripts and
can be sent to somebody."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from msgspec import Struct

from gateway.errors import StagewireError
from gateway.messages import Score, SessionSummary
from gateway.review import days
from gateway.review.library import Library
from gateway.review.words import duration
from gateway.settings.models import Leaderboard, Settings

ROWS = 25
"""Sessions of one page."""
LONGEST_WORD = 64
Order = Literal["newest", "oldest", "longest", "coins", "gifts", "viewers", "comments"]
ORDERS: dict[Order, str] = {
    "newest": lazy_gettext("Newest first"),
    "oldest": lazy_gettext("Oldest first"),
    "longest": lazy_gettext("Longest first"),
    "coins": lazy_gettext("Most coins"),
    "gifts": lazy_gettext("Most gifts"),
    "viewers": lazy_gettext("Most viewers"),
    "comments": lazy_gettext("Most comments"),
}
_KEYS: dict[str, Callable[[SessionSummary], float]] = {
    "longest": duration,
    "coins": lambda s: s.coins,
    "gifts": lambda s: s.gifts,
    "viewers": lambda s: s.peak_viewers,
    "comments": lambda s: s.comments,
}
SCORES: dict[Score, str] = {
    "coins": lazy_gettext("Coins"),
    "gifts": lazy_gettext("Gifts"),
    "likes": lazy_gettext("Likes"),
    "comments": lazy_gettext("Comments"),
    "shares": lazy_gettext("Shares"),
}
Args = Mapping[str, str]


class Filter(Struct, frozen=True, kw_only=True):
    """Which sessions; ``first`` and ``last`` are days of the venue, both inclusive."""

    account: str = ""
    first: str = ""
    last: str = ""
    practice: bool = False
    order: Order = "newest"
    page: int = 1

    @classmethod
    def of(cls, args: Args) -> "Filter":
        def word(name: str) -> str:
            return args.get(name, "").strip()[:LONGEST_WORD]

        page = word("page")
        order: Order = next((o for o in ORDERS if o == word("sort")), "newest")
        return cls(
            account=word("account"),
            first=word("from"),
            last=word("to"),
            practice=word("practice") == "1",
            order=order,
            page=max(1, int(page)) if page.isascii() and page.isdecimal() and len(page) < 6 else 1,
        )

    def span(self, settings: Settings) -> days.Span:
        """Raises ``StagewireError`` in words."""
        if "" < self.last < self.first:  # ISO days sort as they are
            raise StagewireError(
                _("%(first)s is after %(last)s: exchange the two days", first=self.first, last=self.last)
            )
        return days.span(self.first or None, self.last or None, settings.timezone, time.time())

    def sessions(self, library: Library, settings: Settings) -> list[SessionSummary]:
        """All that are meant, in their order. Raises ``StagewireError`` in words."""
        since, until = self.span(settings)
        found = library.summaries(simulated=self.practice, since=since, until=until, account=self.account or None)
        if self.order == "oldest":
            found.reverse()
        elif self.order != "newest":
            found.sort(key=_KEYS[self.order], reverse=True)
        return found

    def parameters(self, **changed: Any) -> dict[str, str]:
        """What stands in an address for it; what is usual is left out."""
        said = {
            "account": self.account,
            "from": self.first,
            "to": self.last,
            "practice": "1" if self.practice else "",
            "sort": "" if self.order == "newest" else self.order,
            "page": "",
        }
        said |= {name: str(value) for name, value in changed.items()}
        return {name: value for name, value in said.items() if value}


def ranking(args: Args, usual: Leaderboard) -> Leaderboard:
    """How a leaderboard is asked for; what is not said, or not understood, is as in the settings."""
    asked = "by" in args  # a box that is not ticked is not said at all
    return Leaderboard(
        by=next((score for score in SCORES if score == args.get("by")), usual.by),
        top=_number(args.get("top"), 1, 50, usual.top),
        minimum=_number(args.get("minimum"), 0, 10**9, usual.minimum),
        hide_anonymous=args.get("anonymous") == "hide" if asked else usual.hide_anonymous,
    )


def _number(text: str | None, least: int, most: int, usual: int) -> int:
    text = (text or "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        return usual
    return min(max(int(text), least), most)
