"""What the check lets through, the engine compiles and decides with: mistakes are told at load, not at night."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gateway import messages as m
from gateway.rules.engine import begin, compile_rules, decide, due, wake
from gateway.rules.state import State
from gateway.settings.load import parse_rules
from gateway.settings.models import Settings
from tests.rules.happenings import BUDI, NOW, comment, event, gift, viewers
from tests.settings.venue import GOOD_MORE, GOOD_THEN, GOOD_WHEN, rule, settings

BOOKS: list[dict[str, Any]] = [
    YAML(typ="safe").load(rule(when, GOOD_THEN[i % len(GOOD_THEN)], GOOD_MORE[i % len(GOOD_MORE)]))
    for i, when in enumerate(GOOD_WHEN * 4)
]
HAPPENINGS = [
    gift(count=5, total=5, coins=250),
    comment("team red"),
    comment("fire now", number=1),
    event(m.FollowEvent, m.Person(user=BUDI)),
    event(m.LikeEvent, m.Like(user=BUDI, count=900)),
    viewers(3),
    viewers(50, account="ayu"),
    event(m.PressEvent, m.Press(button="go"), account=""),
    event(m.InputEvent, m.Input(station="cannon", channel="button", level=True), account=""),
]
VALUES: st.SearchStrategy[object] = st.sampled_from(
    [0, 1, -1, 2, 100, 101, 0.5, 1e15, True, False, None, "", " ", "x", "5s", "0s", "9h", "done", "up", "down",
     "full", "quiet", "crowd", "credit", "own-shots", "round", "cannon", "fire", "button", "shot", "bell", "lamp",
     "big", "ayu", "coins", "coins > 1", "{coins}", "{user", "a|b", "#", "a/b", "0 0 29 2 *", "18:00", "viewer",
     "live", [], {}]
)  # fmt: skip


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings(tmp_path_factory.mktemp("hall"))


def _places(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in entries:
        yield (*at, key)
        yield from _places(value, (*at, key))


@st.composite
def books(draw: st.DrawFn) -> dict[str, Any]:
    """A good rules file in which up to three things were changed, left out, or put where another one was."""
    book: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(BOOKS)))
    for _ in range(draw(st.integers(0, 3))):
        *way, last = draw(st.sampled_from(list(_places(book))))
        part: Any = book
        for key in way:
            part = part[key]
        if isinstance(part, dict) and draw(st.integers(0, 3)) == 0:
            other = draw(st.sampled_from(sorted(map(str, part))))
            part[other] = part.pop(last)
        else:
            part[last] = draw(VALUES)
    return book


@trying(deadline=None, max_examples=300)
@given(books())
def test_what_passes_the_check_can_be_compiled_and_decided_with(hall: Settings, book: dict[str, Any]) -> None:
    rules = parse_rules(json.dumps(book), "rules.yaml", hall, Path("nowhere"))
    program, state = compile_rules(rules.book, hall), State()
    begin(program, NOW, state)
    for happening in HAPPENINGS:
        decide(program, happening, NOW, state)
    for _ in range(3):
        if (at := due(program, state, NOW)) is not None:
            wake(program, at, state)
