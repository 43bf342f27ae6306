"""Texts with expressions in braces. Pure."""

import re
from collections.abc import Mapping

from msgspec import Struct

from gateway.settings.expressions.compiler import compile_expression
from gateway.settings.expressions.evaluation import LONGEST_TEXT, Kind, Run, Values, call, constant, show
from gateway.settings.expressions.parsing import ExpressionError

LONGEST_TEMPLATE = LONGEST_TEXT
"""Characters."""

# Braces within a hole's quoted texts do not end it. Where quotes do not pair, the next brace does.
_PIECE = re.compile(r"""\{\{|\}\}|\{((?:[^{}'"]|'[^']*'|"[^"]*")*+)\}|\{([^{}]*)\}|[^{}]+|[{}]""")


class Template(Struct, frozen=True, eq=False):
    """A compiled template; ``names`` are those that it reads."""

    text: str
    names: frozenset[str]
    _parts: tuple[Run, ...]

    def __call__(self, values: Values) -> str:
        """Its text, at most LONGEST_TEXT characters. Never raises."""
        return "".join([part(values) for part in self._parts])[:LONGEST_TEXT]


def compile_template(text: str, names: Mapping[str, Kind]) -> Template:
    """``"{user} gave {coins * 2} coins"``, which may read ``names``; ``{{`` and ``}}`` are literal braces.

    Whole numbers are shown without ``.0``, others with at most two decimals. Raises ExpressionError.
    """
    if len(text) > LONGEST_TEMPLATE:
        raise ExpressionError(LONGEST_TEMPLATE + 1, f"at most {LONGEST_TEMPLATE} characters; found {len(text)}")
    parts: list[Run] = []
    read: frozenset[str] = frozenset()
    for piece in _PIECE.finditer(text):
        match piece[0]:
            case "{{" | "}}" as brace:
                parts.append(constant(brace[0]))
            case "{" | "}" as brace:
                words = "is never closed by a }" if brace == "{" else "has no { before it"
                raise ExpressionError(piece.start() + 1, f"this {brace} {words}; to show one, write {brace * 2}")
            case plain if piece.lastindex is None:
                parts.append(constant(plain))
            case _:
                try:
                    hole = compile_expression(piece[piece.lastindex], names)
                except ExpressionError as mistake:
                    raise ExpressionError(piece.start() + 1 + mistake.column, mistake.words) from None
                parts.append(call(show, [hole.run]))
                read |= hole.names
    return Template(text, read, tuple(parts))
