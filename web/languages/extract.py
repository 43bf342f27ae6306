"""The marked texts of scripts, for Babel. Its own reader of scripts misses a marked text inside the arguments of
another, and one inside a template string after a regular expression."""

import re
from collections.abc import Iterator
from typing import IO, Any

import msgspec

_STRING = r'"(?:[^"\\\n]|\\.)*"'
_MARKED = re.compile(rf"(?<![\w.$])(t|n)\(\s*({_STRING})(?:\s*,\s*({_STRING}))?")

Found = tuple[int, str, str | tuple[str, ...], list[str]]


def scripts(file: IO[bytes], keywords: Any, comment_tags: Any, options: Any) -> Iterator[Found]:
    """``t("...")`` and ``n("...", "...", count)``: line, keyword, texts, no comments. The other arguments
    are Babel's."""
    code = file.read().decode()
    for found in _MARKED.finditer(code):
        keyword, *texts = found.groups()
        said = [msgspec.json.decode(text, type=str) for text in texts if text is not None]
        yield code.count("\n", 0, found.start()) + 1, keyword, said[0] if keyword == "t" else tuple(said), []
