"""Every command that docs/privacy.md shows does what the page says, and the page names every place."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.keeping.find import who
from gateway.keeping.viewer import ERASED
from tests.docs.test_docs import NAMED, ROOT
from tests.keeping.evening import NADIA, happen

PAGE = (ROOT / "docs" / "privacy.md").read_text()
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_command_of_the_page_does_what_the_page_says(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stagewire.yaml").write_text(next(block["text"] for block in NAMED.finditer(PAGE)))
    await happen(tmp_path / "data")
    program, *words = shlex.split(command)
    assert program == "stagewire"
    done = CliRunner().invoke(main, words, input="y\n")
    assert done.exit_code == 0, done.output
    if words[0] == "erase":
        assert "Found: 0." in done.output
        assert who(tmp_path / "data", NADIA.id) == []
    else:
        assert "30 days (gateway.keep_days)" in done.output


def test_the_commands_are_there() -> None:
    assert {shlex.split(command)[1] for command in COMMANDS} == {"erase", "retention"}
    assert len(COMMANDS) == 5


async def test_every_file_that_holds_a_viewer_is_on_the_page(tmp_path: Path) -> None:
    await happen(tmp_path)
    for path in tmp_path.rglob("*"):
        if path.is_file() and NADIA.name.encode() in path.read_bytes():
            kind = re.sub(r"\.prev$", "", path.name)
            kind = "sessions/<id>.json" if path.parent.name == "sessions" else kind
            named = f"`{kind}`" in PAGE or (re.match(r"journal-\d{4}", kind) and "`journal-2026-11.db`" in PAGE)
            assert named or path.parent.name == "exports", path
    assert f"`{ERASED}`" in PAGE
