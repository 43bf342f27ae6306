"""The screens, in the order in which the header names them, and the ways within one of them."""

from collections.abc import Iterator
from typing import NamedTuple

from flask import request, url_for
from flask_babel import lazy_gettext

from web.people.present import may
from web.people.roles import LEAST

OWN = "people.me"
"""Behind the round button with one's letter, and within no screen."""


class Screen(NamedTuple):
    """``endpoint``: its first view; ``blueprints``: all that belong to it."""

    words: str
    endpoint: str
    blueprints: frozenset[str]

    def current(self) -> bool:
        return request.blueprint in self.blueprints and request.endpoint != OWN


def _screen(words: str, endpoint: str, *blueprints: str) -> Screen:
    return Screen(words, endpoint, frozenset({endpoint.partition(".")[0], *blueprints}))


SYSTEM = _screen(
    lazy_gettext("System"),
    "system.index",
    *("settings", "accounts", "people", "overlays", "backups"),
)
SCREENS = [
    _screen(lazy_gettext("Live"), "page.index"),
    _screen(lazy_gettext("Stations"), "stations.index", "wiring"),
    _screen(
        lazy_gettext("Rules"),
        "rules.index",
        *("rules_file", "rules_games", "rules_try", "rules_backtest", "builder"),
    ),
    _screen(lazy_gettext("Statistics"), "statistics.index"),
    _screen(lazy_gettext("History"), "sessions.index"),
    SYSTEM,
]
"""As many as a phone shows side by side."""
WITHIN_SYSTEM = {
    "system.index": lazy_gettext("Health"),
    "settings.index": lazy_gettext("Settings"),
    "accounts.index": lazy_gettext("Accounts"),
    "people.index": lazy_gettext("People"),
    "overlays.index": lazy_gettext("Overlays"),
    "backups.index": lazy_gettext("Backups"),
    "backups.forget": lazy_gettext("Erase a viewer"),
    "people.audit": lazy_gettext("Who did what"),
}


class Way(NamedTuple):
    """A link of the header. ``current``: to where the person is."""

    path: str
    words: str
    current: bool


def ways() -> Iterator[Way]:
    """To the screens that the person present may see."""
    for screen in SCREENS:
        if _open(screen.endpoint):
            yield Way(url_for(screen.endpoint), str(screen.words), screen.current())


def within() -> list[Way]:
    """Between the screens of System, where the person is in one of them and may see another one."""
    if not SYSTEM.current():
        return []
    here = request.endpoint if request.endpoint in WITHIN_SYSTEM else f"{request.blueprint}.index"
    found = [Way(url_for(e), str(words), e == here) for e, words in WITHIN_SYSTEM.items() if _open(e)]
    return found if len(found) > 1 else []


def _open(endpoint: str) -> bool:
    least = LEAST[endpoint]
    return least is None or may(least)
