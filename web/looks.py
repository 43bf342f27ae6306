"""Light or dark: as the phone wants it, or as a person chose on it."""

from typing import NamedTuple

from flask import request

COOKIE = "look"
"""Set by keys.js: it is nothing that the server must know, but what it is drawn with from the first moment."""


class Look(NamedTuple):
    """``scheme`` is for the browser's own parts, ``media``: when dark.css counts."""

    scheme: str
    media: str


AUTO = Look("light dark", "(prefers-color-scheme: dark)")
LOOKS = {"light": Look("light", "not all"), "dark": Look("dark", "all")}


def look() -> Look:
    """Of this request."""
    return LOOKS.get(request.cookies.get(COOKIE, ""), AUTO)
