"""Text that goes to somebody else to help: without secrets, without people. Pure.

What is known to be harmless stays; the rest goes. Two runs of the same text with the same ``key`` give the same
pseudonyms, so that lines about one thing can still be put together.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

HARMLESS = frozenset(
    (
        *("account", "accounts", "action", "after_stop", "arm", "at", "by", "category", "channel", "content_type"),
        *(
            "cooldown",
            "counter",
            "cron",
            "days",
            "deadline",
            "debounce",
            "delay",
            "do",
            "driver",
            "dwell",
            "every",
        ),
        *("extend", "from", "going", "group", "guest_gifts", "interlocks", "kind", "level", "locked", "max_on"),
        *("method", "mode", "most", "needs", "of", "on_for", "overflow", "pay", "per", "phase", "privacy"),
        *("protocol", "ramp", "reset", "rest", "source", "sound", "stage", "stale_after", "start", "station"),
        *("template", "tier", "timeout", "timers", "times", "timezone", "to", "user_cooldown", "venue", "wait"),
        *("window", "within", "so"),
    )
)
"""Settings and parts of rules whose texts are ids, times or choices. What is not named here may hold an address, a
password, a path or somebody's name, and is only counted."""
SHORTEST_SECRET = 4
"""Characters; a shorter one would be found everywhere."""
MOST_NAMES = 20_000

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_ADDRESS = re.compile(r"\b(?!127\.)\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4}){3,7}\b")
_URL = re.compile(r"\b(?:https?|wss?|mqtts?)://[^\s'\",)]+")
_BY = re.compile(r"\bby (?!(?:an?|the|its|itself|settings|hand|mistake|another)\b)[^,;:\n]+")
_AT_NAME = re.compile(r"[@＠﹫][\w.]+")
_ID = re.compile(r"\d{9,}")
_HEX = re.compile(r"\b[0-9a-fA-F]{24,}\b")
_HOME = re.compile(r"(?<![\w.])/(?:[\w.@+-]+/)+")
_WORD = re.compile(r"[\w.]+")


class Scrub:
    """``secrets``: what stands in files of mode 0600; ``names``: people who are known here, viewers and users."""

    def __init__(self, key: bytes, secrets: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self._key = key
        self._secrets = sorted({s for s in secrets if len(s) >= SHORTEST_SECRET}, key=len, reverse=True)
        known = {n.casefold() for n in names if n.strip()}
        self._single = {n for n in known if _WORD.fullmatch(n)}
        self._others = sorted(known - self._single, key=len, reverse=True)[:MOST_NAMES]

    def text(self, text: str) -> str:
        """A line of a log, a reason, words of whatever kind."""
        for secret in self._secrets:
            text = text.replace(secret, "(secret)")
        text = _URL.sub("(address)", text)
        text = _ADDRESS.sub("(address)", text)
        text = _HOME.sub("…/", text)
        folded = text.casefold()
        for name in self._others:
            if name in folded:
                text = re.sub(re.escape(name), "(person)", text, flags=re.IGNORECASE)
                folded = text.casefold()
        text = _AT_NAME.sub("@(person)", text)
        if self._single:
            text = _WORD.sub(self._word, text)
        text = _BY.sub("by (somebody)", text)
        text = _ID.sub(lambda found: self.pseudonym(found[0]), text)
        return _HEX.sub(lambda found: self.pseudonym(found[0]), text)

    def pseudonym(self, name: str) -> str:
        """The same for the same, and nobody's: of an id that may be a viewer's."""
        return "#" + hashlib.blake2b(name.encode(), key=self._key, digest_size=4).hexdigest() if name else ""

    def settings(self, value: Any, key: str = "") -> Any:
        """Settings or rules as builtins: numbers and what is ``HARMLESS`` stay, other texts are counted."""
        match value:
            case str():
                harmless = key in HARMLESS
                return _QUOTED.sub("'…'", self.text(value)) if harmless else f"({len(value)} characters)"
            case dict():
                return {self.text(str(k)): self.settings(v, str(k)) for k, v in value.items()}
            case list() | tuple():
                return [self.settings(v, key) for v in value]
        return value

    def words(self, value: Any) -> Any:
        """Every text in builtins as ``text``; the names of fields stay."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {k: self.words(v) for k, v in value.items()}
            case list() | tuple():
                return [self.words(v) for v in value]
        return value

    def _word(self, found: re.Match[str]) -> str:
        word = found[0]
        return (
            "(person)" if word.casefold() in self._single or word.strip(".").casefold() in self._single else word
        )
