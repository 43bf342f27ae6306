"""One viewer who is to be forgotten: what they are called, and how that is found in texts."""

import re
from collections.abc import Collection
from functools import cached_property

import msgspec
from msgspec import Struct

ERASED = "erased"
"""Who an erased viewer is from then on: one word for all of them, so that nothing tells which of them it was."""
TELLING = 4
"""Characters. A shorter name among other people's words is chance, and no name."""
LONG_ID = 6
"""Characters of an id that stands for nothing else; TikTok's have up to nineteen digits."""


class Viewer(Struct, frozen=True, dict=True):
    """``id``: the platform's. ``names`` and ``nicknames``: all under which they were seen, for people change
    them."""

    id: str
    names: tuple[str, ...] = ()
    nicknames: tuple[str, ...] = ()

    @cached_property
    def called(self) -> frozenset[str]:
        """Names and nicknames, as they are shown."""
        return frozenset(n for n in (*self.names, *self.nicknames) if n)

    @cached_property
    def needles(self) -> tuple[str, ...]:
        """All words to look for, the longest first."""
        return tuple(sorted({self.id, *self.called}, key=lambda n: (-len(n), n)))

    @cached_property
    def in_id(self) -> re.Pattern[str]:
        """The platform id as a word of a longer id."""
        return re.compile(rf"(?<![0-9A-Za-z]){re.escape(self.id)}(?![0-9A-Za-z])")

    @cached_property
    def anywhere(self) -> re.Pattern[str]:
        """Anything of them in a message's JSON: what does not match needs no closer look."""
        return re.compile("|".join(re.escape(in_json(n)) for n in self.needles), re.IGNORECASE)

    @cached_property
    def mentioned(self) -> re.Pattern[str]:
        """In what anybody wrote: with an @ before it, or a name long enough to be one; a known id."""
        alone = {n for n in self.called if len(n) >= TELLING}
        alone |= {self.id} if len(self.id) >= LONG_ID else set()
        return re.compile(f"[@＠﹫]{any_of(self.called)}|{any_of(alone)}", re.IGNORECASE)

    @cached_property
    def named(self) -> re.Pattern[str]:
        """In what was made of their own doing, there also a name of one letter."""
        return re.compile(f"[@＠﹫]?{any_of({self.id, *self.called})}", re.IGNORECASE)


def in_json(text: str) -> str:
    """The text as it stands between the quotes of our JSON."""
    return msgspec.json.encode(text)[1:-1].decode()


def any_of(texts: Collection[str]) -> str:
    """A pattern for any of them, where it is not part of a longer name; with none of them, for nothing."""
    return "(?:" + "|".join(map(_word, sorted(texts, key=len, reverse=True))) + ")" if texts else "(?!)"


def _word(text: str) -> str:
    """Other characters than letters need nothing around them."""
    before = r"(?<!\w)(?<!\w\.)" if re.match(r"\w", text) else ""
    after = r"(?!\w|\.\w)" if re.search(r"\w\Z", text) else ""
    return before + re.escape(text) + after
