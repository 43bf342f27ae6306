"""Fixtures of the tests on real firmware."""

from collections.abc import AsyncIterator

import pytest

from tests.hil.bench import Bench, bench_with


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """An Uno."""
    async with bench_with("uno") as b:
        yield b


@pytest.fixture
async def mega() -> AsyncIterator[Bench]:
    async with bench_with("mega") as b:
        yield b
