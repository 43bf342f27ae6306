"""From gift to motion: a number only where both clocks agree that there was one."""

import msgspec

from gateway.dispatch.acks import make_ack
from gateway.messages import Status, stamp
from tests.dispatch.stage import NOW, command


def test_a_clock_that_was_set_back_makes_no_gift_quicker_than_nothing() -> None:
    given = msgspec.structs.replace(command("a"), received=stamp(NOW))
    took = [make_ack(given, Status.DONE, moved=NOW + late).latency_ms for late in (0.0042, 0.0, -0.3685)]
    assert took == [4.2, 0.0, None]
