"""From text to Python's syntax tree, or to words that tell a person what to write instead. Pure.

What is not of the language is refused before Python's parser sees it, so that its oddities (prefixes of texts,
escapes, comments, hundreds of parentheses) never come up.
"""

import ast
import keyword
import re

from gateway.errors import StagewireError

LONGEST_EXPRESSION = 500
"""Characters."""
DEEPEST = 50
"""Parentheses, or operations, within each other."""

_SPACE = re.compile(r"\s")
_TOKEN = re.compile(
    r"""\ +|'[^'\\]*'|"[^"\\]*"|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?![\w.])"""
    r"""|[^\W\d]\w*(?!['"\w])|\*\*|//|[=!<>]=|[-+*/%<>(),]"""
)
_STRANGE = re.compile(r"""[\w.]+['"]?|.""")
_WORDS = frozenset(("and", "or", "not", "if", "else", "in", "True", "False"))
"""Of Python's keywords, those of the language."""
_INSTEAD = {
    "=": "to compare, write ==",
    "&": "write: and",
    "|": "write: or",
    "!": "write: not",
    "^": "there are no powers; write x * x",
    "'": "a text ends with the quote it began with, and has no \\ in it",
    '"': "a text ends with the quote it began with, and has no \\ in it",
    "is": "to compare, write ==",
    "None": "what is missing counts as 0, '' or false",
}
_LONGEST_QUOTE = 40


class ExpressionError(StagewireError):
    """An expression or template cannot be used: ``words`` say why and what to write, ``column`` (from 1) where."""

    def __init__(self, column: int, words: str) -> None:
        self.column, self.words = column, words
        super().__init__(f"column {column}: {words}")


class Source:
    """The text of one expression; every mistake in it gets its column from here."""

    def __init__(self, text: str) -> None:
        spaced = _SPACE.sub(" ", text)
        self._text = spaced.strip()
        self._margin = len(spaced) - len(spaced.lstrip())
        self._bytes = b""

    def parse(self) -> ast.expr:
        """Its syntax tree. Raises ExpressionError, and nothing else."""
        if not self._text:
            raise self._wrong(0, "nothing stands here; write for example: coins * 10")
        if len(self._text) > LONGEST_EXPRESSION:
            raise self._wrong(0, f"at most {LONGEST_EXPRESSION} characters; found {len(self._text)}")
        self._check_tokens()
        try:
            self._bytes = self._text.encode()
            return ast.parse(self._text, mode="eval").body
        except SyntaxError as error:
            raise self._unread(error) from None
        except (ValueError, RecursionError, MemoryError) as error:  # half a surrogate pair; a parser at its limits
            raise self._wrong(0, f"this cannot be read ({error})") from None

    def mistake(self, node: ast.expr, words: str) -> ExpressionError:
        # The parser counts columns in bytes.
        return self._wrong(len(self._bytes[: node.col_offset].decode()), words)

    def quote(self, node: ast.expr) -> str:
        """What stands there, for a mistake."""
        return _quoted(self._bytes[node.col_offset : node.end_col_offset].decode())

    def _check_tokens(self) -> None:
        at, opened = 0, list[int]()
        while at < len(self._text):
            token = _TOKEN.match(self._text, at)
            if token is None or (keyword.iskeyword(token[0]) and token[0] not in _WORDS):
                raise self._strange(at)
            if token[0] == "(":
                opened.append(at)
                if len(opened) > DEEPEST:
                    raise self._wrong(at, f"at most {DEEPEST} parentheses within each other")
            elif token[0] == ")":
                if not opened:
                    raise self._wrong(at, "this ) has no ( before it")
                opened.pop()
            at = token.end()
        if opened:
            raise self._wrong(opened[-1], "this ( is never closed by a )")

    def _strange(self, at: int) -> ExpressionError:
        found = _STRANGE.match(self._text, at)
        assert found is not None  # it matches any character, and white space is all blanks
        part = found[0]
        if instead := _INSTEAD.get(part):
            words = f"; {instead}"
        elif part[0].isdigit():
            words = "; numbers look like 10 or 2.5"
        elif part[-1] in "'\"":
            words = "; leave a space before a text"
        else:
            words = "; there are numbers, 'texts', names, operators, and functions such as clamp(x, low, high)"
        return self._wrong(at, f"{_quoted(part)} means nothing here{words}")

    def _unread(self, error: SyntaxError) -> ExpressionError:
        at = (error.offset or len(self._text) + 1) - 1  # 0 and None: at its end
        rest = self._text[at:]
        if "else" in error.msg or rest.startswith("if"):
            return self._wrong(at, "an if comes after its value, with an else; write: x if condition else y")
        if not rest:
            return self._wrong(len(self._text), "something is missing at the end")
        return self._wrong(at, f"{_quoted(rest)} does not fit here; is an operator, a value or a comma missing?")

    def _wrong(self, at: int, words: str) -> ExpressionError:
        return ExpressionError(self._margin + at + 1, words)


def _quoted(text: str) -> str:
    return f"`{text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 3] + '...'}`"
