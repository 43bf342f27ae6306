"""Passwords: hashed with scrypt, a few at a time, and judged before they are taken."""

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from flask_babel import lazy_gettext
from werkzeug.security import check_password_hash, generate_password_hash

from gateway.errors import PeopleError

SHORTEST, LONGEST = 10, 200
"""Characters. Rate limits leave a guesser 30 tries an hour; NIST SP 800-63B asks for 8, and no rules of form."""
METHOD = "scrypt:32768:8:1"
"""32 MB and 0.13 s here, about a second on a Raspberry Pi 3."""
_FEW = threading.BoundedSemaphore(2)
"""At once: twenty people who sign in together must not take a Pi's memory, and with it the stop."""
PATIENCE_S = 8.0
_NOBODY = (
    "scrypt:32768:8:1$hJ0kqkWzS3xYb1mV$"
    "2f0c6c3b8c1f2f6b1d8d6d3b8f2a4c5e6f708192a3b4c5d6e7f8091a2b3c4d5e"
    "6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e"
)
"""Matches nothing: who asks for a name that there is not waits as long as for one that there is."""


def hashed(password: str, name: str = "") -> str:
    """Raises ``PeopleError`` for one that is easily guessed."""
    if len(password) < SHORTEST:
        raise PeopleError(
            lazy_gettext("a password needs at least %(n)s characters: take three or four words", n=SHORTEST)
        )
    if len(password) > LONGEST:
        raise PeopleError(lazy_gettext("a password has at most %(n)s characters", n=LONGEST))
    if len(set(password)) < 4 or (name and password.casefold() == name.casefold()):
        raise PeopleError(lazy_gettext("this password is guessed at once: take three or four words"))
    with _turn():
        return generate_password_hash(_one_form(password), METHOD)


def matches(kept: str, password: str) -> bool:
    """Whether it is the password of this hash; "" has none. Takes as long either way."""
    with _turn():
        return check_password_hash(kept or _NOBODY, _one_form(password[:LONGEST])) and bool(kept)


@contextmanager
def _turn() -> Iterator[None]:
    if not _FEW.acquire(timeout=PATIENCE_S):
        raise PeopleError(lazy_gettext("too many people sign in at this moment: try again in a few seconds"))
    try:
        yield
    finally:
        _FEW.release()


def _one_form(password: str) -> str:
    # Keyboards of two systems may send an accented letter as one character or as two.
    return unicodedata.normalize("NFKC", password)
