"""If and unless: does an event count, and for this viewer? Pure. Each check answers in words what is missing."""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo

from gateway.rules.moment import Moment, Names, level_number
from gateway.settings.expressions import Kind, compile_expression
from gateway.settings.rules import Who
from gateway.settings.schedule import within

Condition = Callable[[Moment], str]
"""What is missing, in words that follow "only"; empty when all is well."""


class Conditions:
    """Compiles the conditions of a rule book. ``kinds``: of each variable; ``levels``: of each stage."""

    def __init__(
        self, names: Names, kinds: Mapping[str, Kind], levels: dict[str, list[str]], zone: tzinfo
    ) -> None:
        self._names, self._kinds, self._levels, self._zone = names, kinds, levels, zone

    def compile(self, rule: str, meant: Who | None, unless: Who | None) -> Condition | None:
        """None when everybody counts."""
        if meant is None and unless is None:
            return None
        wanted = self._all(rule, meant) if meant is not None else None
        unwanted = self._all(f"{rule}/unless", unless) if unless is not None else None

        def why_not(m: Moment) -> str:
            if wanted is not None and (missing := wanted(m)):
                return f"only {missing}"
            if unwanted is not None and not unwanted(m):
                return "not for this viewer (unless)"
            return ""

        return why_not

    def _all(self, rule: str, who: Who) -> Condition:
        checks = list(self._checks(rule, who))

        def missing(m: Moment) -> str:
            for check in checks:
                if words := check(m):
                    return words
            return ""

        return checks[0] if len(checks) == 1 else missing

    def _checks(self, rule: str, who: Who) -> list[Condition]:
        found: list[Condition] = []
        flags = [(what, getattr(who, what)) for what in ("follower", "moderator", "subscriber")]
        found += [_flag(what, wanted) for what, wanted in flags if wanted is not None]
        for what, words in (("fan_level", "fan level"), ("gifter_level", "gifter level")):
            if (least := getattr(who, what)) is not None:
                found.append(_level(what, words, least))
        if who.users is not None:
            found.append(_named(frozenset(who.users)))
        if who.top is not None:
            found.append(_top(who.top))
        for stage, level in (who.stage or {}).items():
            found.append(_on_stage(stage, level, self._levels[stage]))
        for station, wanted in (who.station or {}).items():
            found.append(_station(station, wanted))
        if who.hours is not None:
            hours, zone = who.hours, self._zone
            found.append(lambda m: "" if within(hours, zone, m.now) else f"from {hours.from_} to {hours.to}")
        if who.so is not None:
            so, text = self._names.value(compile_expression(who.so, self._kinds)), who.so
            found.append(lambda m: "" if so(m) else f"if {text}")
        if who.all is not None:
            found += [self._all(f"{rule}/all{i}", one) for i, one in enumerate(who.all)]
        if who.any is not None:
            found.append(_any([self._all(f"{rule}/any{i}", one) for i, one in enumerate(who.any)]))
        if who.not_ is not None:
            found.append(_not(self._all(f"{rule}/not", who.not_)))
        if who.chance is not None:  # last: the lot is drawn among those who are meant
            found.append(_chance(rule, who.chance))
        return found


def _flag(what: str, wanted: bool) -> Condition:
    words = f"for {what}s" if wanted else f"for who is no {what}"
    return lambda m: "" if m.user is not None and getattr(m.user, what) is wanted else words


def _level(what: str, words: str, least: int) -> Condition:
    missing = f"for {words} {least} and more"
    return lambda m: "" if m.user is not None and getattr(m.user, what) >= least else missing


def _named(users: frozenset[str]) -> Condition:
    return lambda m: (
        "" if m.user is not None and not users.isdisjoint((m.user.id, m.user.name)) else "for the named viewers"
    )


def _top(most: int) -> Condition:
    def check(m: Moment) -> str:
        rank = m.state.rank(m.account, m.viewer)
        return "" if rank is not None and rank <= most else f"for the top {most}"

    return check


def _on_stage(stage: str, level: str, levels: Sequence[str]) -> Condition:
    least, words = levels.index(level), f"on stage {stage} {level}"
    return lambda m: "" if level_number(m.state, stage, levels) >= least else words


def _station(station: str, wanted: str) -> Condition:
    def check(m: Moment) -> str:
        now = m.state.stations.get(station, "offline")
        return "" if now == wanted or (wanted == "online" and now != "offline") else f"while {station} is {wanted}"

    return check


def _any(conditions: list[Condition]) -> Condition:
    def check(m: Moment) -> str:
        missing = [c(m) for c in conditions]
        return "" if "" in missing else " or ".join(missing)

    return check


def _not(condition: Condition) -> Condition:
    return lambda m: "" if condition(m) else "for others (not)"


def _chance(rule: str, percent: float) -> Condition:
    return lambda m: "" if m.draw(rule) * 100 < percent else f"for {percent:g} % of them, drawn by lot"
