"""The people of a venue, in one file: ``<data>/page/people.json``, mode 0600, safe in a power cut.

Any thread may ask, and the command line may write while the page runs: each change is made of what is on disk
then, under a lock that all processes share.
"""

import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flask_babel import lazy_gettext
from msgspec.structs import replace

from gateway.errors import PeopleError, StorageError
from gateway.text import clean
from web.people import passwords
from web.people.book import LONGEST_NAME, MOST_INVITATIONS, Book, Invitation, Member, lives
from web.people.kept import Kept, secret
from web.people.roles import Role

log = logging.getLogger(__name__)

SEEN_S = 600.0
"""How often it is written down who was here: not at each request."""
LINK_S, STAY_S = 3600.0, 12 * 3600.0
"""How long an invitation usually can be used, and how long who comes by it may stay."""


class People:
    """``folder``: where the file stands. Methods raise ``StorageError`` when it cannot be read or written, and
    ``PeopleError`` in words for what cannot be."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder, self.clock = folder, clock
        self._file = Kept(folder)
        self._seen: dict[str, float] = {}
        self._seen_kept = clock()

    # -- who there is ------------------------------------------------------------------------------

    def everyone(self) -> list[Member]:
        """The highest first, then by name."""
        now = self.clock()
        here = [m for m in self._now().members.values() if m.until is None or m.until > now]
        return sorted(here, key=lambda m: (-m.rank, m.name.casefold()))

    def one(self, member: str) -> Member:
        found = next((m for m in self.everyone() if m.id == member), None)
        if found is None:
            raise PeopleError(lazy_gettext("there is no such person any more: load the list again"))
        return found

    def named(self, name: str) -> Member:
        found = self._now().of_name(name, self.clock())
        if found is None:
            raise PeopleError(f"there is nobody called {name!r}; `stagewire people list` says who there is")
        return found

    @property
    def vacant(self) -> bool:
        """Nobody can let anybody in: no admin, and no invitation of one."""
        now, book = self.clock(), self._now()
        admins = any(m.rank is Role.ADMIN for m in self.everyone())
        return not admins and not any(
            i.role == Role.ADMIN.word and i.until > now for i in book.invitations.values()
        )

    def signed_in(self, member: str) -> tuple[int, float | None]:
        """How many browsers of theirs are signed in now, and when one was last used."""
        book, now = self._now(), self.clock()
        own = {n: self._last(n, s.seen) for n, s in book.sessions.items() if s.member == member}
        live = [n for n, seen in own.items() if lives(book.sessions[n], seen, now)]
        kept = book.members[member].seen if member in book.members else None
        return len(live), max([*own.values(), *([] if kept is None else [kept])], default=None)

    # -- changes -----------------------------------------------------------------------------------

    def add(self, name: str, role: Role, password: str) -> Member:
        """Somebody who may sign in with this password."""
        self._now().new_name(name, self.clock())  # before the long work
        kept = passwords.hashed(password, name)
        return self._add(name, role, password=kept)

    def guest(self, name: str, role: Role, stays: float = STAY_S) -> Member:
        """Somebody without a password, for so many seconds."""
        return self._add(name, role, until=self.clock() + stays)

    def _add(self, name: str, role: Role, *, password: str = "", until: float | None = None) -> Member:
        with self._change() as book:
            return self._put(book, name, role.word, password, until)

    def _put(self, book: Book, name: str, role: str, password: str, until: float | None) -> Member:
        now = self.clock()
        kept = book.new_name(name, now)
        member = Member(id=secrets.token_hex(6), name=kept, role=role, created=now, password=password, until=until)
        book.members[member.id] = member
        return member

    def set_role(self, member: str, role: Role) -> None:
        """They are signed out everywhere, and what they invited to is over."""
        with self._of(member) as book:
            before = book.members[member]
            book.members[member] = replace(before, role=role.word)
            if before.lasting_admin:
                book.keeps_an_admin()

    def set_password(self, member: str, password: str) -> None:
        """As with ``set_role``; a guest becomes one who stays."""
        kept = passwords.hashed(password, self.one(member).name)
        with self._of(member) as book:
            book.members[member] = replace(book.members[member], password=kept, until=None)

    def remove(self, member: str) -> None:
        """They are out at their next request, and so are their invitations: nobody comes back by an own link."""
        with self._of(member) as book:
            was_admin = book.members.pop(member).lasting_admin
            if was_admin:
                book.keeps_an_admin()

    @contextmanager
    def _of(self, member: str) -> Iterator[Book]:
        with self._change() as book:
            if member not in book.members:
                raise PeopleError(lazy_gettext("there is no such person any more: load the list again"))
            name = book.members[member].name
            yield book
            book.sign_out(member)
            book.void(name)

    # -- invitations -------------------------------------------------------------------------------

    def invite(
        self, role: Role, *, by: str, lasts: float = LINK_S, uses: int = 1, stays: float = STAY_S, guest: str = ""
    ) -> str:
        """The token of a new one; it is kept only as a digest, so nobody can read it again."""
        token = secrets.token_urlsafe(16)
        now = self.clock()
        with self._change() as book:
            if len(book.invitations) >= MOST_INVITATIONS:
                raise PeopleError(
                    lazy_gettext(
                        "%(n)s invitations are open already: wait until some are over", n=MOST_INVITATIONS
                    )
                )
            book.invitations[_digest(token)] = Invitation(
                role=role.word,
                by=clean(by, LONGEST_NAME),
                created=now,
                until=now + lasts,
                uses=uses,
                stays=stays,
                guest=clean(guest, LONGEST_NAME),
            )
        return token

    def invitation(self, token: str) -> Invitation | None:
        """The one with this token, while it can be used."""
        found = self._now().invitations.get(_digest(token))
        return found if found and found.uses > 0 and found.until > self.clock() else None

    def offered(self, invitation: Invitation) -> str:
        """A name for the next guest that nobody has."""
        book, now = self._now(), self.clock()
        names = (invitation.guest if n == 1 else f"{invitation.guest} {n}" for n in range(1, 1000))
        return next((name for name in names if name and book.of_name(name, now) is None), "")

    def enter(self, token: str, name: str) -> Member:
        """Use an invitation once."""
        with self._change() as book:
            found = book.invitations.get(_digest(token))
            if found is None or found.uses < 1:
                raise PeopleError(lazy_gettext("this link was used up, or its time is over: ask for a new one"))
            member = self._put(book, name, found.role, "", self.clock() + found.stays)
            book.invitations[_digest(token)] = replace(found, uses=found.uses - 1)
            return member

    def withdraw(self, digest: str) -> None:
        """End an invitation."""
        with self._change() as book:
            book.invitations.pop(digest, None)

    def invitations(self) -> dict[str, Invitation]:
        """Those that can be used, by digest; the newest first."""
        now = self.clock()
        found = [(d, i) for d, i in self._now().invitations.items() if i.uses > 0 and i.until > now]
        return dict(sorted(found, key=lambda each: -each[1].created))

    # -- sessions ----------------------------------------------------------------------------------

    def check(self, name: str, password: str) -> Member | None:
        """Who has this name and password; None, and in no less time, when nobody has."""
        member = self._now().of_name(name, self.clock())
        right = passwords.matches(member.password if member else "", password)
        return member if right else None

    def begin(self, member: Member) -> str:
        """The name of a new session of theirs: whoever knows it is them."""
        name = secrets.token_urlsafe(24)
        with self._change() as book:
            if member.id not in book.members:
                raise PeopleError(lazy_gettext("there is no such person any more"))
            book.begin(name, member.id, self.clock())
        return name

    def session(self, name: str) -> Member | None:
        """Whose session it is, None when it has ended. It counts as used."""
        book, now = self._now(), self.clock()
        session = book.sessions.get(name)
        if session is None or not lives(session, self._last(name, session.seen), now):
            return None
        member = book.members.get(session.member)
        if member is None or (member.until is not None and member.until <= now):
            return None
        self._seen[name] = now
        self._keep_seen(now)
        return member

    def end(self, name: str) -> None:
        """Sign out; a guest who has no other session is forgotten."""
        with self._change() as book:
            session = book.sessions.pop(name, None)
            member = book.members.get(session.member) if session else None
            others = member and any(s.member == member.id for s in book.sessions.values())
            if member and not member.password and not others:
                del book.members[member.id]

    def _last(self, name: str, kept: float) -> float:
        return max(kept, self._seen.get(name, 0.0))

    def _keep_seen(self, now: float) -> None:
        """In a thread of its own: no request waits for it."""
        if now - self._seen_kept >= SEEN_S:
            self._seen_kept = now
            threading.Thread(target=self._write_seen, name="seen", daemon=True).start()

    def _write_seen(self) -> None:
        try:
            with self._change():
                pass
        except StorageError as e:
            log.warning("who was here is not written down: %s", e)

    # -- the file ----------------------------------------------------------------------------------

    def _now(self) -> Book:
        return self._file.now()

    @contextmanager
    def _change(self) -> Iterator[Book]:
        with self._file.change() as book:
            self._note_seen(book)
            book.tidy(self.clock())
            yield book

    def _note_seen(self, book: Book) -> None:
        for name, seen in list(self._seen.items()):
            session = book.sessions.get(name)
            if session is None:
                del self._seen[name]
                continue
            book.sessions[name] = replace(session, seen=max(seen, session.seen))
            if (member := book.members.get(session.member)) is not None:
                book.members[member.id] = replace(member, seen=max(seen, member.seen or 0.0))

    def secret(self) -> bytes:
        """What cookies are signed with; made at the first start. Where it cannot be kept, it is for this run."""
        return secret(self.folder)


def _digest(token: str) -> str:
    # A token has 128 random bits: a plain hash cannot be turned round.
    return hashlib.sha256(token.encode()).hexdigest()
