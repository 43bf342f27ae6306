"""The stage of all dispatch tests, with its workers running."""

from collections.abc import AsyncIterator

import pytest

from gateway.dispatch import dispatcher
from tests.dispatch.stage import Stage, playing


@pytest.fixture(autouse=True)
def _quick_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "SWEEP_S", 0.01)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with playing() as stage:
        yield stage
