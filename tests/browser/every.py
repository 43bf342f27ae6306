"""Every screen of the page, found as a person finds them: by the header, and one link further."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException

from tests.browser.phone import Phone

LINKS = (
    "[...document.querySelectorAll('.ways a, .within a, .me, main a[href]')].map((a) => a.getAttribute('href'))"
)
LOADED = (
    "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
    ".filter((e) => !e.name.includes('/api/')).reduce((bytes, e) => bytes + e.encodedBodySize, 0)"
)
"""Bytes of a screen and its files as they are sent, wherever the browser had them from."""
FIRST = ("/", "/sessions/last")
"""The second is a link where sessions are real; the demo's are practice."""
KEPT = "fetch('/sessions/last').then((answer) => answer.ok)"
LEFT_OUT = ("language.choose", "enter.leave")
"""Links that lead to no screen."""
SETTLED = (
    "[...document.querySelectorAll('#link')].every((link) => (link.dataset.tone ?? 'busy') !== 'busy')"
    " && !document.querySelector('#looks[hidden]')"
)
"""What every screen has is there: it sees the venue, and its extras have come."""


class Screens:
    """``app`` only names what an address leads to: one of each kind is enough."""

    def __init__(self, app: Flask) -> None:
        self._map = app.url_map.bind("localhost")

    def endpoint(self, path: str) -> str:
        """Which screen answers there; "" for none of this page."""
        parts = urlsplit(path)
        if parts.netloc or not parts.path.startswith("/") or parts.path.startswith("/api/"):
            return ""
        try:
            return str(self._map.match(parts.path, method="GET")[0])
        except HTTPException:
            return ""

    def find(self, phone: Phone, url: str) -> dict[str, str]:
        """Endpoint to path, in the order in which they are met."""
        phone.get(url)
        phone.until(KEPT, 40)
        found = {self.endpoint(path): path for path in FIRST}
        for _ in range(2):
            for path in list(found.values()):
                phone.get(url + path)
                phone.until(SETTLED)
                for link in phone.js(LINKS):
                    name = self.endpoint(link)
                    if name and name not in LEFT_OUT and name not in found:
                        found[name] = link
        return found


def names(found: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each path with a name for its picture."""
    for endpoint, path in found.items():
        yield re.sub(r"[^a-z0-9]+", "-", endpoint.replace(".index", "")).strip("-"), path
