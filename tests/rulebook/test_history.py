"""The versions of the rules that were in force."""

import logging
from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.rulebook.history import MOST_KEPT, TRAIL, History
from tests.disk import full_disk


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


def test_a_version_says_when_it_came_into_force(tmp_path: Path) -> None:
    history = History(tmp_path / "rules", Clock())
    assert (history.in_force, history.previous, history.versions()) == (None, None, [])
    history.keep(b"one")
    [version] = history.versions()
    assert version == history.in_force
    assert version.name == f"20270115T080000.001Z-{version.fingerprint}"
    assert version.at == "2027-01-15T08:00:00.001Z"
    assert history.text(version.name) == "one"


def test_the_oldest_go_but_never_the_one_in_force_nor_the_one_before_it(tmp_path: Path) -> None:
    clock = Clock()
    history = History(tmp_path, clock)
    for i in range(MOST_KEPT):
        history.keep(b"%d" % i)
    clock.now -= 1_000_000  # a clock that was wrong: what comes now looks oldest
    for text in (b"before", b"now"):
        history.keep(text)
    for i in range(MOST_KEPT):
        history.keep(b"garbage %d" % i, refused=True)
    history = History(tmp_path, clock)
    assert history.in_force is not None
    assert history.previous is not None
    assert history.text(history.in_force.name) == "now"
    assert history.text(history.previous.name) == "before"
    assert len(history.versions()) == MOST_KEPT


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"nothing-such\n", None])
def test_a_lost_trail_is_made_from_the_names(tmp_path: Path, damage: bytes | None) -> None:
    history = History(tmp_path, Clock())
    for text in (b"one", b"two"):
        history.keep(text)
    history.keep(b"garbage", refused=True)
    trail = tmp_path / TRAIL
    trail.unlink() if damage is None else trail.write_bytes(damage)
    again = History(tmp_path, Clock())
    assert (again.in_force, again.previous) == (history.in_force, history.previous)


def test_a_name_of_something_else_is_no_version(tmp_path: Path) -> None:
    history = History(tmp_path / "rules", Clock())
    history.keep(b"one")
    (tmp_path / "a-secret.yaml").write_text("x")
    for name in ("../a-secret", "", "*", "a-secret"):
        with pytest.raises(StorageError, match="there is no version"):
            history.text(name)


def test_a_full_disk_costs_a_version_and_not_the_rules(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    history = History(tmp_path, Clock())
    history.keep(b"one")
    with full_disk(), caplog.at_level(logging.WARNING):
        history.keep(b"two")
    assert "cannot be kept" in caplog.text
    assert [history.text(v.name) for v in history.versions()] == ["one"]
