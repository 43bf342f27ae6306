"""Who may ask: the checks before every request and the headers after every answer."""

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, abort, g, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFProtect, ValidationError, validate_csrf

from web.people import crowd, limits, signing
from web.people.audit import Audit
from web.people.noted import note
from web.people.present import may, present
from web.people.roles import ANYONE, LEAST

SAFE = ("GET", "HEAD", "OPTIONS")
HEADER = "X-CSRFToken"
STOP = "press.trip"
"""Asks for no token, as for no sign-in: a page whose session ended must still stop the machines."""

TAKEN = frozenset({"backups.file", "exports.file", "system.diagnostics"})
"""What takes much away with it is written down like what changes something."""

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",  # text of viewers cannot become markup even by mistake
            "trusted-types stagewire-worker",  # allows one address: the worker's own (install.js)
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def protect(app: Flask, hosts: Iterable[str], audit: Audit) -> None:
    """Check every request of ``app``, in this order: is it for us and from our own page, is there room, is
    it not too often, of somebody who may, and meant. ``hosts``: names it may be asked under, beside any IP
    address."""
    own = socket.gethostname().lower()
    names = {"localhost", own, f"{own}.local", *(h.lower() for h in hosts)}

    @app.before_request
    def is_ours() -> None:
        # A rebinding attack needs a name of its own that resolves to us; an address is no name.
        if not _host_allowed(request.host, names):
            abort(
                400, _("This page is not served under the name %(name)r: add it to web.hosts.", name=request.host)
            )
        origin = request.headers.get("Origin")
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        foreign = origin is not None and urlsplit(origin).netloc.lower() != request.host.lower()
        changes = request.method not in SAFE
        if (changes or request.path.startswith("/api/")) and (foreign or site not in ("same-origin", "none")):
            abort(403, _("This request comes from another site's page."))
        if changes and origin is None:
            abort(403, "A press needs its Origin.")

    crowd.install(app)
    limits.install(app)
    # A token lives as long as its session; `is_meant` checks it, once it is known who asks.
    app.config.update(WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_CHECK_DEFAULT=False)
    CSRFProtect(app)

    @app.before_request
    def is_allowed() -> Response | None:
        least = LEAST.get(request.endpoint or "", ANYONE)
        if least is ANYONE:
            return None
        g.asker = present()
        if present().role is None:
            return _sign_in_first()
        if not may(least):
            abort(403, _("This needs the role %(role)s.", role=_(least.word)))
        return None

    @app.before_request
    def is_meant() -> None:
        if request.method in SAFE or request.endpoint in (None, STOP):
            return
        form = request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data")
        token = request.headers.get(HEADER) or (request.form.get("csrf_token") if form else None)
        try:
            validate_csrf(token)
        except ValidationError:
            abort(403, _("This screen is from before you signed in: load it again, then press once more."))

    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)  # a report that is saved has a stricter policy of its own
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @app.after_request
    def write_down(response: Response) -> Response:
        taken = request.method == "GET" and request.endpoint in TAKEN
        if taken or (request.method not in SAFE and request.endpoint is not None):
            note(audit, response.status_code)
        return response


def _sign_in_first() -> Response:
    if request.path.startswith("/api/") or request.method not in SAFE:
        abort(401, _("You are signed out: sign in again, then press once more."))
    way = urlencode({"next": signing.wanted(request)})
    return Response(status=303, headers={"Location": f"/enter?{way}" if request.path != "/" else "/enter"})


def _host_allowed(host: str, names: set[str]) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
