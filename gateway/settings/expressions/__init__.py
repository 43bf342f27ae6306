"""Safe expressions and text templates of rules: checked and compiled once, at load, into nested closures. Pure.

The language is a small part of Python's expressions: numbers, 'texts', true, false, names, + - * / // %,
comparisons, and, or, not, ``x if c else y``, ``in`` for a text in a text, and FUNCTIONS. Python's parser reads it;
nothing of it is ever run as Python. Kinds are checked at load: ``coins + user`` is a mistake there.

Evaluating never raises, whatever the values: dividing by zero gives 0, numbers stay within +-MOST, texts are cut
at LONGEST_TEXT, and a name whose value is missing or of another kind counts as 0, '' or false. Whole numbers stay
whole, but for ``/`` and ``scale``.
"""

from gateway.settings.expressions.compiler import Expression, compile_expression
from gateway.settings.expressions.evaluation import FUNCTIONS, LONGEST_TEXT, MOST, Kind, Value
from gateway.settings.expressions.parsing import DEEPEST, LONGEST_EXPRESSION, ExpressionError
from gateway.settings.expressions.templates import LONGEST_TEMPLATE, Template, compile_template

__all__ = [
    "DEEPEST",
    "FUNCTIONS",
    "LONGEST_EXPRESSION",
    "LONGEST_TEMPLATE",
    "LONGEST_TEXT",
    "MOST",
    "Expression",
    "ExpressionError",
    "Kind",
    "Template",
    "Value",
    "compile_expression",
    "compile_template",
]
