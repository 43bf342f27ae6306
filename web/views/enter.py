"""The ways in and out: a name and a password, an invitation, the first admin's code."""

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from gateway.errors import PeopleError
from web.people import signing
from web.people.people import People
from web.people.present import present
from web.people.welcome import Welcome


def blueprint(people: People, welcome: Welcome) -> Blueprint:
    views = Blueprint("enter", __name__)

    @views.route("/enter", methods=["GET", "POST"])
    def sign_in() -> Response:
        then = signing.own_path(request.args.get("next", "/"))
        if request.method == "GET":
            if present().role is not None:
                return _to(then)
            return _to("/welcome") if welcome.open else _screen("enter.html", then=then)
        name = request.form.get("name", "")
        member = people.check(name, request.form.get("password", ""))
        if member is None:
            words = _("That name and password do not belong together. Capitals count in the password.")
            return _screen("enter.html", 401, then=then, words=words, name=name)
        signing.sign_in(people, member)
        return _to(then)

    @views.route("/enter/<token>", methods=["GET", "POST"])
    def invited(token: str) -> Response:
        invitation = people.invitation(token)
        if invitation is None:
            words = _("This link was used up, or its time is over: ask for a new one.")
            return _screen("enter.html", 410, then="/", words=words)
        if request.method == "GET":  # looking uses nothing up: chats look at links, too
            return _screen("invited.html", invitation=invitation, name=people.offered(invitation))
        name = request.form.get("name", "")
        try:
            member = people.enter(token, name)
        except PeopleError as e:
            return _screen("invited.html", 400, invitation=invitation, words=f"{e}", name=name)
        signing.sign_in(people, member)
        return _to("/")

    @views.route("/welcome", methods=["GET", "POST"], endpoint="welcome")
    def first() -> Response:
        if not welcome.open:
            return _to("/enter")
        if request.method == "GET":
            return _screen("welcome.html")
        form = request.form
        try:
            member = welcome.admit(form.get("code", ""), form.get("name", ""), form.get("password", ""))
        except PeopleError as e:
            kept = {"name": form.get("name", ""), "code": form.get("code", "")}
            return _screen("welcome.html", 400, words=f"{e}", **kept)
        signing.sign_in(people, member)
        return _to("/")

    @views.post("/leave")
    def leave() -> Response:
        signing.leave(people)
        return _to("/enter")

    return views


def _to(path: str) -> Response:
    return Response(status=303, headers={"Location": path})


def _screen(template: str, status: int = 200, **more: object) -> Response:
    return Response(render_template(template, script="people.js", **more), status)
