"""The ledger on real parts: what viewers paid for and did not get is known, and given later, once."""

import pytest

from gateway.messages import FINAL, GatewayState, LedgerCounts, Status
from tests.flow.stage import Client, House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")

RULES = """
rules:
  shine:
    when: {gift: {name: Rose}}
    then: [{station: lamp, action: blink, params: {ms: 600}}]
    deadline: 20s
  ring:
    when: {gift: {name: Drum}}
    then: [{station: bell, action: ring}]
"""
GIVEN = [f"g-{n}" for n in range(6)]


def ended(c: Client, cause: str) -> bool:
    return bool(FINAL & {Status(step) for step in c.of(cause)})


def adds_up(c: LedgerCounts) -> bool:
    return c.received == (c.waiting + c.done + c.blocked + c.expired + c.dropped + c.cancelled + c.failed + c.owed)


async def stopped_in_the_middle(house: House) -> None:
    """Six gifts: one runs and five wait when somebody presses the stop; then it is reset."""
    c = house.client
    for name in GIVEN:
        c.gift(name)
    await until(lambda: house.edges.rises("lamp") == 1 and c.station("lamp").queue == 5)
    c.trip("t-1")
    await until(lambda: all(ended(c, name) for name in GIVEN))
    await until(lambda: (p := c.proof()) and p.confirmed)
    c.reset("t-1")
    await until(lambda: not c.station("lamp").stopped)


async def armed_again(house: House) -> None:
    house.client.arm()
    await house.ready()


async def test_what_a_stop_kept_is_owed_and_given_back_by_a_person_one_by_one_or_all(house: House) -> None:
    house.rules(RULES)
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        await stopped_in_the_middle(house)
        await until(lambda: c.ledger.total.owed == len(GIVEN))
        assert sorted(o.event for o in c.ledger.oldest) == GIVEN
        assert {(o.rule, o.user, o.value) for o in c.ledger.oldest} == {("shine", "Budi", 1)}
        assert all("emergency stop" in o.reason for o in c.ledger.oldest)

        refused = await c.ask("ledger", do="pay-all")
        assert refused.error == "not armed: arm first; what is owed stays owed"
        await armed_again(house)
        c.gift("g-after", "Drum")
        await until(lambda: "done" in c.of("g-after"))
        assert house.edges.rises("lamp") == 1  # nothing moved by itself

        listed = (await c.ask("ledger", do="list")).result["owed"]
        assert sorted(o["event"] for o in listed) == GIVEN
        paid = await c.ask("ledger", do="pay", run=listed[2]["run"])
        assert paid.ok
        await until(lambda: c.ledger.total.done == 2)  # the drum's, and this one
        assert c.of(listed[2]["event"])[-1] == "done"
        assert house.edges.rises("lamp") == 2
        again = await c.ask("ledger", do="pay", run=listed[2]["run"])
        assert "is not owed anything" in again.error

        rest = await c.ask("ledger", do="pay-all")
        assert rest.result == {"runs": 5}
        assert (await c.ask("ledger", do="pay-all")).result == {"runs": 0}
        await until(lambda: c.ledger.total.done == 7)
        assert c.ledger.total == LedgerCounts(received=7, done=7)
        assert house.edges.rises("lamp") == 7  # the first one of them was cut off, and is given anew
    assert all(ledger.balanced and adds_up(ledger.total) for ledger in c.ledgers)
    assert max(ledger.total.received for ledger in c.ledgers) == 7


async def test_a_debt_that_cannot_be_given_again_stays_owed_until_it_is(house: House) -> None:
    house.rules(RULES.replace("20s", "1500ms"))
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        await stopped_in_the_middle(house)
        await armed_again(house)
        assert (await c.ask("ledger", do="pay-all")).result == {"runs": 6}
        await until(lambda: c.ledger.total.done and not c.ledger.total.waiting)
        left = c.ledger.total.owed
        assert 0 < left < 6  # six times 0.6 s do not fit into the deadline
        assert c.ledger.total.expired == 0

        c.mode("rehearsal")
        refused = await until_refused(c)
        assert refused == "rehearsal: nothing moves now; what is owed stays owed"
        c.mode("live")
        for _ in range(6):
            if not c.ledger.total.owed:
                break
            done = c.ledger.total.done
            await c.ask("ledger", do="pay-all")
            await until(lambda done=done: c.ledger.total.done > done and not c.ledger.total.waiting)  # type: ignore[misc]  # mypy knows no default in a lambda
        assert c.ledger.total == LedgerCounts(received=6, done=6)
    assert house.edges.rises("lamp") == 7
    assert all(ledger.balanced and adds_up(ledger.total) for ledger in c.ledgers)


async def until_refused(c: Client) -> str:
    """The mode and the request come on two connections."""
    words = ""
    for _ in range(50):
        words = (await c.ask("ledger", do="pay", run="no-such-run")).error
        if "nothing moves" in words:
            break
    return words


async def test_what_is_forgiven_is_over(house: House) -> None:
    house.rules(RULES)
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        await stopped_in_the_middle(house)
        await until(lambda: c.ledger.total.owed == 6)
        one = await c.ask("ledger", do="forgive", run=c.ledger.oldest[0].run)
        assert one.result == {"runs": 1}
        assert "is not owed" in (await c.ask("ledger", do="forgive", run=c.ledger.oldest[0].run)).error
        assert (await c.ask("ledger", do="forgive-all")).result == {"runs": 5}
        await until(lambda: not c.ledger.total.owed)
        assert c.ledger.total == LedgerCounts(received=6, cancelled=6)
        await armed_again(house)
        assert (await c.ask("ledger", do="pay-all")).result == {"runs": 0}
        assert "expected params" in (await c.ask("ledger", do="burn")).error
    assert house.edges.rises("lamp") == 1


async def test_with_after_stop_cancelled_nothing_is_owed(house: House) -> None:
    house.rules(RULES)
    house.settings(gateway={"arm": "at-start", "after_stop": "cancelled"})
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        await stopped_in_the_middle(house)
        await until(lambda: c.ledger.total.received == 6 and not c.ledger.total.waiting)
        total = c.ledger.total
        assert (total.owed, total.done) == (0, 0)
        assert total.cancelled + total.failed + total.blocked == 6
        assert c.ledger.oldest == []


async def test_an_unplugged_station_owes_and_pays_when_it_is_back(house: House) -> None:
    house.rules(RULES.replace("20s", "4s"))
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        house.boards["lamp"].unplug()
        await until(lambda: not c.station("lamp").online)
        c.gift("g-1")
        await until(lambda: c.ledger.total.owed == 1, 20)
        assert c.ledger.oldest[0].reason
        house.boards["lamp"].plug()
        await house.ready()
        assert house.edges.rises("lamp") == 0
        assert (await c.ask("ledger", do="pay-all")).result == {"runs": 1}
        await until(lambda: c.ledger.total.done == 1)
    assert house.edges.rises("lamp") == 1
    assert c.ledger.total == LedgerCounts(received=1, done=1)
    state = c.get(c.topics.gateway_state("gateway"), GatewayState)
    assert state is not None
    assert state.latency_p50_ms is None, "how long a person took to pay says nothing of the gateway"


@pytest.mark.parametrize("mode", ["rehearsal", "paused"])
async def test_what_a_mode_keeps_is_blocked_and_not_owed(house: House, mode: str) -> None:
    house.rules(RULES)
    c = house.client
    async with gateway_running(house.config) as gateway:
        await house.ready()
        c.mode("rehearsal" if mode == "rehearsal" else "paused")
        await until(lambda: gateway._dispatcher.mode == mode)
        c.gift("g-1")
        await until(lambda: c.ledger.total.received == 1 and not c.ledger.total.waiting)
        assert c.ledger.total == LedgerCounts(received=1, blocked=1)
        c.mode("live")
        await until(lambda: gateway._dispatcher.mode == "live")
        c.gift("g-2")
        await until(lambda: c.ledger.total.done == 1)
    assert house.edges.rises("lamp") == 1


async def test_what_is_owed_outlives_a_restart_and_is_given_once(house: House) -> None:
    house.rules(RULES)
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        await stopped_in_the_middle(house)
        await until(lambda: c.ledger.total.owed == 6)
    for debts in (6, 0):
        async with gateway_running(house.config):
            await house.again()
            await until(lambda: c.topics.gateway_ledger("gateway") in c.latest)
            assert c.ledger.total.owed == debts
            assert (await c.ask("ledger", do="pay-all")).result == {"runs": debts}
            await until(lambda: c.ledger.total == LedgerCounts(received=6, done=6))
    assert house.edges.rises("lamp") == 7


async def test_a_gateway_that_ends_owes_what_it_did_not_give_and_its_last_word_says_so(house: House) -> None:
    house.rules(RULES)
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        for name in GIVEN:
            c.gift(name)
        await until(lambda: house.edges.rises("lamp") == 1 and c.station("lamp").queue == 5)
    await until(lambda: c.ledger.total == LedgerCounts(received=6, owed=6))
    assert all(ledger.balanced and adds_up(ledger.total) for ledger in c.ledgers)


async def test_what_a_stop_cuts_off_in_the_middle_of_a_run_says_that_it_was_the_stop(house: House) -> None:
    house.rules(
        """
rules:
  twice:
    when: {gift: {name: Rose}}
    then: [{station: lamp, action: blink, params: {ms: 600}}, {wait: 5s}, {station: lamp, action: blink}]
"""
    )
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        c.gift("g-1")
        await until(lambda: house.edges.on("lamp"))
        c.trip("t-1")
        await until(lambda: ended(c, "g-1"))
        assert [a.kept_by for a in c.results if a.status in FINAL] == ["stop"]
        await until(lambda: c.ledger.total.owed == 1)
