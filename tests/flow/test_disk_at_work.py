"""A disk that refuses in the middle of an evening: the show goes on."""

from typing import Any

import pytest

from tests.disk import full_disk
from tests.flow.stage import House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")

RULES = """\
rules:
  thanks:
    when: {gift: {name: Rose}}
    then: [{announce: Thanks}]
"""
GIFTS = 100
"""More than a broker sends without an acknowledgement, where MQTT 3.1.1 cannot say how many that are."""


@pytest.mark.parametrize("more", [{}, {"protocol": "v3.1.1"}])
async def test_gifts_that_came_before_the_full_disk_was_noticed_hold_up_none_of_those_behind_them(
    house: House, more: dict[str, Any]
) -> None:
    c = house.client
    house.rules(RULES)
    house.settings(broker={"port": house.broker.port, **more})
    async with gateway_running(house.config):
        await house.ready()
        with full_disk():
            for number in range(GIFTS):
                c.gift(f"g-{number}")
            await until(lambda: len(c.said) == GIFTS)
        await until(lambda: c.ledger.total.done == GIFTS)
    assert c.ledger.balanced
