"""From a syntax tree to closures, with every kind checked on the way. Pure."""

import ast
import difflib
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from gateway.settings.expressions import evaluation
from gateway.settings.expressions.evaluation import FUNCTIONS, MOST, Kind, Run, Value, Values, constant
from gateway.settings.expressions.parsing import DEEPEST, ExpressionError, Source

_LISTED = 20
"""Known names that a mistake lists."""

_Typed = tuple[Kind, Run]

_ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[Any, Any], float]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", evaluation.divide),
    ast.FloorDiv: ("//", evaluation.divide_whole),
    ast.Mod: ("%", evaluation.remainder),
}
_COMPARISONS: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any], tuple[Kind, ...]]] = {
    ast.Eq: ("==", operator.eq, ("number", "text", "bool")),
    ast.NotEq: ("!=", operator.ne, ("number", "text", "bool")),
    ast.Lt: ("<", operator.lt, ("number",)),
    ast.LtE: ("<=", operator.le, ("number",)),
    ast.Gt: (">", operator.gt, ("number",)),
    ast.GtE: (">=", operator.ge, ("number",)),
    ast.In: ("in", evaluation.within, ("text",)),
    ast.NotIn: ("not in", evaluation.without, ("text",)),
}
_A: dict[Kind, str] = {"number": "a number", "text": "a text", "bool": "true or false"}
_CURES: dict[tuple[Kind, Kind], str] = {
    ("text", "number"): "write number(...)",
    ("text", "bool"): "compare it, as in: name == 'Rose'",
    ("number", "text"): "write text(...)",
    ("number", "bool"): "compare it, as in: coins > 0",
    ("bool", "number"): "write (1 if ... else 0)",
    ("bool", "text"): "write text(...)",
}
"""By what was found and what is wanted."""


class Expression(Struct, frozen=True, eq=False):
    """A compiled expression; ``names`` are those that it reads, ``run`` is what calling it does."""

    text: str
    kind: Kind
    names: frozenset[str]
    run: Run

    def __call__(self, values: Values) -> Value:
        """Its value, of its kind. Never raises."""
        value: Value = self.run(values)
        return value


def compile_expression(text: str, names: Mapping[str, Kind]) -> Expression:
    """``text``, which may read ``names``. Raises ExpressionError."""
    compiler = _Compiler(Source(text), names)
    kind, run = compiler.compile()
    return Expression(text, kind, frozenset(compiler.reads), run)


class _Compiler:
    """``reads`` gathers each name as often as it is read."""

    def __init__(self, source: Source, names: Mapping[str, Kind]) -> None:
        self._source = source
        self._names = names
        self._depth = 0
        self.reads: list[str] = []

    def compile(self) -> _Typed:
        return self._typed(self._source.parse())

    def _typed(self, node: ast.expr) -> _Typed:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._source.mistake(node, f"at most {DEEPEST} operations within each other")
        reads = len(self.reads)
        kind, run = self._node(node)
        self._depth -= 1
        if len(self.reads) == reads:  # nothing but constants: done once for all
            run = constant(run({}))
        return kind, run

    def _node(self, node: ast.expr) -> _Typed:
        match node:
            case ast.Constant(value=value):
                return self._constant(node, value)
            case ast.Name(id="true" | "false" as word):
                return "bool", constant(word == "true")
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.UnaryOp(op=ast.Not()):
                return "bool", evaluation.call(operator.not_, [self._demand(node.operand, "bool", "not")])
            case ast.UnaryOp(op=ast.USub()):
                return "number", evaluation.call(operator.neg, [self._demand(node.operand, "number", "-")])
            case ast.UnaryOp(op=ast.UAdd()):
                return "number", self._demand(node.operand, "number", "+")
            case ast.BinOp():
                return self._binary(node)
            case ast.BoolOp():
                decided = isinstance(node.op, ast.Or)
                by = "or" if decided else "and"
                return "bool", evaluation.until(decided, [self._demand(v, "bool", by) for v in node.values])
            case ast.Compare():
                return self._comparison(node)
            case ast.IfExp():
                return self._choice(node)
            case ast.Call():
                return self._call(node)
            case _:
                raise self._refused(node)

    def _constant(self, node: ast.expr, value: object) -> _Typed:
        match value:
            case bool():
                return "bool", constant(value)
            case int() | float():
                if value > MOST:
                    raise self._source.mistake(node, f"numbers go up to {MOST}")
                return "number", constant(value)
            case str():
                return "text", constant(value)
            case _:
                raise self._refused(node)

    def _name(self, node: ast.expr, name: str) -> _Typed:
        kind = self._names.get(name)
        if kind is None:
            if function := FUNCTIONS.get(name):
                raise self._source.mistake(node, f"`{name}` is a function; write {function.use}")
            hint = _did_you_mean(name, [*self._names, "true", "false"])
            hint = hint or f" (a text stands in quotes: '{name}')"
            raise self._source.mistake(node, f"`{name}` is unknown{hint}; {_known(self._names)}")
        self.reads.append(name)
        return kind, evaluation.reader(name, kind)

    def _binary(self, node: ast.BinOp) -> _Typed:
        if type(node.op) not in _ARITHMETIC:
            raise self._source.mistake(node, "there is no ** here; write x * x")
        sign, apply = _ARITHMETIC[type(node.op)]
        if sign != "+":
            left = self._demand(node.left, "number", sign)
            return "number", evaluation.arithmetic(apply, left, self._demand(node.right, "number", sign))
        (kind, left), (other, right) = self._typed(node.left), self._typed(node.right)
        if kind != other or kind == "bool":
            words = f"+ adds two numbers or joins two texts, but {self._both(node.left, kind, node.right, other)}"
            raise self._source.mistake(node, words)
        if kind == "text":
            return "text", evaluation.call(evaluation.join, [left, right])
        return "number", evaluation.arithmetic(apply, left, right)

    def _comparison(self, node: ast.Compare) -> _Typed:
        kind, first = self._typed(node.left)
        before, rest = node.left, list[tuple[Callable[[Any, Any], Any], Run]]()
        for op, right in zip(node.ops, node.comparators, strict=True):
            sign, compare, kinds = _COMPARISONS[type(op)]
            other, run = self._typed(right)
            if kind != other or kind not in kinds:
                takes = " or ".join(f"two {'true or false' if k == 'bool' else k + 's'}" for k in kinds)
                words = f"{sign} compares {takes}, but {self._both(before, kind, right, other)}"
                raise self._source.mistake(before, words)
            rest.append((compare, run))
            before = right
        if len(rest) == 1:
            return "bool", evaluation.call(rest[0][0], [first, rest[0][1]])
        return "bool", evaluation.chain(first, rest)

    def _choice(self, node: ast.IfExp) -> _Typed:
        test = self._demand(node.test, "bool", "if")
        (kind, then), (other, otherwise) = self._typed(node.body), self._typed(node.orelse)
        if kind != other:
            found = self._both(node.body, kind, node.orelse, other)
            raise self._source.mistake(node, f"if and else give values of one kind, but {found}")
        return kind, evaluation.choice(test, then, otherwise)

    def _call(self, node: ast.Call) -> _Typed:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        function = FUNCTIONS.get(name)
        if function is None:
            hint = _did_you_mean(name, FUNCTIONS)
            words = f"{self._source.quote(node.func)} is no function{hint}; there are: {', '.join(FUNCTIONS)}"
            raise self._source.mistake(node.func, words)
        if node.keywords or not function.accepts(len(node.args)):
            words = f"write {function.use}; found {len(node.args) + len(node.keywords)} values"
            raise self._source.mistake(node, words)
        kinds = [function.takes[min(i, len(function.takes) - 1)] for i in range(len(node.args))]
        args = [self._demand(arg, kind, name) for arg, kind in zip(node.args, kinds, strict=True)]
        return function.gives, evaluation.call(function.run, args)

    def _demand(self, node: ast.expr, kind: Kind | None, by: str) -> Run:
        found, run = self._typed(node)
        if kind is not None and found != kind:
            words = f"{by} takes {_A[kind]}, but {self._source.quote(node)} is {_A[found]}; {_CURES[found, kind]}"
            raise self._source.mistake(node, words)
        return run

    def _both(self, left: ast.expr, kind: Kind, right: ast.expr, other: Kind) -> str:
        found = f"{self._source.quote(left)} is {_A[kind]} and {self._source.quote(right)} is {_A[other]}"
        kinds = {kind, other}
        if "bool" in kinds:
            return found
        return f"{found}; write number(...)" + (" or text(...)" if "number" in kinds else "")

    def _refused(self, node: ast.expr) -> ExpressionError:
        return self._source.mistake(node, f"{self._source.quote(node)} is not part of the language of rules")


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _known(names: Iterable[str]) -> str:
    listed = sorted(names)
    if not listed:
        return "no names are known here"
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return f"known here: {', '.join(listed[:_LISTED])}{more}"
