"""Rules that change while the gateway works: from the page's requests, and in an editor."""

import pytest

from gateway.messages import GatewayInfo, RuleState
from tests.flow.stage import Client, House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")

RULES = """\
# The hall's rules.
rules:
  ring:  # the old bell
    when: {gift: {name: Rose}}
    then: [{station: bell, action: ring}]
  # Keep this one last.
  blink:
    when: {gift: {name: Drum}}
    then: [{station: lamp, action: blink}]
"""
FIRE = "when: {gift: {name: Lion}}\nthen: [{station: lamp, action: blink}]\n"


def rule(c: Client, name: str) -> RuleState | None:
    return next((r for r in c.rules.rules if r.rule == name), None)


def fingerprint(c: Client) -> str:
    info = c.get(c.topics.gateway_info("gateway"), GatewayInfo)
    return info.config if info else ""


async def test_rules_are_put_switched_off_removed_and_rolled_back_by_requests_and_comments_stay(
    house: House,
) -> None:
    house.rules(RULES)
    path = house.config.base_dir / "rules.yaml"
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        c.gift("g-0", "Lion")
        before = fingerprint(c)
        assert (await c.ask("rules", FIRE, do="put", rule="fire")).ok
        await until(lambda: rule(c, "fire"))
        await until(lambda: before != fingerprint(c) == c.rules.fingerprint)
        c.gift("g-1", "Lion")
        await until(lambda: "done" in c.of("g-1"))
        assert c.of("g-0") == []

        assert (await c.ask("rules", do="enable", rule="ring", enabled=False)).ok
        c.gift("g-2", "Rose")
        c.gift("g-3", "Lion")
        await until(lambda: "done" in c.of("g-3"))
        assert c.of("g-2") == []
        await until(lambda: (r := rule(c, "ring")) and not r.enabled)

        assert (await c.ask("rules", do="remove", rule="fire")).ok
        await until(lambda: not rule(c, "fire"))
        text = path.read_text()
        assert "# The hall's rules." in text
        assert "# the old bell" in text
        assert "# Keep this one last." in text
        assert "Lion" not in text

        back = await c.ask("rules", do="rollback")
        assert back.result["changes"]["added"] == ["fire"]
        c.gift("g-4", "Lion")
        await until(lambda: "done" in c.of("g-4"))
        assert c.rules.previous

        got = await c.ask("rules", do="get")
        whole = got.result["text"].replace("name: Lion", "name: Tiger")
        assert (await c.ask("rules", whole, do="apply", fingerprint=got.result["fingerprint"])).ok
        stale = await c.ask("rules", whole, do="apply", fingerprint=got.result["fingerprint"])
        assert "was changed since you read it" in stale.error
        c.gift("g-5", "Tiger")
        await until(lambda: "done" in c.of("g-5"))
    async with gateway_running(house.config):  # what was saved stands
        await house.again()
        c.gift("g-6", "Tiger")
        await until(lambda: "done" in c.of("g-6"))


async def test_a_broken_rule_is_refused_by_request_and_kept_and_marked_when_it_stands_in_the_file(
    house: House,
) -> None:
    house.rules(RULES)
    path = house.config.base_dir / "rules.yaml"
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        refused = await c.ask("rules", FIRE.replace("lamp", "lamb"), do="put", rule="fire")
        assert "there is no station 'lamb' (did you mean 'lamp'?)" in refused.error
        assert path.read_text() == RULES

        path.write_text(RULES.replace("station: bell", "station: bel"))
        await until(lambda: (r := rule(c, "ring")) and r.broken)
        broken = rule(c, "ring")
        assert broken is not None
        assert "rules.yaml:5: " in broken.broken
        assert "did you mean 'bell'" in broken.broken
        c.gift("g-1", "Rose")
        c.gift("g-2", "Drum")
        await until(lambda: "done" in c.of("g-2"))
        assert c.of("g-1") == []

        path.write_text(RULES + "  {{{\n")  # not to be read at all
        await until(lambda: rule(c, "file"))
        told = rule(c, "file")
        assert told is not None
        assert "rules.yaml:" in told.broken
        c.gift("g-3", "Drum")
        await until(lambda: "done" in c.of("g-3"))

        path.write_text(RULES)
        await until(lambda: not any(r.broken for r in c.rules.rules))
        c.gift("g-4", "Rose")
        await until(lambda: "done" in c.of("g-4"))
    assert house.edges.rises("bell") == 1


async def test_a_run_in_flight_ends_under_the_rules_it_began_with(house: House) -> None:
    slow = RULES.replace("action: ring}]", "action: ring}, {wait: 1500ms}, {station: cannon, action: fire}]")
    house.rules(slow)
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        c.gift("g-1", "Rose")
        await until(lambda: "done" in c.of("g-1"))
        assert (
            await c.ask(
                "rules",
                "when: {gift: {name: Rose}}\nthen: [{station: lamp, action: blink}]",
                do="put",
                rule="ring",
            )
        ).ok
        c.gift("g-2", "Rose")
        await until(lambda: "done" in c.of("g-2"))
        assert house.edges.rises("cannon") == 0
        await until(lambda: house.edges.rises("cannon") == 1)
        await until(lambda: c.ledger.total.done == 2)
    assert house.edges.rises("bell") == 1
    assert house.edges.rises("lamp") == 1


async def test_a_topic_is_listened_to_from_when_a_rule_asks_for_it_until_it_does_not(house: House) -> None:
    house.rules(RULES)
    c = house.client
    door = "when: {topic: {topic: home/hall/door}}\nthen: [{station: bell, action: ring}]\n"
    async with gateway_running(house.config) as gateway:
        await house.ready()
        assert (await c.ask("rules", door, do="put", rule="door")).ok
        c.bus.publish("home/hall/door", b"open")
        await until(lambda: house.edges.rises("bell") == 1)
        assert (await c.ask("rules", do="remove", rule="door")).ok
        c.bus.publish("home/hall/door", b"open")
        c.gift("g-1", "Drum")
        await until(lambda: "done" in c.of("g-1"))
        assert gateway._states.counts.garbage == 0
    assert house.edges.rises("bell") == 1


async def test_very_many_rules_are_told_in_one_message_the_broken_ones_first(house: House) -> None:
    good = "\n".join(
        f"  rule-{n}:\n    title: {'a long title ' * 6}\n    when: {{comment: {{contains: word{n}}}}}\n"
        "    then: [{station: lamp, action: blink}]"
        for n in range(700)
    )
    broken = "  last:\n    when: {comment: {contains: x}}\n    then: [{station: nowhere, action: blink}]"
    house.rules(f"rules:\n{good}\n{broken}\n")
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        await until(lambda: c.rules.rules)
        told = c.rules
    assert len(told.rules) + told.more == 701
    assert told.rules[0].rule == "last"
    assert "nowhere" in told.rules[0].broken
