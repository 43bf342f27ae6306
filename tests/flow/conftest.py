"""The stage that most flow tests play on."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.broker import Mosquitto
from tests.flow.stage import House, client_running, configure, virtual_boards


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with contextlib.AsyncExitStack() as stack:
        broker = stack.enter_context(Mosquitto(tmp_path))
        boards = await stack.enter_async_context(virtual_boards())
        client = await stack.enter_async_context(client_running(broker))
        yield House(broker, boards, client, configure(tmp_path, broker, boards))
