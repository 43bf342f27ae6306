"""The way to the bus on a real Mosquitto: what waits, for whom, in which order, and what touches the disk."""

import asyncio
import logging
import shutil
import signal
import time
from pathlib import Path

import pytest

from gateway import messages as m
from gateway.connector.delivery import delivery, lanes, safekeeping
from gateway.connector.delivery import disk as disk_module
from gateway.connector.delivery.outbox import Row
from tests.broker import Mosquitto
from tests.connector.mail import TOPICS, Listener, Post, comment, connected, gift, like, until
from tests.disk import full_disk

pytestmark = pytest.mark.needs("mosquitto")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "TICK_S", 0.02)
    monkeypatch.setattr(lanes, "RETRY_S", 0.1)
    monkeypatch.setattr(disk_module, "RETRY_S", 0.05)


def written(folder: Path) -> int:
    """Bytes in the outbox's files; they only ever change by writing."""
    return sum(f.stat().st_size + f.stat().st_mtime_ns for f in folder.iterdir())


async def test_in_good_times_nothing_touches_the_disk_and_order_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with Mosquitto(tmp_path) as broker:
        listener = Listener(broker)
        async with connected(listener.bus), Post(broker, folder).open() as post:
            await asyncio.sleep(0.1)
            before = written(folder)
            sent: list[str] = []
            for n in range(300):
                sent += post.send(gift(n), comment(n))
                if n % 10 == 0:
                    await asyncio.sleep(0.01)
            await until(lambda: len(listener.ids) == 600)
            await post.sent()
            assert written(folder) == before
    assert [i for i in listener.ids if i[0] == "g"] == [i for i in sent if i[0] == "g"]
    assert [i for i in listener.ids if i[0] == "c"] == [i for i in sent if i[0] == "c"]
    assert listener.copies == 600


async def test_a_broker_away_is_waited_for_on_disk_and_everything_comes_in_order_with_its_own_times(
    tmp_path: Path,
) -> None:
    with Mosquitto(tmp_path) as broker:
        listener = Listener(broker)
        async with connected(listener.bus), Post(broker, tmp_path / "data").open() as post:
            broker.stop(signal.SIGKILL)
            await until(lambda: not post.bus.connected)
            safe: list[int] = []
            events = [gift(n) for n in range(200)]
            post.send(*events, like(1))
            post.delivery.when_safe(lambda: safe.append(1))
            assert not safe
            await until(lambda: safe)
            broker.start()
            await until(lambda: len(listener.ids) == 200)
    assert listener.ids == [e.id for e in events]
    assert [e.received for e in listener.events.values()] == [e.received for e in events]


async def test_what_waits_outlives_the_process_and_is_delivered_by_the_next(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    async with Post(broker, tmp_path / "data").open(wait=False) as post:
        first = post.send(*(gift(n) for n in range(50)))
    with broker:
        listener = Listener(broker)
        async with connected(listener.bus), Post(broker, tmp_path / "data").open() as post:
            then = post.send(*(gift(n) for n in range(50, 60)))
            await until(lambda: len(listener.ids) == 60)
            await post.sent()
        assert listener.ids == first + then
        listener.events.clear()


async def test_delivered_events_leave_the_disk_and_are_not_sent_by_the_next_process(
    tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "KEEP_S", 0.1)
    broker = Mosquitto(tmp_path)
    async with Post(broker, tmp_path / "data").open(wait=False) as post:
        post.send(*(gift(n) for n in range(50)))
    with broker:
        listener = Listener(broker)
        async with connected(listener.bus):
            async with Post(broker, tmp_path / "data").open() as post:
                await until(lambda: len(listener.ids) == 50)
                await post.sent()
                await until(lambda: not post.delivery._recent and not post.delivery._safe._delete)
            async with Post(broker, tmp_path / "data").open() as post:
                post.send(gift(99))
                await until(lambda: "g-99" in listener.ids)
    assert listener.copies == 51


async def test_late_events_are_marked_stale_and_fresh_ones_are_not(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    async with Post(broker, tmp_path / "data", stale_after=0.3).open(wait=False) as post:
        post.send(gift(1))
        await asyncio.sleep(0.4)  # older than allowed
        with broker:
            listener = Listener(broker)
            async with connected(listener.bus):
                await until(lambda: listener.ids)
                post.send(gift(2))
                await until(lambda: len(listener.ids) == 2)
    assert [e.stale for e in listener.events.values()] == [True, False]


async def test_what_is_from_the_future_by_our_clock_is_of_an_unknown_age_and_stale(tmp_path: Path) -> None:
    """A Raspberry Pi has no clock of its own: after a night without power it begins before the evening's end."""
    broker = Mosquitto(tmp_path)
    post = Post(broker, tmp_path / "data")
    topic, later = TOPICS.account_event("ada", "gift"), time.time() + 2400
    post.outbox.open()
    post.outbox.commit([Row(1, topic, m.encode(gift(1, received=later)), later, paid=True)], [])
    post.outbox.close()
    with broker:
        listener = Listener(broker)
        async with connected(listener.bus), post.open():
            await until(lambda: listener.ids)
            post.send(gift(2))
            await until(lambda: len(listener.ids) == 2)
    assert [e.stale for e in listener.events.values()] == [True, False]


async def test_gifts_that_nobody_listens_to_are_kept_and_delivered_when_somebody_does(
    tmp_path: Path, quick: None, caplog: pytest.LogCaptureFixture
) -> None:
    with Mosquitto(tmp_path) as broker:
        other = Listener(broker, "stagewire/1/hall/account/bo/event/gift")
        async with connected(other.bus), Post(broker, tmp_path / "data").open() as post:
            for n in range(40):
                post.send(gift(n))
                if n % 10 == 9:
                    await asyncio.sleep(0.05)
            post.send(gift(100, "bo"))  # another topic is not held up
            await until(lambda: other.ids == ["g-100"])
            await until(lambda: post.delivery._lanes._lanes["stagewire/1/hall/account/ada/event/gift"].deaf_since)
            await asyncio.sleep(0.3)  # several tries in vain
            post.send(gift(200, "cleo"))  # nobody hears this account either, and that is no more news
            await until(lambda: "stagewire/1/hall/account/cleo/event/gift" in post.delivery._deaf)
            warnings = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
            (said,) = [w for w in warnings if "nobody listens" in w]
            assert "is the gateway running?" in said
            listener = Listener(broker)
            async with connected(listener.bus):
                await until(lambda: len(listener.ids) == 41)
                post.send(gift(41))
                await until(lambda: len(listener.ids) == 42)
    assert [n for n in listener.ids if n != "g-200"] == [f"g-{n}" for n in [*range(40), 41]]


async def test_comments_that_nobody_listens_to_stay_off_the_disk_and_are_let_go(
    tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "UNHEARD_S", 0.3)
    folder = tmp_path / "data"
    with Mosquitto(tmp_path) as broker:
        gifts = Listener(broker, "stagewire/1/hall/account/+/event/gift")
        async with connected(gifts.bus), Post(broker, folder).open() as post:
            before = written(folder)
            safe: list[int] = []
            for n in range(30):
                post.send(comment(n), gift(n))
            post.delivery.when_safe(lambda: safe.append(1))
            await until(lambda: safe)
            await until(lambda: len(gifts.ids) == 30)
            await until(lambda: not post.delivery._lanes.held)
            assert written(folder) == before
            assert post.delivery.lost == 0


async def test_what_the_broker_acknowledged_and_forgot_is_sent_once_more(tmp_path: Path) -> None:
    """It took the gifts for a listener who was away, and was killed."""
    with Mosquitto(tmp_path) as broker:
        listener = Listener(broker)
        async with connected(listener.bus):
            pass  # its session stays with the broker
        async with Post(broker, tmp_path / "data").open() as post:
            sent = post.send(*(gift(n) for n in range(60)))
            await post.sent()
            broker.stop(signal.SIGKILL)
            await until(lambda: not post.bus.connected)
            broker.start()
            async with connected(listener.bus):
                await until(lambda: len(listener.ids) == 60)
    assert listener.ids == sent


async def test_what_was_acknowledged_lately_survives_a_kill_of_the_broker_and_then_of_the_connector(
    tmp_path: Path,
) -> None:
    with Mosquitto(tmp_path) as broker:
        listener = Listener(broker)
        async with connected(listener.bus):
            pass
        async with Post(broker, tmp_path / "data").open() as post:
            post.send(gift(1))
            await post.sent()
            broker.stop(signal.SIGKILL)
            await until(lambda: not post.bus.connected)
            await until(lambda: all(e.on_disk for e in post.delivery._lanes))
            shutil.copytree(tmp_path / "data", tmp_path / "as-after-kill")
        broker.start()
        async with connected(listener.bus), Post(broker, tmp_path / "as-after-kill").open():
            await until(lambda: listener.ids == ["g-1"])


async def test_a_full_disk_is_said_once_and_events_go_on_from_memory_until_there_is_room(
    tmp_path: Path, quick: None, caplog: pytest.LogCaptureFixture
) -> None:
    broker = Mosquitto(tmp_path)
    async with Post(broker, tmp_path / "data").open(wait=False) as post:
        safe: list[int] = []
        with full_disk():
            sent = post.send(*(gift(n) for n in range(30)))
            post.delivery.when_safe(lambda: safe.append(1))
            await until(lambda: "cannot be written" in caplog.text)
            await asyncio.sleep(0.3)  # several more attempts
            assert not safe
        await until(lambda: safe)
        assert "works again" in caplog.text
        assert [r.levelno for r in caplog.records if "cannot be written" in r.message] == [logging.ERROR]
        with broker:
            listener = Listener(broker)
            async with connected(listener.bus):
                await until(lambda: len(listener.ids) == 30)
    assert listener.ids == sent


async def test_memory_is_bounded_while_the_disk_refuses_and_gifts_are_given_up_last(
    tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(delivery, "UNSAVED", 100)
    broker = Mosquitto(tmp_path)
    async with Post(broker, tmp_path / "data").open(wait=False) as post:
        with full_disk():
            for n in range(90):
                post.send(gift(n), comment(n))
            await until(lambda: "cannot be written" in caplog.text)
            assert post.delivery._lanes.held <= 100
            assert 80 <= post.delivery.lost <= 85
            assert caplog.text.count("are lost, the oldest, and gifts after all others") == 1
        with broker:
            listener = Listener(broker)
            async with connected(listener.bus):
                await until(lambda: len(listener.ids) == 180 - post.delivery.lost)
    assert [i for i in listener.ids if i[0] == "g"] == [f"g-{n}" for n in range(90)]


async def test_who_waits_for_safety_is_bounded_while_one_gift_cannot_become_safe(
    tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens to gifts and the disk is full, for hours; comments come and go."""
    monkeypatch.setattr(safekeeping, "CROWDED", 100)
    monkeypatch.setattr(safekeeping, "WAITING", 50)
    with Mosquitto(tmp_path) as broker:
        comments = Listener(broker, "stagewire/1/hall/account/+/event/comment")
        async with connected(comments.bus), Post(broker, tmp_path / "data").open() as post:
            with full_disk():
                post.send(gift(1))
                for n in range(1000):
                    post.send(comment(n))
                    post.delivery.when_safe(lambda: None)
                    if n % 50 == 0:
                        await asyncio.sleep(0.01)
                await until(lambda: len(comments.ids) == 1000)
                await until(lambda: not post.delivery._flying)
                post.send(comment(1000))
                assert len(post.delivery._safe._unsafe) <= 2 * 100
                assert len(post.delivery._safe._waiting) <= 50
            gifts = Listener(broker, "stagewire/1/hall/account/+/event/gift")
            async with connected(gifts.bus):
                await until(lambda: gifts.ids == ["g-1"])


async def test_thousands_of_waiting_events_come_in_order_and_memory_holds_but_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "IN_MEMORY", 300)
    monkeypatch.setattr(lanes, "PAGE", 100)
    monkeypatch.setattr(safekeeping, "PAGE", 100)
    broker = Mosquitto(tmp_path)
    async with Post(broker, tmp_path / "data").open(wait=False) as post:
        for n in range(2500):
            post.send(gift(n))
            if n % 500 == 0:
                await asyncio.sleep(0.02)
        await until(lambda: not post.delivery._safe._unsafe)
        assert len(post.delivery._lanes) == 2500
        assert post.delivery._lanes.held <= 400
        with broker:
            listener = Listener(broker)
            async with connected(listener.bus):
                await until(lambda: post.bus.connected)
                began, before = time.monotonic(), len(listener.ids)
                await until(lambda: len(listener.ids) == 2500, 30)
                rate = (2500 - before - delivery.BURST) / (time.monotonic() - began)
                await post.sent()
    assert listener.ids == [f"g-{n}" for n in range(2500)]
    assert rate < delivery.DRAIN_PER_S * 1.1  # a slow gateway is not run over


async def test_an_outbox_deleted_under_us_is_written_anew(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    async with Post(broker, tmp_path / "data").open(wait=False) as post:
        safe: list[int] = []
        sent = post.send(*(gift(n) for n in range(20)))
        post.delivery.when_safe(lambda: safe.append(1))
        await until(lambda: safe)
        for file in (tmp_path / "data").iterdir():
            file.unlink()
        sent += post.send(gift(20))
        await until(lambda: not post.delivery._safe._unsafe and post.outbox.path.exists())
    async with Post(broker, tmp_path / "data").open(wait=False) as post:
        with broker:
            listener = Listener(broker)
            async with connected(listener.bus):
                await until(lambda: len(listener.ids) == 21)
    assert listener.ids == sent


def test_every_kind_is_either_merged_or_delivered_at_least_once() -> None:
    assert set(m.EVENT_CLASSES) >= delivery.PAID_KINDS
    assert not m.MERGED_KINDS & delivery.PAID_KINDS
