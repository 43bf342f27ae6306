"""A data folder belongs to one gateway."""

from pathlib import Path

import pytest

from gateway.errors import ServiceError
from gateway.service import own_folder
from tests.disk import read_only


def test_a_second_gateway_on_the_same_folder_is_refused_until_the_first_has_gone(tmp_path: Path) -> None:
    with (
        own_folder(tmp_path / "data"),
        pytest.raises(ServiceError, match="another gateway runs on the data folder"),
    ):
        own_folder(tmp_path / "data")
    own_folder(tmp_path / "data").close()


def test_a_new_folder_is_its_owners_alone(tmp_path: Path) -> None:
    own_folder(tmp_path / "data").close()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("used_before", [False, True])
def test_a_folder_that_cannot_be_written_is_taken_and_by_one_only(tmp_path: Path, used_before: bool) -> None:
    data = tmp_path / "data"
    data.mkdir()
    if used_before:
        own_folder(data).close()
    with read_only(data), own_folder(data), pytest.raises(ServiceError, match="another gateway"):
        own_folder(data)


def test_a_folder_that_is_none_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(ServiceError, match=r"cannot be used: .*name another folder"):
        own_folder(tmp_path / "data")
    assert (tmp_path / "data").read_text() == "a file"
