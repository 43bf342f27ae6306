"""What is kept of the people of the page: records, and the rules that hold between them. Pure."""

import unicodedata

from flask_babel import lazy_gettext
from msgspec import Struct

from gateway.errors import PeopleError
from gateway.text import clean
from web.people.roles import Role

LONGEST_NAME = 40
MOST_PEOPLE = 200
MOST_INVITATIONS = 50
MOST_SESSIONS = 10
"""Of one person: who signs in once more leaves the phone that was used longest ago."""
IDLE_S = 12 * 3600.0
"""A session that nobody used for so long has ended: longer than an evening, shorter than from one to the next."""
LONGEST_S = 7 * 24 * 3600.0
"""Then everybody signs in anew, whatever they did."""


class Member(Struct, frozen=True, kw_only=True):
    """Somebody who may use the page. Times in seconds since 1970.

    ``password``: its hash; "" of a guest, who came by invitation and is forgotten after ``until``.
    """

    id: str
    name: str
    role: str
    created: float
    password: str = ""
    until: float | None = None
    seen: float | None = None

    @property
    def rank(self) -> Role:
        return Role.named(self.role)

    @property
    def lasting_admin(self) -> bool:
        """Who can let others in for ever: of these one must stay."""
        return self.rank is Role.ADMIN and bool(self.password)


class Session(Struct, frozen=True, kw_only=True):
    """A browser that is signed in. It ends with its record, so whoever is removed is out at once."""

    member: str
    since: float
    seen: float


class Invitation(Struct, frozen=True, kw_only=True):
    """A link that lets so many in. ``stays``: seconds that each of them may use the page; ``guest``: the name
    that is offered to them."""

    role: str
    by: str
    created: float
    until: float
    uses: int
    stays: float
    guest: str = ""


class Book(Struct, kw_only=True):
    """Everybody, by id; sessions by the name that stands in the cookie; invitations by their token's digest."""

    members: dict[str, Member] = {}
    sessions: dict[str, Session] = {}
    invitations: dict[str, Invitation] = {}

    def tidy(self, now: float) -> None:
        """Forget what is over."""
        self.invitations = {d: i for d, i in self.invitations.items() if i.until > now and i.uses > 0}
        self.members = {name: m for name, m in self.members.items() if m.until is None or m.until > now}
        self.sessions = {
            s: session
            for s, session in self.sessions.items()
            if session.member in self.members and lives(session, session.seen, now)
        }

    def of_name(self, name: str, now: float) -> Member | None:
        """However they write it."""
        wanted = folded(name)
        here = (m for m in self.members.values() if m.until is None or m.until > now)
        return next((m for m in here if folded(m.name) == wanted), None)

    def new_name(self, name: str, now: float) -> str:
        """The name as it is kept. Raises ``PeopleError`` for none, and for one that somebody has."""
        kept = clean(name, LONGEST_NAME)
        if not kept:
            raise PeopleError(lazy_gettext("say a name: the others see it beside what you press"))
        if (other := self.of_name(kept, now)) is not None:
            raise PeopleError(
                lazy_gettext(
                    "there is a %(name)s already: say another name, such as %(other)s 2",
                    name=other.name,
                    other=kept[:34],
                )
            )
        if len(self.members) >= MOST_PEOPLE:
            raise PeopleError(
                lazy_gettext("there are %(most)s people already: remove somebody first", most=MOST_PEOPLE)
            )
        return kept

    def keeps_an_admin(self) -> None:
        """Raises ``PeopleError`` when nobody would be left who can let others in."""
        if not any(m.lasting_admin for m in self.members.values()):
            raise PeopleError(
                lazy_gettext(
                    "nobody would be left who can let others in: make somebody else an admin with a password first"
                )
            )

    def sign_out(self, member: str) -> None:
        """End all sessions of one."""
        self.sessions = {name: s for name, s in self.sessions.items() if s.member != member}

    def void(self, inviter: str) -> None:
        """End all invitations by one."""
        self.invitations = {digest: i for digest, i in self.invitations.items() if i.by != inviter}

    def begin(self, name: str, member: str, now: float) -> None:
        """A session more; of too many, the one that was used longest ago ends."""
        own = sorted((s.seen, n) for n, s in self.sessions.items() if s.member == member)
        for _seen, old in own[: max(0, len(own) - MOST_SESSIONS + 1)]:
            del self.sessions[old]
        self.sessions[name] = Session(member=member, since=now, seen=now)


def lives(session: Session, seen: float, now: float) -> bool:
    """Whether a session that was last used at ``seen`` goes on."""
    return now - seen < IDLE_S and now - session.since < LONGEST_S


def folded(name: str) -> str:
    """The form in which names are compared: two that look alike are one."""
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()
