"""The people screen, everybody's own screen, and the audit log."""

import time
from itertools import islice

from flask import Blueprint, Response, abort, flash, render_template, request
from flask_babel import gettext as _
from msgspec import Struct

from gateway.errors import PeopleError
from gateway.messages import stamp
from gateway.settings.models import Web
from gateway.text import clean
from web.people import links, signing
from web.people.audit import Audit, Line
from web.people.book import LONGEST_NAME, Member
from web.people.people import People
from web.people.present import may, need, present
from web.people.roles import Role

HOURS = (1, 4, 12, 24, 72)
USES = (1, 5, 20)
"""What an invitation may be: offered, and nothing else taken."""
HERE_S = 120.0
PAGE = 50
MOST_READ = 20_000
"""Lines of the audit log that one look goes through."""


class Row(Struct, frozen=True):
    """One person as the screen shows them."""

    member: Member
    seen: str | None
    here: bool
    browsers: int
    self: bool


def blueprint(people: People, audit: Audit, web: Web) -> Blueprint:
    views = Blueprint("people", __name__)

    @views.get("/system/people")
    def index() -> str:
        return _screen(people)

    @views.post("/system/people/invite")
    def invite() -> str:
        role = _role()
        need(Role.SUPERVISOR if role <= Role.OPERATOR else Role.ADMIN)
        token = people.invite(
            role,
            by=present().name,
            lasts=_one_of("lasts", HOURS) * 3600.0,
            uses=_one_of("uses", USES),
            stays=_one_of("stays", HOURS) * 3600.0,
        )
        link = f"{links.shared(request.host_url, web.host, web.port)}enter/{token}"
        code = links.code_on_screen(link)
        return _screen(people, link=link, code=code, only_here=links.only_here(link), invited=role)

    @views.post("/system/people/withdraw")
    def withdraw() -> Response:
        digest = request.form.get("invitation", "")
        found = people.invitations().get(digest)
        if found is not None:
            need(Role.SUPERVISOR if Role.named(found.role) <= Role.OPERATOR else Role.ADMIN)
            people.withdraw(digest)
        return _said(_("The link is void now."))

    @views.post("/system/people/add")
    def add() -> Response:
        member = people.add(request.form.get("name", ""), _role(), request.form.get("password", ""))
        return _said(_("%(name)s may sign in now.", name=member.name))

    @views.post("/system/people/<member>/role")
    def role(member: str) -> Response:
        people.set_role(member, _role())
        name, word = people.one(member).name, _(_role().word)
        return _said(_("%(name)s is %(role)s now, and signs in anew.", name=name, role=word))

    @views.post("/system/people/<member>/password")
    def password(member: str) -> Response:
        people.set_password(member, request.form.get("password", ""))
        return _said(_("%(name)s signs in with the new password.", name=people.one(member).name))

    @views.post("/system/people/<member>/remove")
    def remove(member: str) -> Response:
        name = people.one(member).name
        people.remove(member)
        return _said(_("%(name)s is out.", name=name))

    @views.get("/me")
    def me() -> str:
        return _me(people)

    @views.post("/me/password")
    def own_password() -> Response:
        own = people.one(present().id)
        if not own.password or people.check(own.name, request.form.get("old", "")) is None:
            raise PeopleError(_("that is not your password of now"))
        people.set_password(own.id, request.form.get("password", ""))
        signing.sign_in(people, people.one(own.id))
        flash(_("Your new password is in force. Your other phones and computers were signed out."))
        return _to("/me")

    @views.errorhandler(PeopleError)
    def refused(e: PeopleError) -> Response:
        own = request.path.startswith("/me")
        return Response(_me(people, words=f"{e}") if own else _screen(people, words=f"{e}"), 400)

    @views.get("/system/audit", endpoint="audit")
    def audit_log() -> str:
        audit.settle()
        who, page = clean(request.args.get("who", ""), LONGEST_NAME), max(1, request.args.get("page", 1, int))
        lines = (line for line in islice(audit.lines(), MOST_READ) if not who or line.who == who)
        found: list[Line] = list(islice(lines, (page - 1) * PAGE, page * PAGE + 1))
        names = sorted({*(m.name for m in people.everyone()), *([who] if who else [])}, key=str.casefold)
        rows = [(stamp(line.at), line) for line in found[:PAGE]]
        return render_template(
            "audit.html", script="people.js", rows=rows, who=who, page=page, more=len(found) > PAGE, names=names
        )

    return views


def _me(people: People, words: str = "") -> str:
    own = people.one(present().id)
    until = None if own.until is None else stamp(own.until)
    return render_template("people_me.html", script="people.js", own=own, until=until, words=words)


def _screen(people: People, **more: object) -> str:
    now = time.time()
    rows = []
    for member in people.everyone():
        browsers, seen = people.signed_in(member.id)
        here = bool(browsers) and seen is not None and now - seen < HERE_S
        words = None if seen is None else stamp(seen)
        rows.append(Row(member, words, here, browsers, member.id == present().id))
    highest = Role.ADMIN if may(Role.ADMIN) else Role.OPERATOR
    open_ones = {d: i for d, i in people.invitations().items() if Role.named(i.role) <= highest}
    return render_template(
        "people.html",
        script="people.js",
        rows=rows if may(Role.ADMIN) else [],
        total=len(rows),
        invitations={d: (i, stamp(i.until)) for d, i in open_ones.items()},
        roles=[r for r in Role if r <= highest],
        hours=HOURS,
        uses=USES,
        **more,
    )


def _role() -> Role:
    try:
        return Role.named(request.form.get("role", ""))
    except KeyError:
        abort(400, _("There is no such role."))


def _one_of(name: str, offered: tuple[int, ...]) -> int:
    found = request.form.get(name, offered[0], int)
    if found not in offered:
        abort(400, _("That is not among the choices."))
    return int(found)


def _said(words: str) -> Response:
    flash(words)
    return _to("/system/people")


def _to(path: str) -> Response:
    return Response(status=303, headers={"Location": path})
