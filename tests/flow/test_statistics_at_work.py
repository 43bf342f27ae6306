"""Sessions, sums and boards of a gateway at work: over restarts and kills, by hand, and with practice apart."""

import asyncio
import time
from collections.abc import Callable

import msgspec
import pytest

from gateway.journal import JournalReader
from gateway.messages import (
    KINDS,
    AccountStats,
    Ack,
    Command,
    Comment,
    CommentEvent,
    Decided,
    Event,
    GiftEvent,
    Leaderboard,
    Live,
    LiveEvent,
    SessionSummary,
    StationStats,
    User,
    Viewers,
    ViewersEvent,
    encode,
    stamp,
)
from gateway.stats.reader import StatsReader
from gateway.stats.totals import Totals
from tests.flow.stage import Client, GatewayProcess, House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")
WIRA = User(id="u-2", name="wira.practice", nickname="Wira")


class Evening:
    """What happens on ayu's LIVE; ``simulated``: in practice."""

    def __init__(self, client: Client, *, simulated: bool = False) -> None:
        self.client, self._simulated, self._n = client, simulated, 0

    def tell(self, event: Event) -> None:
        topic = self.client.topics.account_event("ayu", KINDS[type(event)])
        assert self.client.bus.publish(topic, encode(event))

    def _frame(self) -> dict[str, object]:
        self._n += 1
        now = stamp(time.time())
        return {
            "id": f"{'p' if self._simulated else 'e'}-{self._n}",
            "source": "/test",
            "time": now,
            "received": now,
            "account": "ayu",
            "room": "room-1",
            "simulated": self._simulated,
        }

    def live(self, phase: str) -> None:
        data = Live(phase=phase)  # type: ignore[arg-type]  # a word
        self.tell(LiveEvent(**self._frame(), data=data))  # type: ignore[arg-type]  # a dict

    def comment(self, text: str = "hello", user: User = WIRA) -> None:
        self.tell(CommentEvent(**self._frame(), data=Comment(user=user, text=text)))  # type: ignore[arg-type]  # a dict

    def viewers(self, count: int) -> None:
        self.tell(ViewersEvent(**self._frame(), data=Viewers(count=count)))  # type: ignore[arg-type]  # a dict

    def gift(self, coins: int, user: User = WIRA) -> None:
        made = Client.make_gift("x", "Rose", coins, user)
        self.tell(GiftEvent(**self._frame(), data=made.data))  # type: ignore[arg-type]  # a dict

    @property
    def stats(self) -> AccountStats:
        found = self.client.get(self.client.topics.account_stats("ayu"), AccountStats)
        return found or AccountStats(account="ayu")

    async def counted(self, of: Callable[[AccountStats], object]) -> AccountStats:
        await until(lambda: of(self.stats))
        return self.stats

    def summaries(self) -> dict[str, SessionSummary]:
        return {
            topic.split("/")[-2]: msgspec.json.decode(payload, type=SessionSummary)
            for topic, payload in self.client.latest.items()
            if topic.endswith("/summary") and payload
        }


def has_coins(coins: int) -> Callable[[AccountStats], bool]:
    return lambda stats: stats.coins == coins


async def test_a_session_is_shown_counted_and_summed_up_when_the_live_ends(house: House) -> None:
    e = Evening(house.client)
    async with gateway_running(house.config):
        await house.ready()
        e.live("started")
        e.viewers(40)
        e.comment()
        e.gift(30)
        e.gift(70, User(id="u-3", name="sari.practice", nickname="Sari"))
        seen = await e.counted(lambda s: s.gifts == 2 and s.actions_done)
        assert (seen.coins, seen.comments, seen.unique_viewers, seen.usd) == (100, 1, 2, 0.5)
        board = house.client.topics.account_leaderboard("ayu", "session")
        await until(lambda: (b := house.client.get(board, Leaderboard)) and len(b.places) == 2, 20)
        shown = house.client.get(board, Leaderboard)
        assert shown is not None
        assert [(p.name, p.score) for p in shown.places] == [("sari.practice", 70), ("wira.practice", 30)]
        e.live("ended")
        await until(e.summaries)
        ((session, summary),) = e.summaries().items()
        assert (summary.opened, summary.coins, summary.gifts) == ("live", 100, 2)
        assert summary.ended is not None
        wear = house.client.get(house.client.topics.station_stats("lamp"), StationStats)
        assert wear is not None
        assert wear.cycles == house.edges.rises("lamp")
    record = StatsReader(house.config.base_dir / "data").record(session)
    assert record is not None
    assert {c.name: c.coins for c in record.contributions} == {"sari.practice": 70, "wira.practice": 30}


async def test_practice_is_counted_apart_from_the_real_live(house: House) -> None:
    real, practice = Evening(house.client), Evening(house.client, simulated=True)
    async with gateway_running(house.config):
        await house.ready()
        real.gift(5)
        await real.counted(lambda s: s.coins == 5)
        practice.gift(1000)
        seen = await real.counted(lambda s: s.simulated)
        assert (seen.coins, seen.all_coins) == (1000, 1000)
        real.gift(6)
        seen = await real.counted(lambda s: not s.simulated)
        assert (seen.coins, seen.all_coins, seen.all_sessions) == (11, 11, 1)
    reader = StatsReader(house.config.base_dir / "data")
    assert [a.coins for a in reader.kept().accounts] == [11]
    assert [a.coins for a in reader.kept(simulated=True).accounts] == [1000]


async def test_a_person_begins_and_ends_a_session_whenever_they_want(house: House) -> None:
    e = Evening(house.client)
    async with gateway_running(house.config):
        await house.ready()
        e.live("started")
        e.gift(3)
        first = await e.counted(lambda s: s.coins == 3)
        answer = await house.client.ask("session", account="ayu", do="start")
        assert answer.ok, answer.error
        second = await e.counted(lambda s: s.session == answer.result["session"])
        assert (second.coins, second.all_coins, second.all_sessions) == (0, 3, 2)
        assert second.session != first.session
        again = await house.client.ask("session", account="ayu", do="start")  # a second thumb on the same button
        assert again.result == answer.result
        e.gift(4)
        await e.counted(lambda s: s.coins == 4)
        await until(lambda: first.session in e.summaries())
        assert (await house.client.ask("session", account="ayu", do="end")).ok
        await until(lambda: second.session in e.summaries())
        assert e.summaries()[second.session].opened == "hand"
        refused = await house.client.ask("session", account="ayu", do="end")
        assert "no session of 'ayu' runs" in refused.error
        assert "did you mean 'ayu'" in (await house.client.ask("session", account="ayo", do="start")).error
        assert "expected params" in (await house.client.ask("session", account="ayu")).error
        e.gift(5)
        third = await e.counted(lambda s: s.coins == 5)
    assert third.all_coins == 12
    assert third.session not in (first.session, second.session)


async def test_an_order_for_a_session_is_not_taken_from_the_topics_of_events(house: House) -> None:
    e = Evening(house.client)
    async with gateway_running(house.config):
        await house.ready()
        e.gift(3)
        first = await e.counted(lambda s: s.coins == 3)
        now = stamp(time.time())
        forged = {"type": "stagewire.session", "id": "x", "source": "/x", "time": now, "received": now}
        forged |= {"account": "ayu", "data": {"phase": "started"}}  # type: ignore[dict-item]  # JSON
        topic = house.client.topics.account_event("ayu", "session")
        assert house.client.bus.publish(topic, msgspec.json.encode(forged))
        e.gift(4)
        second = await e.counted(lambda s: s.coins == 7)
    assert first.session == second.session


async def test_a_killed_gateway_counts_on_as_if_nothing_had_been(house: House) -> None:
    """Killed again and again in the middle of an evening; then every number is that of the journal's own rows,
    folded once."""
    e = Evening(house.client)
    each = sum(range(1, 13))
    for round_ in range(4):
        with GatewayProcess(house.config) as process:
            await house.again()
            if not round_:
                e.live("started")
            for n in range(12):
                e.gift(n + 1)
                e.comment(f"comment {n} of round {round_}")
                if n == 9:
                    e.viewers(20 + round_)
                await asyncio.sleep(0.01)
            await e.counted(has_coins(each * (round_ + 1)))
            if round_ < 3:
                process.kill()
            else:
                process.end()
    data = house.config.base_dir / "data"
    totals = Totals()
    seq = 0
    while entries := JournalReader(data).since(seq):
        for entry in entries:
            message = entry.message()
            if isinstance(message, Ack):
                totals.ack(message)
            elif not isinstance(message, Command | Decided):
                totals.event(message)
        seq = entries[-1].seq
    (kept,) = StatsReader(data).kept().accounts
    expected = totals.kept(0).accounts[0]
    assert kept.coins == 4 * each
    assert kept.sessions == 1
    assert kept.session == expected.session
    assert kept.opening == expected.opening


async def test_a_gateway_that_stops_before_it_has_caught_up_keeps_what_was_counted(house: House) -> None:
    e = Evening(house.client)
    async with gateway_running(house.config):
        await house.ready()
        e.live("started")
        e.gift(15)
        await e.counted(lambda s: s.coins == 15)
    reader = StatsReader(house.config.base_dir / "data")
    kept = reader.kept()
    for _ in range(3):
        async with gateway_running(house.config):
            await asyncio.sleep(0)
    assert reader.kept().accounts[0].coins == 15
    assert reader.kept().accounts == kept.accounts


async def test_what_was_not_heard_while_the_gateway_was_off_is_a_gap(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.recounting.GAP_S", 1.0)
    e = Evening(house.client)
    async with gateway_running(house.config):
        await house.ready()
        e.live("started")
        e.gift(1)
        assert (await e.counted(lambda s: s.coins == 1)).gaps == 0
    await asyncio.sleep(2.5)  # it is off for so long
    async with gateway_running(house.config):
        await house.again()
        seen = await e.counted(lambda s: s.gaps)
        assert (seen.gaps, seen.all_sessions) == (1, 1)
        assert 1.0 < seen.gap_seconds < 30.0
        first = seen.gap_seconds
    async with gateway_running(house.config):
        await house.again()
        assert (await e.counted(lambda s: s.coins == 1)).gap_seconds == first  # a quick restart is none


async def test_statistics_files_that_were_deleted_lose_only_what_the_journal_does_not_have(house: House) -> None:
    e = Evening(house.client)
    async with gateway_running(house.config):
        await house.ready()
        e.live("started")
        for n in range(5):
            e.gift(n + 1)
        await e.counted(lambda s: s.coins == 15)
    for path in (house.config.base_dir / "data").glob("stats*"):
        path.unlink()
    async with gateway_running(house.config):
        await house.again()
        seen = await e.counted(lambda s: s.coins == 15)
        assert (seen.gifts, seen.all_sessions) == (5, 1)
