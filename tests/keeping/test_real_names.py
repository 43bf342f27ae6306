"""Real viewers' names were committed to git once, by an earlier system: here every @name is an invented one."""

import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.journal.rewriting import entries
from gateway.practice.tiktok import people

ROOT = Path(__file__).parents[2]
PLACES = ("README.md", "CHANGELOG.md", "docs", "gateway", "web", "firmware", "systemd", "ansible", "tests")
KINDS = {".md", ".py", ".yaml", ".yml", ".json", ".jsonl", ".html", ".txt", ".csv"}

NAMED = re.compile(
    r"""\b(?:name|username|nickname|unique_?[iI]d|display_?[iI]d|user)["']?\s*[=:]\s*["']@?"""
    r"""([A-Za-z0-9_.]*[A-Za-z][._0-9][A-Za-z0-9_.]*)["']"""
)
"""A field of a viewer or an account whose value looks like an @name: letters with a dot, a digit or a _ in it."""
MENTIONED = re.compile(r"(?<![\w.@/:<{%$-])@([a-z0-9_][a-z0-9_.]{1,23})(?![\w/(])")
"""An @name in a text that is no program."""

INVENTED = {
    *("ada.otter", "bea.badger", "club_night", "ivo.marsh", "lene.brandt", "luka.ray", "mira.on.air"),
    *("maya.viewer", "hall.broker.user"),
    *("nadia.quill", "noisy.neighbour", "otto.quist", "otto.the.second", "otto2", "quiet.one"),
    *("vera.viewer", "zoe.fern"),
}
"""Whoever needs another one invents it, and writes it here."""
PATTERNS = re.compile(
    r"[a-z]+\.(practice|live|new)|viewer\.?\d*|"
    rf"({'|'.join(people._FIRST.lower().split())})\.({'|'.join(people._LAST.split())})\d*"
)
NO_NAMES = {"erased", "name", "names", "average_viewers", "peak_viewers", "ada.gz", "x.gz", "csrf_token"} | {
    f"latency_p{percent}_ms" for percent in (50, 95, 99)
}
"""Words of programs and documentation that only look like one."""


def strangers(text: str, *, program: bool = False) -> set[str]:
    """The @names in a text that nobody here invented."""
    found = set(NAMED.findall(text)) | (set() if program else set(MENTIONED.findall(text)))
    names = {name.rstrip(".").lower() for name in found}
    return {n for n in names - INVENTED - NO_NAMES if not PATTERNS.fullmatch(n)}


def texts() -> Iterator[Path]:
    for place in (ROOT / name for name in PLACES):
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            if path.suffix in KINDS and path.is_file() and path != Path(__file__):
                yield path


def in_journal(path: Path) -> set[str]:
    """As ``strangers``, of a journal that is kept for tests."""
    return {name for entry in entries(path) for name in strangers(entry.body.decode())}


def test_no_real_viewers_name_stands_in_the_repository() -> None:
    files = list(texts())
    assert len(files) > 300
    found = {
        str(path.relative_to(ROOT)): some
        for path in files
        if (some := strangers(path.read_text(errors="replace"), program=path.suffix == ".py"))
    }
    assert found == {}, "if these are invented, add them to INVENTED"


def test_no_real_viewers_name_stands_in_a_packed_fixture(tmp_path: Path) -> None:
    fixtures = ROOT / "tests" / "fixtures"
    for packed in fixtures.glob("*.tar.gz"):
        with tarfile.open(packed) as tar:
            tar.extractall(tmp_path / packed.name, filter="data")
    journals = [*fixtures.rglob("*.db"), *tmp_path.rglob("*.db")]
    assert journals
    assert {path.name: some for path in journals if (some := in_journal(path))} == {}
    plain = [path for path in tmp_path.rglob("*") if path.suffix in KINDS]
    assert {path.name: some for path in plain if (some := strangers(path.read_text()))} == {}


@pytest.mark.parametrize(
    "text",
    [
        '"user": {"id": "1", "name": "real_person.99"}',
        'username: "real_person.99"',
        "thanks to @real_person.99 for the roses",
        "User(id='1', name='real_person.99')",
        '{"uniqueId":"real_person.99"}',
    ],
)
def test_a_name_that_nobody_invented_is_found(text: str) -> None:
    assert strangers(text) == {"real_person.99"}
