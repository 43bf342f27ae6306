"""A hall for each test."""

from pathlib import Path

import pytest

from tests.rulebook.hall import Hall


@pytest.fixture
async def hall(tmp_path: Path) -> Hall:
    return Hall(tmp_path)
