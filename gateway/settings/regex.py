"""Regular expressions on what viewers write: RE2's, whose time grows with the text and never explodes."""

import re
from collections.abc import Callable

import re2

from gateway.errors import SettingsError
from gateway.text import normalise

LONGEST = 200
"""Characters of a regular expression."""
_MEMORY = 1 << 20
"""Bytes that one may take; what needs more is refused at load."""
_WORDS = re.compile(
    r"\\[pP]\{[^}]*\}|\\x\{[^}]*\}|\\.|\[\^?\]?[^]]*\]|\(\?P?<\w*>|\(\?[\w-]*[:)]?"  # no words: to be left alone
    r"|(?P<word>(?:[A-Za-z]|[^\x00-\x7f])+(?![?*{]))"
)
_ELSEWHERE = {
    "(?=": "looking ahead",
    "(?!": "looking ahead",
    "(?<=": "looking behind",
    "(?<!": "looking behind",
    "(?>": "an atomic group",
}


def searcher(pattern: str) -> Callable[[str], bool]:
    """Whether it is found anywhere in a text that ``gateway.text.normalise`` has brought to plain form.

    Case does not count, and its words are brought to the same form: ``lédak|good`` finds ``ledak`` and ``god``.
    Raises ``SettingsError``, in words without a place, for what is no regular expression of RE2's syntax, and for
    one that every comment would match.
    """
    if len(pattern) > LONGEST:
        raise SettingsError([f"expected at most {LONGEST} characters; found {len(pattern)}"])
    options = re2.Options()
    options.case_sensitive = False
    options.never_capture = True
    options.log_errors = False  # to standard error, past our own log
    options.max_mem = _MEMORY
    try:
        search = re2.compile(_WORDS.sub(_plain, pattern), options).search
    except re2.error as e:
        raise SettingsError([_why(pattern, e)]) from None
    if search("") and search("\x01"):
        raise SettingsError([f"expected something that not every comment has in it; found {pattern!r}"])
    return lambda text: search(text) is not None


def _plain(part: re.Match[str]) -> str:
    word = part["word"]
    return part[0] if word is None else re.escape(normalise(word)) or word


def _why(pattern: str, error: Exception) -> str:
    for sign, name in _ELSEWHERE.items():
        if sign in pattern:
            return f"{name} `{sign}` does not exist here (RE2's syntax): say it without, or with two rules"
    [why] = error.args
    return f"not a regular expression: {why.decode(errors='replace') if isinstance(why, bytes) else why}"
