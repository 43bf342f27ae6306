"""What docs/mqtt.md says of Mosquitto is enough: gifts wait for a gateway, over the broker's death too."""

import asyncio
import contextlib
import re
import signal
from pathlib import Path

import pytest

from gateway.messages import GatewayState
from tests.broker import Mosquitto
from tests.flow.stage import client_running, configure, gateway_running, until, virtual_boards

PAGE = Path(__file__).parents[2] / "docs/mqtt.md"
GIFTS = 2_500
"""More than Mosquitto keeps by itself."""
SAVED_S = 3.0
"""By then the broker has written down what it acknowledged, at the interval that the page names."""


@pytest.mark.needs("mosquitto")
async def test_mosquitto_as_the_page_has_it_keeps_thousands_of_gifts_over_its_own_death(tmp_path: Path) -> None:
    found = re.search(r"# /etc/mosquitto/conf.d/stagewire.conf\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    debian = f"user root\npersistence true\npersistence_location {tmp_path}/\n"
    async with contextlib.AsyncExitStack() as stack:
        broker = stack.enter_context(Mosquitto(tmp_path, debian + found[1]))
        boards = await stack.enter_async_context(virtual_boards())
        client = await stack.enter_async_context(client_running(broker))
        config = configure(tmp_path, broker, boards)

        def gifts() -> int:
            state = client.get(client.topics.gateway_state("gateway"), GatewayState)
            return state.gifts if state else 0

        async with gateway_running(config):
            async with asyncio.timeout(10):
                while not gifts():  # from when it has subscribed the broker keeps its gifts
                    client.gift("g-first")
                    await asyncio.sleep(0.05)
        for n in range(GIFTS):
            client.gift(f"g-{n}", name="Nothing fires on this")
        under_way = client.bus._client._out_messages  # paho has no public way to ask
        await until(lambda: not under_way)
        await asyncio.sleep(SAVED_S)  # the broker says nothing when it saves
        broker.stop(signal.SIGKILL)
        broker.start()
        async with gateway_running(config):
            await until(lambda: gifts() == GIFTS)
