"""What viewers write: made safe to show (``clean``) and brought to one form to compare (``normalise``). Pure."""

import re
import unicodedata

_MARKS_KEPT = 4
"""Combining marks on one letter: Vietnamese has two, and a tower of them covers the lines above."""
_MARKS = r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f]"
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters: they drive terminals and break logs into lines
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"  # bidi controls and what nobody sees
    "\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufff0-\uffff]"  # line ends, halves of pairs, what is no character
)
_SPACES = re.compile(r"\s+")
_TOWER = re.compile(f"({_MARKS}{{{_MARKS_KEPT}}}){_MARKS}+")
_STRETCHED = re.compile(r"([^\W\d_])\1+")
_DROPPED = frozenset(("Mn", "Me", "Cf", "Cc", "Cs"))


def clean(text: str, limit: int) -> str:
    """The text without what harms who shows it: control and bidi characters, what nobody sees, halves of surrogate
    pairs, towers of accents; white space is single spaces, and at most ``limit`` characters are left.

    Joiners stay, for emoji and for scripts that need them.
    """
    if len(text) <= limit and text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    text = _HOSTILE.sub("", _SPACES.sub(" ", text[: 4 * limit]))  # some controls are white space: that first
    return _TOWER.sub(r"\1", _SPACES.sub(" ", text)).strip()[:limit].rstrip()


def normalise(text: str) -> str:
    """The form in which comments and the words of rules are compared: ``" Ｌéédaaak! 6️⃣"`` becomes ``"ledak! 6"``.

    Compatibility forms unified (NFKC), case and accents removed, digits of every script and of emoji are 0 to 9,
    invisible characters dropped, white space collapsed. A letter that is repeated counts once, so ``"good"`` is
    ``"god"``, however long it is stretched; digits stay as they are.
    """
    if not (text.isascii() and text.isprintable()):
        unified = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text.replace("\U0001f51f", "10")))
        # Once more after folding: folded letters may come apart anew.
        unified = unicodedata.normalize("NFKD", unified.casefold())
        text = "".join(map(_digit, (c for c in unified if unicodedata.category(c) not in _DROPPED or c.isspace())))
    return " ".join(_STRETCHED.sub(r"\1", text.casefold()).split())


def _digit(c: str) -> str:
    return str(unicodedata.decimal(c)) if c.isdecimal() else c
