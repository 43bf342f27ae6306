"""Five roses, five shots: a paid gift waits for a cannon that rests. Real broker and driver, a board on a pty."""

import pytest

from gateway.messages import LedgerCounts
from tests.flow.stage import House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")

RULES = """
rules:
  rose-fires:
    when: {gift: {name: Rose}}
    then: [{station: cannon, action: fire}]
"""
GIVEN = [f"g-{n}" for n in range(5)]


async def test_five_gifts_on_a_cannon_that_rests_are_five_pulses_and_five_done(house: House) -> None:
    house.rules(RULES)
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        for name in GIVEN:
            c.gift(name)
        await until(lambda: c.ledger.total.received == 5 and not c.ledger.total.waiting)
        assert c.ledger.total == LedgerCounts(received=5, done=5)
    shots = [(level, at) for name, _, level, at in house.edges.all if name == "cannon"]
    assert [level for level, _ in shots] == [True, False] * 5
    times = [at for _, at in shots]
    rests = [on - off for off, on in zip(times[1:-1:2], times[2::2], strict=True)]
    assert all(0.1 <= rest < 0.5 for rest in rests)
