"""Kill -9 while a viewer is erased: at every single thing that is done to a file."""

import subprocess
import sys
from pathlib import Path

from tests.keeping.evening import NADIA, happen


async def test_killed_anywhere_another_call_finishes_and_nothing_is_unreadable(tmp_path: Path) -> None:
    await happen(tmp_path / "template")
    words = (NADIA.id, NADIA.name, NADIA.nickname, "Elm 5")
    folders = (str(tmp_path / "template"), str(tmp_path))
    command = [sys.executable, "-m", "tests.keeping.eraser_child", *folders, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    *wrong, summary = done.stdout.splitlines()
    assert wrong == []
    every, unfinished = (int(word) for word in summary.split() if word.isdigit())
    assert every > 100
    assert unfinished > 20  # the kills came in the middle
