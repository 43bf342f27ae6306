"""The storage under TinyDB: whole at every moment, or the previous copy, and said."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.stats.storage import CrashSafeStorage
from tests.disk import full_disk, read_only
from tests.stats.faulty_files import file_operations

OLD = {"_default": {"1": {"n": 1}}}
NEW = {"_default": {"1": {"n": 2, "text": "ö🌹" * 1000}}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stats.json"


def test_what_was_written_is_read_and_the_one_before_is_kept(path: Path) -> None:
    storage = CrashSafeStorage(path)
    assert storage.read() is None
    storage.write(OLD)
    storage.write(NEW)
    assert CrashSafeStorage(path, read_only=True).read() == NEW
    assert CrashSafeStorage(path.with_name("stats.json.prev"), read_only=True).read() == OLD
    assert sorted(p.name for p in path.parent.iterdir()) == ["stats.json", "stats.json.prev"]


@pytest.mark.parametrize("damage", ["edited", "cut", "zeros", "empty", "not json", "missing"])
def test_a_damaged_file_is_moved_aside_and_the_previous_copy_taken_aloud(path: Path, damage: str) -> None:
    storage = CrashSafeStorage(path)
    storage.write(OLD)
    storage.write(NEW)
    whole = path.read_bytes()
    match damage:
        case "edited":
            path.write_bytes(whole.replace(b'"n":2', b'"n":9'))
        case "cut":
            path.write_bytes(whole[:-100])
        case "zeros":
            path.write_bytes(bytes(len(whole)))
        case "empty":
            path.write_bytes(b"")
        case "not json":
            path.write_bytes(b"\xff\xfe")
        case "missing":
            path.unlink()
    seen = CrashSafeStorage(path, read_only=True)
    assert seen.read() == OLD
    assert f"the copy before it, {path}.prev, was taken instead" in seen.trouble
    assert storage.read() == OLD
    assert re.search(r"stats\.json (is damaged|is missing)", storage.trouble)
    assert len(list(path.parent.glob("stats.json.damaged-*"))) == (damage != "missing")
    storage.write(NEW)  # and a damaged file never became the previous copy
    assert CrashSafeStorage(path.with_name("stats.json.prev")).read() == OLD
    assert storage.read() == NEW
    assert storage.trouble == ""


def test_with_both_copies_damaged_counting_begins_at_zero_aloud(path: Path) -> None:
    storage = CrashSafeStorage(path)
    storage.write(OLD)
    storage.write(NEW)
    path.write_bytes(b"{")
    path.with_name("stats.json.prev").write_bytes(b"{")
    assert storage.read() is None
    assert "no whole copy is left" in storage.trouble


def test_a_disk_that_fills_at_any_byte_leaves_the_old_file_whole(path: Path) -> None:
    storage = CrashSafeStorage(path)
    storage.write(OLD)
    for limit in (0, 1, 10, 100, 1000, 4096, 5000):
        with full_disk(limit), pytest.raises(StorageError, match=r"stats\.json cannot be written .*make room"):
            storage.write(NEW)
        assert storage.read() == OLD
        assert storage.trouble == ""
        assert [p.name for p in path.parent.iterdir()] == ["stats.json"]
    storage.write(NEW)
    assert storage.read() == NEW


def test_a_read_only_folder_is_said_and_still_read(path: Path) -> None:
    storage = CrashSafeStorage(path)
    storage.write(OLD)
    with read_only(path.parent):
        with pytest.raises(StorageError, match="cannot be written"):
            storage.write(NEW)
        assert storage.read() == OLD


def test_a_file_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    CrashSafeStorage(path).write(OLD)
    path.write_bytes(path.read_bytes().replace(b'"schema":2', b'"schema":9'))
    with pytest.raises(StorageError, match="newer Stagewire"):
        CrashSafeStorage(path).read()
    assert [p.name for p in path.parent.iterdir()] == ["stats.json"]


def test_nothing_takes_a_name_before_its_bytes_are_on_disk_and_every_name_is_on_disk_too(path: Path) -> None:
    """The order that a power cut asks for; a kill alone would not show it."""
    folder_on_disk = ["open", "fsync", "close"]
    bytes_on_disk = ["open", "write", "torn", "fsync", "close"]
    storage = CrashSafeStorage(path.parent / "new" / path.name)
    with file_operations() as operations, ThreadPoolExecutor(1, thread_name_prefix="stats") as thread:
        thread.submit(storage.write, OLD).result()
        first = [operation.name for operation in operations]
        thread.submit(storage.write, NEW).result()
        second = [operation.name for operation in operations[len(first) :]]
    nothing_to_keep, kept = ["unlink", "link"], ["unlink", "link", "replace"]
    assert first == ["mkdir", *folder_on_disk, *bytes_on_disk, *nothing_to_keep, "replace", *folder_on_disk]
    assert second == [*bytes_on_disk, *kept, "replace", *folder_on_disk]


def test_a_previous_copy_can_be_forgotten(path: Path) -> None:
    storage = CrashSafeStorage(path)
    storage.write(OLD)
    storage.write(NEW)
    for _ in range(2):
        storage.file.forget_previous()
    assert [p.name for p in path.parent.iterdir()] == ["stats.json"]
    assert storage.read() == NEW


def test_whoever_opened_for_reading_cannot_write(path: Path) -> None:
    with pytest.raises(StorageError, match="for reading only"):
        CrashSafeStorage(path, read_only=True).write(OLD)


@pytest.mark.parametrize("call", ["fsync", "link", "rename", "replace"])
def test_a_failure_between_any_two_steps_leaves_a_whole_file(
    path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = CrashSafeStorage(path)
    storage.write(OLD)
    real = getattr(os, call)
    for fails_at in range(3):
        storage.write(OLD)
        calls = iter(range(100))

        def failing(*args: object, **kw: object) -> object:
            if next(calls) == fails_at:  # noqa: B023 - used at once
                raise OSError(5, "Input/output error")
            return real(*args, **kw)

        with monkeypatch.context() as m:
            m.setattr(os, call, failing)
            try:
                storage.write(NEW)
            except StorageError:
                assert storage.read() in (OLD, NEW)
            else:
                assert storage.read() == NEW
        assert storage.trouble == ""
