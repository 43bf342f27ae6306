"""Whatever the bus does, every paid event arrives, and in order: a bus that misbehaves with a seed."""

import asyncio
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from gateway import messages as m
from gateway.connector.delivery import delivery, lanes, outbox, safekeeping
from gateway.connector.delivery.delivery import Delivery
from gateway.connector.delivery.outbox import Outbox
from tests.connector.mail import MUCH, TOPICS, comment, gift, until


class MoodyBus:
    """Refuses, answers late or not at all, has no subscribers, and loses its connection; keeps what was taken.

    ``taken`` are the ids that a subscriber got, in order, copies included.
    """

    def __init__(self, rng: random.Random, *, deaf: bool) -> None:
        self.up = True
        self.good = False
        self.taken: list[str] = []
        self._rng = rng
        self._connection = 0
        self._goes_deaf = deaf
        self._deaf: dict[str, bool] = {}

    def __call__(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        on_ack: Callable[[bool], None] | None = None,
    ) -> bool:
        chance = self._rng.random()
        if not self.up or (not self.good and chance < 0.02):
            return False
        assert on_ack is not None
        if self.good:
            self._deaf.clear()
        elif self._goes_deaf and chance < 0.04:
            self._deaf[topic] = not self._deaf.get(topic, False)
        heard = not self._deaf.get(topic, False)
        if heard:
            self.taken.append(m.decode_event(payload).id)
        late = 0.0 if chance < 0.7 else self._rng.uniform(0, 0.03)
        asyncio.get_running_loop().call_later(late, self._answer, self._connection, partial(on_ack, heard))
        return True

    def lose(self, whose: Delivery) -> None:
        self.up = False
        self._connection += 1  # what was not answered never will be
        whose.on_bus(False)

    def come_back(self, whose: Delivery) -> None:
        self.up = True
        whose.on_bus(True)

    def _answer(self, connection: int, answer: Callable[[], None]) -> None:
        if connection == self._connection:
            answer()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pages and short waits, so that a second holds what takes an evening."""
    for module, name, value in (
        (delivery, "TICK_S", 0.01),
        (delivery, "REFUSED_S", 0.005),
        (delivery, "DRAIN_PER_S", 20_000),
        (delivery, "CLOSE_S", 0.02),
        (lanes, "RETRY_S", 0.02),
        (lanes, "IN_MEMORY", 30),
        (lanes, "PAGE", 7),
        (safekeeping, "PAGE", 7),
        (safekeeping, "SAVE_AFTER_S", 0.01),
        (outbox, "PAGE", 5),
    ):
        monkeypatch.setattr(module, name, value)


@pytest.mark.parametrize("seed", range(3))
async def test_every_gift_arrives_in_order_through_refusals_late_answers_breaks_and_restarts(
    tmp_path: Path, hurried: None, seed: int
) -> None:
    rng = random.Random(seed)
    bus = MoodyBus(rng, deaf=False)
    await three_lives(bus, rng, [Outbox(tmp_path, "one", MUCH)] * 3)
    first = list(dict.fromkeys(bus.taken))
    for others in (0, 1):
        gifts = [n for i in first if i[0] == "g" and bool((n := int(i[2:])) % 3) == bool(others)]
        assert gifts == sorted(gifts)


@pytest.mark.parametrize("seed", range(3))
async def test_every_gift_arrives_when_subscribers_come_and_go_and_outboxes_are_adopted(
    tmp_path: Path, hurried: None, seed: int
) -> None:
    rng = random.Random(seed)
    bus = MoodyBus(rng, deaf=True)
    await three_lives(bus, rng, [Outbox(tmp_path, f"life-{n}", MUCH) for n in range(3)])


async def three_lives(bus: MoodyBus, rng: random.Random, outboxes: list[Outbox]) -> None:
    """Three processes, one after the other; in the end everything works and all gifts have arrived."""
    sent = 0
    for life, box in enumerate(outboxes):
        async with Delivery(TOPICS, bus, box) as post:
            for _ in range(40):
                for _ in range(rng.randrange(12)):
                    post.send(gift(sent, account="ada" if sent % 3 else "bo"))
                    post.send(comment(sent))
                    sent += 1
                if rng.random() < 0.1:
                    bus.lose(post) if bus.up else bus.come_back(post)
                await asyncio.sleep(rng.choice((0, 0, 0.001, 0.02)))
            if life == 2:
                bus.good = True
                bus.come_back(post)
                wanted = {f"g-{n}" for n in range(sent)}
                await until(lambda: wanted <= set(bus.taken), 10)  # noqa: B023 - awaited here
                await until(lambda: not post._lanes and not post._flying)
                assert post.lost == 0
        bus.lose(post)
        bus.up = True
