"""A settings file that is replaced: whole at every moment, with its rights, and never over somebody's changes."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.errors import SettingsError
from gateway.settings.saving import read_text, save
from tests.disk import NOBODY, full_disk, read_only


def test_what_is_saved_is_what_is_read_line_ends_and_all(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    assert read_text(path) is None
    for text, was in (("a\r\nb\n\ufeffü\r", None), ("", "a\r\nb\n\ufeffü\r")):
        save(path, text, was)
        assert read_text(path) == text
    assert [p.name for p in tmp_path.iterdir()] == ["rules.yaml"]


def test_a_file_that_somebody_changed_in_the_meantime_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("theirs")
    for was in ("as I read it", None):
        with pytest.raises(SettingsError, match="changed this file in the meantime; nothing was saved"):
            save(path, "mine", was)
    path.unlink()
    with pytest.raises(SettingsError, match="changed this file"):
        save(path, "mine", "as I read it")
    assert not path.exists()


def test_mode_and_owner_stay(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("old")
    path.chmod(0o664)
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    before = path.stat()
    save(path, "new", "old")
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert path.read_text() == "new"


def test_a_link_is_written_through(tmp_path: Path) -> None:
    target, link = tmp_path / "shared" / "hall.yaml", tmp_path / "rules.yaml"
    target.parent.mkdir()
    target.write_text("old")
    link.symlink_to(target)
    save(link, "new", "old")
    assert link.is_symlink()
    assert target.read_text() == "new"
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    with pytest.raises(SettingsError, match="circle"):
        save(circle, "new", None)


def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("old")
    with full_disk(), pytest.raises(SettingsError, match=r"cannot be saved: File too large; make room"):
        save(path, "new", "old")
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"rules.yaml": "old"}


def test_a_folder_without_rights_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("old")
    with read_only(tmp_path), pytest.raises(SettingsError, match="cannot be saved: Permission denied"):
        save(path, "new", "old")
    assert path.read_text() == "old"


def test_what_is_no_settings_file_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"a\xff")
    with pytest.raises(SettingsError, match=r"not UTF-8 text \(byte 1\)"):
        read_text(path)
    path.write_bytes(b" " * 1_000_001)
    with pytest.raises(SettingsError, match="larger than 1000000 bytes"):
        read_text(path)
    with pytest.raises(SettingsError, match="Is a directory"):
        read_text(tmp_path)


CHILD = """
import pathlib, sys
from gateway.settings.saving import read_text, save
path = pathlib.Path(sys.argv[1])
for i in range(1_000_000):
    save(path, f"{i} " * (1 + i % 7 * 10_000), read_text(path))
    if i == 3:
        print(flush=True)
"""


def test_a_file_is_whole_whenever_its_writer_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    for i in range(6):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        with child.stdout:
            assert child.stdout.readline() == b"\n"
            time.sleep(0.003 * i)  # anywhere within a save, not for something
            child.kill()
        child.wait(10)
        said = path.read_text().split()
        assert len(set(said)) == 1
        assert len(said) == 1 + int(said[0]) % 7 * 10_000
