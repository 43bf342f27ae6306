"""Who is asking, in a request."""

from flask import abort, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from msgspec import Struct

from web.people.roles import Role


class Person(Struct, frozen=True):
    """``name`` as others know them; ``role``: None of a stranger, who has not signed in. ``session``: what their
    cookie calls it; ``guest``: has no password."""

    name: str
    role: Role | None
    id: str = ""
    session: str = ""
    guest: bool = False

    # What Flask-Login asks of everybody.

    @property
    def is_authenticated(self) -> bool:
        return self.role is not None

    is_active = is_authenticated

    @property
    def is_anonymous(self) -> bool:
        return self.role is None

    def get_id(self) -> str:
        return self.session


STRANGER = Person("somebody not signed in", None)


def present() -> Person:
    """Who asks now."""
    person: Person = current_user._get_current_object()
    return person


WORDS = lazy_gettext("viewer"), lazy_gettext("operator"), lazy_gettext("supervisor"), lazy_gettext("admin")
"""Of the roles, marked to be translated; they are said by ``_(role.word)``."""


def may(role: Role) -> bool:
    """Whether who asks now has this role, or one above it."""
    own = present().role
    return own is not None and own >= role


def need(role: Role) -> None:
    """Ends the request with 403 where ``may`` says no: for what depends on more than the endpoint."""
    if not may(role):
        abort(403, _("This needs the role %(role)s.", role=_(role.word)))


def presser() -> str:
    """Who is pressing, for the venue's log."""
    return f"{present().name} at {request.remote_addr}"
