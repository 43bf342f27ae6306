"""Games on real parts: what viewers give and pay for is theirs, over a stop and over a kill."""

import time

import pytest

from gateway.messages import Comment, CommentEvent, User, encode, stamp
from tests.flow.stage import BUDI, Client, GatewayProcess, House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")
SARI = User(id="u-2", name="sari.practice", nickname="Sari")


def comment(c: Client, event_id: str, text: str) -> None:
    now = stamp(time.time())
    data = Comment(user=BUDI, text=text)
    event = CommentEvent(id=event_id, source="/test", time=now, received=now, account="ayu", data=data)
    assert c.bus.publish(c.topics.account_event("ayu", "comment"), encode(event))


async def test_a_paid_shot_that_a_stop_keeps_is_owed_and_given_again_by_the_ledger(house: House) -> None:
    house.rules("games: {claw: {template: claw-credit, with: {price: 10, cooldown: 1ms, shot: cannon/fire}}}\n")
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        c.gift("g-1", coins=25)
        await until(lambda: any(a.text == "Shots for Budi: 2." for a in c.said))
        c.trip("t-1")
        await until(lambda: (proof := c.proof()) is not None and proof.tripped)
        comment(c, "c-1", "!fire")
        await until(lambda: c.ledger.total.owed == 1)
        (debt,) = c.ledger.oldest
        assert (debt.rule, debt.user) == ("claw-shot", "Budi")
        assert house.edges.rises("cannon") == 0
        c.reset("t-1")
        c.arm()
        await house.ready()
        answer = await c.ask("ledger", do="pay", run=debt.run)
        assert not answer.error
        await until(lambda: c.ledger.total.owed == 0 and house.edges.rises("cannon") == 1)
        assert c.ledger.balanced
        comment(c, "c-2", "!fire")
        await until(lambda: house.edges.rises("cannon") == 2)
        comment(c, "c-3", "!fire")
        await until(lambda: any(a.text == "Budi, coins missing for a shot: 5." for a in c.said))


async def test_the_king_is_shown_and_named_at_the_end_although_the_gateway_was_killed(house: House) -> None:
    house.rules("games: {hill: {template: king-of-the-hill, with: {round: 8s, throne: lamp/blink}}}\n")
    c = house.client
    with GatewayProcess(house.config) as process:
        await house.ready()
        assert not (await c.ask("press", button="hill-begin")).error
        c.gift("g-1", coins=5)
        c.gift("g-2", coins=7, user=SARI)
        await until(lambda: c.rules.notes == {"hill-king": "Sari"})
        process.kill()
    with GatewayProcess(house.config):
        await until(lambda: any(a.text == "The round is over: Sari is king, with 7 coins." for a in c.said), 20)
        await until(lambda: not c.rules.timers)
        assert c.rules.notes == {"hill-king": "Sari"}
