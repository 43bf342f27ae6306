"""What expressions compute with: bounded numbers and texts, and the functions that rules may call. Pure.

Nothing here raises for finite numbers within +-MOST and texts of at most LONGEST_TEXT characters, and what the
functions give is within both again.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

Kind = Literal["number", "text", "bool"]
Value = float | int | str | bool
Values = Mapping[str, Value]
Run = Callable[[Values], Any]
"""Gives a Value of the kind that was found at load."""

MOST = 10**15
"""The largest number: up to it a float holds every whole number exactly."""
LONGEST_TEXT = 1000
"""Characters."""

_NUMERAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_DECIMALS = 15
"""Beyond them, ``round`` has nothing to round."""


def bounded(value: object) -> float:
    """The nearest number within +-MOST; 0 for what is no number. Whole numbers stay whole."""
    if not isinstance(value, int | float) or value != value:  # NaN; math.isnan() fails for huge whole numbers
        return 0
    held = max(-MOST, min(MOST, value))
    return int(held) if isinstance(value, int) else float(held)


def show(value: Value) -> str:
    """As people read it: no ``.0``, at most two decimals, ``true`` and ``false``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, float):
        return str(value)
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def divide(a: float, b: float) -> float:
    return a / b if b else 0


def divide_whole(a: float, b: float) -> float:
    return a // b if b else 0


def remainder(a: float, b: float) -> float:
    return a % b if b else 0


def join(a: str, b: str) -> str:
    return (a + b)[:LONGEST_TEXT]


def within(part: str, whole: str) -> bool:
    return part in whole


def without(part: str, whole: str) -> bool:
    return part not in whole


def _clamp(x: float, low: float, high: float) -> float:
    return low if x < low or high < low else high if x > high else x


def _scale(x: float, from_low: float, from_high: float, to_low: float, to_high: float) -> float:
    part = divide(x - from_low, from_high - from_low)
    if part <= 0:
        return to_low
    if part >= 1:
        return to_high
    # Rounding may lead past an end by the last binary digit.
    return _clamp(to_low + (to_high - to_low) * part, min(to_low, to_high), max(to_low, to_high))


def _round(x: float, digits: float = 0) -> float:
    places = int(_clamp(digits, -_DECIMALS, _DECIMALS))
    return round(x, places) if places > 0 else int(round(x, places))


def _lower(text: str) -> str:
    return text.lower()[:LONGEST_TEXT]  # a few letters become two


def _number(text: str) -> float:
    numeral = text.strip()
    if not _NUMERAL.fullmatch(numeral):
        return 0
    value = bounded(float(numeral))
    return value if "." in numeral else int(value)


class Function(NamedTuple):
    """How it is called and what it does. ``takes`` None: a value of any kind; ``many``: the last kind as often as
    one likes; ``optional``: so many of the last values may be left out."""

    use: str
    takes: tuple[Kind | None, ...]
    gives: Kind
    run: Callable[..., Any]
    optional: int = 0
    many: bool = False

    def accepts(self, count: int) -> bool:
        """Whether it can be called with so many values."""
        return len(self.takes) - self.optional <= count and (self.many or count <= len(self.takes))


_N: Kind = "number"
FUNCTIONS = {
    "min": Function("min(a, b, ...)", (_N, _N), _N, min, many=True),
    "max": Function("max(a, b, ...)", (_N, _N), _N, max, many=True),
    "clamp": Function("clamp(x, low, high)", (_N, _N, _N), _N, _clamp),
    "round": Function("round(x) or round(x, digits)", (_N, _N), _N, _round, optional=1),
    "floor": Function("floor(x)", (_N,), _N, math.floor),
    "ceil": Function("ceil(x)", (_N,), _N, math.ceil),
    "abs": Function("abs(x)", (_N,), _N, operator.abs),
    "scale": Function("scale(x, from_low, from_high, to_low, to_high)", (_N, _N, _N, _N, _N), _N, _scale),
    "len": Function("len(text)", ("text",), _N, len),
    "lower": Function("lower(text)", ("text",), "text", _lower),
    "number": Function("number(text)", ("text",), _N, _number),
    "text": Function("text(x)", (None,), "text", show),
}
"""``scale`` is linear and ends at its target's ends; ``number`` gives 0 for what is none; ``text`` is what
templates show; ``round`` takes a half to the even neighbour, as Python does; where low is above high, ``clamp``
gives low."""


# The closures. Numbers that come in are finite and within +-MOST, so that only arithmetic can lead out again.


def constant(value: Value) -> Run:
    return lambda values: value


def reader(name: str, kind: Kind) -> Run:
    def number(values: Values) -> float:
        value = values.get(name, 0)
        if (type(value) is int or type(value) is float) and -MOST <= value <= MOST:
            return value
        return bounded(value)

    def text(values: Values) -> str:
        value = values.get(name, "")
        return value[:LONGEST_TEXT] if isinstance(value, str) else ""

    def flag(values: Values) -> bool:
        return values.get(name) is True

    return {"number": number, "text": text, "bool": flag}[kind]


def arithmetic(apply: Callable[[Any, Any], float], left: Run, right: Run) -> Run:
    def run(values: Values) -> float:
        result = apply(left(values), right(values))
        return result if -MOST <= result <= MOST else bounded(result)

    return run


def call(function: Callable[..., Any], args: Sequence[Run]) -> Run:
    match args:
        case [a]:
            return lambda values: function(a(values))
        case [a, b]:
            return lambda values: function(a(values), b(values))
        case [a, b, c]:
            return lambda values: function(a(values), b(values), c(values))
        case _:
            return lambda values: function(*[arg(values) for arg in args])


def chain(first: Run, rest: list[tuple[Callable[[Any, Any], Any], Run]]) -> Run:
    def run(values: Values) -> bool:
        left = first(values)
        for compare, read in rest:
            right = read(values)
            if not compare(left, right):
                return False
            left = right
        return True

    return run


def until(decided: bool, runs: Sequence[Callable[[Values], bool]]) -> Run:
    def run(values: Values) -> bool:
        for part in runs:  # any() would make a generator each time
            if part(values) is decided:
                return decided
        return not decided

    return run


def choice(test: Run, then: Run, otherwise: Run) -> Run:
    return lambda values: then(values) if test(values) else otherwise(values)
