"""What a rule may name: accounts, stations, counters... and the words for what does not exist."""

from collections.abc import Iterable, Mapping

from gateway.settings.expressions import ExpressionError, Kind, compile_expression, compile_template
from gateway.settings.models import Settings
from gateway.settings.rules import RuleBook
from gateway.settings.variables import variable, variables
from gateway.settings.yamlfile import did_you_mean

_WANTED = {"number": "a number", "text": "a text", "bool": "a comparison, which is true or false"}
_OF_BOOK = ("counters", "timers", "notes", "stages", "groups")
_READ = ("counters", "timers", "notes", "stages")


class Known:
    """``broken``: ``(section, name)`` of what stands in the file with a mistake of its own, and its line."""

    def __init__(self, settings: Settings, book: RuleBook, broken: Mapping[tuple[str, str], int]) -> None:
        self.settings, self.book, self._broken = settings, book, broken
        self._lost = {variable(s, n): (s, n) for s, n in broken if s in _READ}
        lost: dict[str, Kind] = {read: "text" if s == "notes" else "number" for read, (s, _) in self._lost.items()}
        self._kinds: dict[str, Kind] = lost | variables(book)

    def refusal(self, section: str, name: str) -> str:
        """Why nothing of this name may be named; "" when it may. ``section`` is where it would stand."""
        known: Iterable[str] = getattr(self.book if section in _OF_BOOK else self.settings, section)
        if name in known:
            return ""
        kind = section.removesuffix("s")
        if (section, name) in self._broken:
            return f"{kind} {name!r} is broken itself: see line {self._broken[section, name]}"
        hint = did_you_mean(name, known)
        if not hint and section in _OF_BOOK:
            hint = f": write it under `{section}`"
        elif not hint and section in ("sounds", "webhooks"):
            hint = f": write it into the settings, under `{section}`"
        return f"there is no {kind} {name!r}{hint}"

    def expression_complaint(self, text: str, kind: Kind) -> str:
        """Why ``text`` is no expression of this kind; "" when it is."""
        try:
            expression = compile_expression(text, self._kinds)
        except ExpressionError as e:
            return f"{e}; found {text!r}"
        if expression.kind != kind:
            return f"expected {_WANTED[kind]}; {text!r} is {_WANTED[expression.kind]}"
        return self._lost_of(expression.names)

    def template_complaint(self, text: str) -> str:
        """Why ``text`` is no text with expressions in it; "" when it is."""
        try:
            return self._lost_of(compile_template(text, self._kinds).names)
        except ExpressionError as e:
            return f"{e}; found {text!r}"

    def _lost_of(self, names: Iterable[str]) -> str:
        lost = sorted(set(names) & self._lost.keys() - variables(self.book).keys())
        return self.refusal(*self._lost[lost[0]]) if lost else ""
