"""What a YAML parser complains of, in words for the person who wrote the file."""

import re

from ruamel.yaml.error import MarkedYAMLError

_QUOTES = "a text that begins with it has to stand in quotes"
_WORDS = (
    (r"character '\\t'", "a tab; indent with spaces"),
    (r"found character '(.)'", rf"{{0}} begins nothing here; {_QUOTES}"),
    (r"scanning a tag", f"! has a meaning of its own; {_QUOTES}"),
    (r"(undefined alias '.*')", f"{{0}}: * has a meaning of its own; {_QUOTES}"),
    (r"quoted scalar: found unexpected end", "a quote is opened here and never closed"),
    (r"unknown escape", r"\ has a meaning of its own in double quotes; write single ones"),
    (r"'<stream end>'", "a [ or {{ is never closed"),
    (r"',' or '(.)'", "a , or {0} is missing, or a space after a colon, or quotes around text with {{ }}"),
    (r"mapping values", "a colon where none can be; lines that belong together begin in the same column, "
                        "a text with a colon in it stands in quotes"),
    (r"<block end>", "lines that belong together have to begin in the same column"),
    (r"expected ':'", "a colon is missing after a name"),
    (r"expected the node content, but found '(.)'", "{0} stands where something is expected"),
)  # fmt: skip
"""A pattern in ``context: problem`` of ruamel.yaml, and what it means."""


def not_yaml(e: MarkedYAMLError) -> tuple[int, str]:
    """The line (from 1) to look at, and what is wrong there."""
    said = f"{e.context or ''}: {e.problem or e.context}"
    # An open quote is found out at the end of the file; where it was opened is what helps.
    mark = e.context_mark if "quoted scalar" in said and e.context_mark else e.problem_mark
    line = mark.line + 1 if mark else 1
    for pattern, words in _WORDS:
        if found := re.search(pattern, said):
            opened = f" (opened in line {e.context_mark.line + 1})" if _spans(e, line) else ""
            return line, f"not YAML: {words.format(*found.groups())}{opened}"
    return line, f"not YAML: {e.problem or e.context}"


def _spans(e: MarkedYAMLError, line: int) -> bool:
    """Whether what was opened with [ or { began in a line before."""
    return "flow" in (e.context or "") and e.context_mark is not None and e.context_mark.line + 1 < line
