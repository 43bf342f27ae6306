"""The drill: an evening on real parts, a backup while it goes on, and the same evening on a bare machine."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.journal import JournalReader
from gateway.keeping.backup import make_backup
from gateway.keeping.restore import restore
from gateway.messages import FINAL, Status
from gateway.rulebook.history import History
from gateway.settings.load import Config, load
from gateway.stats.reader import StatsReader
from tests.flow.stage import Client, House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")

RULES = """
counters: {roses: {}, goal: {max: 1000}}
rules:
  shine:
    when: {gift: {name: Rose}}
    then: [{counter: {name: roses, add: 1}}, {station: lamp, action: blink, params: {ms: 5}}]
  ring:
    when: {gift: {name: Drum}}
    then: [{counter: {name: goal, add: value}}, {station: bell, action: ring}]
    cooldown: 1h
"""
OWED = 3


def counters(c: Client) -> dict[str, float]:
    return dict(c.rules.counters)


def over(c: Client, event: str) -> bool:
    return bool(FINAL & {Status(step) for step in c.of(event)})


async def evening(house: House) -> None:
    """Twenty roses, a drum whose rule then rests for an hour, a rule changed by request, and a stop that leaves
    three gifts owed."""
    c = house.client
    for number in range(20):
        c.gift(f"rose-{number}")
    c.gift("drum", "Drum", 30)
    await until(lambda: all(over(c, f"rose-{n}") for n in range(20)) and over(c, "drum"))
    put = "when: {gift: {name: Lion}}\nthen: [{station: lamp, action: blink}]\n"
    assert (await c.ask("rules", put, do="put", rule="lion")).ok
    c.trip("t-1")
    await until(lambda: (p := c.proof()) and p.confirmed)
    for number in range(OWED):
        c.gift(f"owed-{number}")
    await until(lambda: c.ledger.total.owed == OWED)
    c.reset("t-1")
    await until(lambda: not c.station("lamp").stopped)
    c.arm()
    await house.ready()


def kept(config: Config) -> dict[str, Any]:
    """All that a reader of the data folder sees."""
    data = config.base_dir / config.settings.gateway.data
    journal, statistics = JournalReader(data), StatsReader(data)
    found = {
        "records": journal.last(100_000),
        "state": journal.state(),
        "accounts": statistics.kept(),
        "sessions": statistics.summaries(),
        "history": [(version.name, version.at) for version in History(data / "rules").versions()],
        "rules": (config.base_dir / config.settings.rules_file).read_text(),
        "settings": config.settings,
    }
    assert not journal.damaged
    assert not statistics.damaged
    return found


async def restored(backup: Path, to: Path) -> Config:
    done = await asyncio.to_thread(restore, backup, to)
    assert not done.trouble
    assert not [left for left in done.missing if left.lost]
    return load(done.settings, strict=True)


async def test_after_a_restore_ledger_counters_cooldowns_rules_and_statistics_are_what_they_were(
    house: House, tmp_path: Path
) -> None:
    house.rules(RULES)
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        await evening(house)
        await until(lambda: counters(c) == {"roses": 20 + OWED, "goal": 30})
        await until(lambda: c.ledger.total.received == 21 + OWED)
        ledger, rules = c.ledger, c.rules
        backup = await asyncio.to_thread(make_backup, house.config, tmp_path / "b.tar.gz")
        c.gift("after", "Rose")
        await until(lambda: over(c, "after"))
    edges = len(house.edges.all)
    config = await restored(backup.path, tmp_path / "bare")
    c.latest.clear()
    async with gateway_running(config):
        await house.again()
        await until(lambda: counters(c) == {"roses": 20 + OWED, "goal": 30})
        await until(lambda: c.ledger.total.received > 0)
        assert c.ledger == ledger
        assert c.ledger.total.owed == OWED
        assert c.rules.fingerprint == rules.fingerprint
        assert [(r.rule, r.enabled) for r in c.rules.rules] == [(r.rule, r.enabled) for r in rules.rules]
        assert len(house.edges.all) == edges, "nothing moves by itself"
        c.gift("drum-2", "Drum", 7)  # its rule rests, there as here
        c.gift("rose-next")
        await until(lambda: over(c, "rose-next"))
        assert c.of("drum-2") == []
        assert (await c.ask("ledger", do="pay-all")).result == {"runs": OWED}
        assert (await c.ask("rules", do="rollback")).ok
        await until(lambda: all(r.rule != "lion" for r in c.rules.rules))


async def test_of_an_evening_that_is_over_every_reader_sees_the_same_after_a_restore(
    house: House, tmp_path: Path
) -> None:
    house.rules(RULES)
    async with gateway_running(house.config):
        await house.ready()
        await evening(house)
    before = kept(house.config)
    backup = await asyncio.to_thread(make_backup, house.config, tmp_path / "b.tar.gz")
    after = kept(await restored(backup.path, tmp_path / "bare"))
    for part, found in before.items():
        assert after[part] == found, part
    assert len(before["records"]) > 60
    assert sum(account.gifts for account in before["accounts"].accounts) == 21 + OWED


async def test_a_backup_in_the_midst_of_a_flood_of_gifts_is_one_moment_of_it(house: House, tmp_path: Path) -> None:
    house.rules(RULES)
    c, poured, stop = house.client, 0, asyncio.Event()

    async def pour() -> None:
        nonlocal poured
        while not stop.is_set():
            c.gift(f"poured-{poured}")
            poured += 1
            await asyncio.sleep(0.002)

    async with gateway_running(house.config):
        await house.ready()
        pouring = asyncio.create_task(pour())
        await until(lambda: poured > 200)
        backup = await asyncio.to_thread(make_backup, house.config, tmp_path / "b.tar.gz")
        upto = poured
        await until(lambda: poured > upto + 100)
        stop.set()
        await pouring
        # Else the broker gives the rest to the next gateway.
        await until(lambda: c.ledger.total.received == poured and not c.ledger.total.waiting)
    config = await restored(backup.path, tmp_path / "bare")
    journal = JournalReader(config.base_dir / config.settings.gateway.data)
    events = journal.last(100_000, kind="event", type_="gift")
    assert 0 < len(events) <= upto
    # Statistics are copied before the journal: what they have counted is in it.
    statistics = StatsReader(config.base_dir / config.settings.gateway.data).kept()
    assert statistics.mark <= journal.last(1)[0].seq
    assert sum(account.gifts for account in statistics.accounts) <= len(events)
    c.latest.clear()
    async with gateway_running(config):
        await house.again()
        await until(lambda: counters(c)["roses"] == len(events))
        await until(lambda: c.ledger.total.received == len(events))
        await until(lambda: not c.ledger.total.waiting)
        assert c.ledger.balanced
        assert c.ledger.total.received == len(events)
