"""What each role may do: one table, asked before every request. Pure.

A viewer looks. An operator runs the show: whatever makes safe, queues, debts, buttons, stations' actions. A
supervisor sets machines free to move and decides what moves them: reset, arming, going live, rules, channels,
exports. An admin keeps the house: people, accounts, settings, backups, erasure.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum


class Role(IntEnum):
    """In order: each may do what those before it may."""

    VIEWER = 1
    OPERATOR = 2
    SUPERVISOR = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def named(cls, word: str) -> "Role":
        """Raises ``KeyError`` for a word that is none."""
        return cls[word.upper()]


ANYONE = None
"""No sign-in is asked for: whoever can reach the page may see that there is one, and may stop the machines."""

LEAST: Mapping[str, Role | None] = {
    "page.static": ANYONE,
    "language.choose": ANYONE,
    "install.manifest": ANYONE,
    "install.worker": ANYONE,
    "install.offline": ANYONE,
    "overlay.screen": ANYONE,  # its address carries a token, which the view checks
    "overlay.data": ANYONE,
    "press.trip": ANYONE,  # whoever sees somebody in danger must not be asked who they are
    "enter.sign_in": ANYONE,
    "enter.invited": ANYONE,
    "enter.welcome": ANYONE,
    "enter.leave": Role.VIEWER,
    "people.me": Role.VIEWER,
    "people.own_password": Role.VIEWER,
    "people.index": Role.SUPERVISOR,  # to invite viewers and operators; who there is, admins see
    "people.invite": Role.SUPERVISOR,
    "people.withdraw": Role.SUPERVISOR,
    "people.add": Role.ADMIN,
    "people.role": Role.ADMIN,
    "people.password": Role.ADMIN,
    "people.remove": Role.ADMIN,
    "people.audit": Role.ADMIN,
    "page.index": Role.VIEWER,
    "live.snapshot": ANYONE,  # a stranger is told of the stop, and of nothing else
    "live.events": Role.VIEWER,
    "sessions.index": Role.VIEWER,
    "sessions.one": Role.VIEWER,
    "sessions.two": Role.VIEWER,
    "statistics.index": Role.VIEWER,
    "session_parts.buckets": Role.VIEWER,
    "session_parts.correlation": Role.VIEWER,
    "session_parts.ledger": Role.VIEWER,
    "session_parts.events": Role.VIEWER,
    "stations.index": Role.VIEWER,
    "stations.one": Role.VIEWER,
    "stations.order": Role.OPERATOR,
    "stations.look": Role.OPERATOR,
    "stations.ping": Role.OPERATOR,
    "stations.test": Role.SUPERVISOR,
    "stations.flash": Role.ADMIN,
    "stations.flashing": Role.ADMIN,
    "press.queue": Role.OPERATOR,
    "press.ledger": Role.OPERATOR,
    "press.button": Role.OPERATOR,
    "press.arm": Role.OPERATOR,  # to disarm; see the view
    "press.mode": Role.OPERATOR,  # to pause or rehearse; see the view
    "rules.index": Role.VIEWER,
    "rules.state": Role.VIEWER,
    "rules_file.index": Role.VIEWER,
    "rules_file.file": Role.VIEWER,
    "rules_file.history": Role.VIEWER,
    "rules_games.index": Role.VIEWER,
    "rules_try.index": Role.OPERATOR,
    "rules_try.begin": Role.OPERATOR,
    "rules_try.trace": Role.OPERATOR,
    "press.reset": Role.SUPERVISOR,
    "builder.new": Role.SUPERVISOR,
    "builder.edit": Role.SUPERVISOR,
    "builder.preview": Role.SUPERVISOR,
    "builder.now_known": Role.SUPERVISOR,
    "builder.save": Role.SUPERVISOR,
    "rules.edit": Role.SUPERVISOR,
    "rules.rollback": Role.SUPERVISOR,
    "rules_file.check": Role.SUPERVISOR,
    "rules_file.save": Role.SUPERVISOR,
    "rules_file.restore": Role.SUPERVISOR,
    "rules_games.one": Role.SUPERVISOR,
    "rules_games.add": Role.SUPERVISOR,
    "rules_backtest.index": Role.SUPERVISOR,
    "rules_backtest.begin": Role.SUPERVISOR,
    "rules_backtest.state": Role.SUPERVISOR,
    "rules_backtest.cancel": Role.SUPERVISOR,
    "rules_backtest.report": Role.SUPERVISOR,
    "overlays.index": Role.SUPERVISOR,
    "overlays.make": Role.SUPERVISOR,
    "overlays.revoke": Role.SUPERVISOR,
    "accounts.index": Role.OPERATOR,  # admins see the settings there, too; see the view
    "accounts.order": Role.OPERATOR,
    "accounts.begin": Role.ADMIN,
    "accounts.state": Role.ADMIN,
    "accounts.cancel": Role.ADMIN,
    "settings.index": Role.ADMIN,
    "settings.file": Role.ADMIN,
    "settings.text": Role.ADMIN,
    "settings.change": Role.ADMIN,
    "settings.save": Role.ADMIN,
    "settings.check": Role.ADMIN,
    "settings.rollback": Role.ADMIN,
    "settings.restart": Role.ADMIN,
    "wiring.index": Role.ADMIN,
    "wiring.pins": Role.ADMIN,
    "exports.begin": Role.SUPERVISOR,
    "exports.state": Role.SUPERVISOR,
    "exports.cancel": Role.SUPERVISOR,
    "exports.file": Role.SUPERVISOR,
    "system.index": Role.OPERATOR,
    "system.page": Role.OPERATOR,
    "system.errors": Role.ADMIN,
    "system.clear": Role.ADMIN,
    "system.diagnostics": Role.ADMIN,
    "system.profile": Role.ADMIN,
    "system.errand": Role.ADMIN,
    "backups.index": Role.ADMIN,
    "backups.forget": Role.ADMIN,
    "backups.make": Role.ADMIN,
    "backups.file": Role.ADMIN,
    "backups.delete": Role.ADMIN,
    "backups.check": Role.ADMIN,
    "backups.restore": Role.ADMIN,
    "backups.retention": Role.ADMIN,
    "backups.erase": Role.ADMIN,
}
"""Of every endpoint the least role that may ask it."""


def check(endpoints: Iterable[str]) -> None:
    """Raises ``LookupError`` for an endpoint that the table forgets, or an entry of it that is no endpoint: a page
    with either is not served."""
    known = set(endpoints)
    if wrong := sorted(known ^ LEAST.keys()):
        raise LookupError(f"web/people/roles.py and the views disagree about {', '.join(wrong)}")
