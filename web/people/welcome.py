"""The first admin: let in by a code that only who sees the page's console knows."""

import hmac
import secrets
import threading

from flask_babel import lazy_gettext

from gateway.errors import PeopleError, StorageError
from web.people.book import Member
from web.people.people import People
from web.people.roles import Role

MOST_TRIES = 10
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without those that look alike."""


class Welcome:
    """``code`` is "" where there is somebody already. It is made anew at each start, and dies when it was used, or
    after ten wrong tries: 8 of 31 letters are not guessed in ten."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._lock = threading.Lock()
        self._tries = 0
        self.code = ""
        try:
            vacant = people.vacant
        except StorageError:
            vacant = False  # a file that cannot be read is no reason to let strangers in
        if vacant:
            letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
            self.code = f"{letters[:4]}-{letters[4:]}"

    @property
    def open(self) -> bool:
        """Whether a first admin may still be made with the code."""
        try:
            return bool(self.code) and self._people.vacant
        except StorageError:
            return False

    def admit(self, code: str, name: str, password: str) -> Member:
        """Make the first admin. Raises ``PeopleError``."""
        with self._lock:
            if not self.open:
                raise PeopleError(
                    "this code is over: restart `stagewire web` for a new one, or use `stagewire people add`"
                )
            if not hmac.compare_digest(_plain(code), _plain(self.code)):
                self._tries += 1
                if self._tries >= MOST_TRIES:
                    self.code = ""
                    raise PeopleError(
                        lazy_gettext("%(n)s wrong codes: restart `stagewire web` for a new one", n=MOST_TRIES)
                    )
                raise PeopleError(
                    "that is not the code: it stands on the console of `stagewire web`, or in its log"
                )
            member = self._people.add(name, Role.ADMIN, password)
            self.code = ""
            return member


def _plain(code: str) -> bytes:
    return "".join(c for c in code.upper() if c.isalnum()).encode()
