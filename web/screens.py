"""The screens, in the order in which the header names them."""

from collections.abc import Iterator
from typing import NamedTuple

from flask import request, url_for
from flask_babel import lazy_gettext

from web.people.present import may
from web.people.roles import LEAST


class Screen(NamedTuple):
    """``endpoint``: its first view; ``blueprints``: all that belong to it."""

    words: str
    endpoint: str
    blueprints: frozenset[str]


def _screen(words: str, endpoint: str, *blueprints: str) -> Screen:
    return Screen(words, endpoint, frozenset({endpoint.partition(".")[0], *blueprints}))


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
    _screen(lazy_gettext("Overlays"), "overlays.index"),
    _screen(lazy_gettext("System"), "system.index", "backups", "people", "settings", "accounts"),
]


class Way(NamedTuple):
    """A link of the header. ``current``: to where the person is."""

    path: str
    words: str
    current: bool


def ways() -> Iterator[Way]:
    """To the screens that the person present may see."""
    for screen in SCREENS:
        least = LEAST[screen.endpoint]
        if least is None or may(least):
            yield Way(url_for(screen.endpoint), str(screen.words), request.blueprint in screen.blueprints)
