"""Who may ask: the checks before every request and the headers after every answer."""

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

HEADER = "X-Stagewire"
"""A page of another origin cannot set it without asking first, and is never told yes."""

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",  # filters; a press needs a header that no form can set
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",  # text of viewers cannot become markup even by mistake
            "trusted-types 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def protect(app: Flask, hosts: Iterable[str]) -> None:
    """Check every request of ``app``. ``hosts``: names it may be asked under, beside any IP address."""
    own = socket.gethostname().lower()
    names = {"localhost", own, f"{own}.local", *(h.lower() for h in hosts)}

    @app.before_request
    def check() -> None:
        # A rebinding attack needs a name of its own that resolves to us; an address is no name.
        if not _host_allowed(request.host, names):
            abort(400, f"This page is not served under the name {request.host!r}: add it to web.hosts.")
        origin = request.headers.get("Origin")
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        foreign = origin is not None and urlsplit(origin).netloc.lower() != request.host.lower()
        if request.path.startswith("/api/") and (foreign or site not in ("same-origin", "none")):
            abort(403, "This request comes from another site's page.")
        if request.method not in ("GET", "HEAD") and (origin is None or request.headers.get(HEADER) != "1"):
            abort(403, f"A press needs its Origin and the header {HEADER}: 1.")

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.update(HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


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
