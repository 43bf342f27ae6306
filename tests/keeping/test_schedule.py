"""The gateway makes backups by itself: in time, made up for, tried again, and said when they fail."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.errors import SettingsError, StorageError
from gateway.keeping.backup import kept, make_backup
from gateway.keeping.schedule import RETRY_S, SETTLE_S, Backups
from gateway.messages import Request
from gateway.settings.load import Config, load
from tests import records
from tests.disk import until
from tests.keeping.furnished import SETTINGS, furnish

DAY = 86400.0
HALF_PAST_FOUR = records.NOON - 7.5 * 3600
"""Of 2026-11-22, UTC: when the settings want a backup."""


class Clock:
    """A machine's clock, which a test sets."""

    def __init__(self, now: float) -> None:
        self.now, self.looks = now, 0

    def __call__(self) -> float:
        self.looks += 1
        return self.now

    async def looked_at(self, backups: Backups) -> None:
        """The service has looked a few times more, and nothing is being made."""
        looks = self.looks
        await until(lambda: self.looks > looks + 5 and not backups._lock.locked())


@pytest.fixture
async def config(tmp_path: Path) -> Config:
    return await asyncio.to_thread(furnish, tmp_path)


@contextlib.asynccontextmanager
async def running(backups: Backups, clock: Clock) -> AsyncIterator[None]:
    looks = clock.looks
    task = asyncio.create_task(backups.run())
    try:
        await until(lambda: clock.looks > looks or backups._settings is None)
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def made(config: Config) -> list[str]:
    return [path.name for path in kept(config.base_dir / "backups", "hall")]


async def test_it_is_made_when_the_cron_strikes_and_the_oldest_go(config: Config) -> None:
    clock = Clock(HALF_PAST_FOUR - DAY + 1)
    await asyncio.to_thread(make_backup, config, clock=lambda: clock.now - 1)
    backups = Backups(config, clock, look=0.005)
    async with running(backups, clock):
        clock.now = HALF_PAST_FOUR - 1
        await clock.looked_at(backups)
        assert made(config) == ["stagewire-hall-20261121T043000Z.tar.gz"]
        assert backups.last == "2026-11-21T04:30:00.000Z"
        for day in range(22, 26):
            clock.now = HALF_PAST_FOUR + (day - 22) * DAY
            await clock.looked_at(backups)
            assert backups.last == f"2026-11-{day}T04:30:00.000Z"
    assert made(config) == [f"stagewire-hall-202611{day}T043000Z.tar.gz" for day in (25, 24, 23)]
    assert backups.fault == ""


async def test_the_venues_own_timezone_says_when(tmp_path: Path) -> None:
    config = await asyncio.to_thread(furnish, tmp_path, SETTINGS + "timezone: Asia/Jakarta\n")
    clock = Clock(HALF_PAST_FOUR - 8 * 3600)  # half past three there, seven hours ahead of UTC
    await asyncio.to_thread(make_backup, config, clock=clock)
    backups = Backups(config, clock, look=0.005)
    async with running(backups, clock):
        clock.now += 3600
        await until(lambda: backups.last == "2026-11-21T21:30:00.000Z")


async def test_one_that_was_missed_is_made_up_for_soon_after_the_start(config: Config) -> None:
    clock = Clock(records.NOON)
    await asyncio.to_thread(make_backup, config, clock=lambda: clock.now - 5 * DAY)
    backups = Backups(config, clock, look=0.005)
    async with running(backups, clock):
        await clock.looked_at(backups)
        assert len(made(config)) == 1, "boards and broker come first"
        clock.now += SETTLE_S
        await until(lambda: len(made(config)) == 2)
    assert SETTLE_S < 300


async def test_where_none_was_ever_made_the_first_one_comes_soon(config: Config) -> None:
    clock = Clock(records.NOON)
    backups = Backups(config, clock, look=0.005)
    async with running(backups, clock):
        assert backups.last == ""
        clock.now += SETTLE_S
        await until(lambda: len(made(config)) == 1)


async def test_one_of_a_clock_that_was_wrong_does_not_keep_the_next_ones_away(config: Config) -> None:
    clock = Clock(records.NOON)
    await asyncio.to_thread(make_backup, config, clock=lambda: clock.now + 900 * DAY)
    backups = Backups(config, clock, look=0.005)
    async with running(backups, clock):
        clock.now += SETTLE_S
        await until(lambda: backups.last.startswith("2026-11-22T12:02"))


async def test_a_failure_is_said_once_and_tried_again_every_hour(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    clock, folder = Clock(records.NOON), config.base_dir / "backups"
    folder.write_text("a file where the folder should be")
    backups = Backups(config, clock, look=0.005)
    with caplog.at_level(logging.DEBUG, logger="gateway.keeping"):
        async with running(backups, clock):
            clock.now += SETTLE_S
            await until(lambda: bool(backups.fault))
            assert "no backup so far" in backups.fault
            assert str(folder) in backups.fault
            assert "tried again at 2026-11-22T13:02" in backups.fault
            said = len(caplog.records)
            await clock.looked_at(backups)
            assert len(caplog.records) == said, "not before an hour is over"
            clock.now += RETRY_S
            await until(lambda: len(caplog.records) > said)
            folder.unlink()
            clock.now += RETRY_S
            await until(lambda: not backups.fault)
    assert len(made(config)) == 1
    levels = [record.levelname for record in caplog.records]
    assert levels.count("WARNING") == 1


async def test_a_month_that_could_not_be_kept_is_a_fault(config: Config) -> None:
    month = config.base_dir / "data" / "journal-2026-10.db"
    month.write_bytes(bytes(20_000))
    backups = Backups(config, Clock(records.NOON))
    await backups.make()
    assert "not complete: journal-2026-10.db" in backups.fault


async def test_a_request_is_answered_with_the_file_its_size_and_what_is_not_in_it(config: Config) -> None:
    backups = Backups(config, Clock(records.NOON))
    answer = backups.handlers["backup"](Request(transaction="t", by="Noor"))
    assert not isinstance(answer, tuple)
    error, result = await answer
    path = config.base_dir / "backups" / "stagewire-hall-20261122T120000Z.tar.gz"
    assert (error, result["file"], result["size"]) == ("", str(path), path.stat().st_size)
    assert any("sign.key" in words for words in result["left_out"])


async def test_whoever_asks_while_one_is_being_made_is_told_so(config: Config) -> None:
    backups = Backups(config, Clock(records.NOON))
    first = asyncio.create_task(backups.make())
    await until(backups._lock.locked)
    with pytest.raises(StorageError, match="being made already"):
        await backups.make()
    assert (await first).path.exists()


async def test_a_gateway_that_stops_meanwhile_leaves_no_half_one(config: Config) -> None:
    backups = Backups(config, Clock(records.NOON))
    task = asyncio.create_task(backups.make())
    folder = config.base_dir / "backups"
    await until(lambda: folder.exists() and any(folder.iterdir()))
    task.cancel()
    await asyncio.wait([task])
    await until(lambda: not list(folder.glob(".*")))


async def test_without_the_setting_nothing_is_made_unless_somebody_asks(tmp_path: Path) -> None:
    config = await asyncio.to_thread(furnish, tmp_path, "venue: hall\n")
    clock = Clock(records.NOON)
    backups = Backups(config, clock, look=0.005)
    async with running(backups, clock):
        clock.now += 9 * DAY
        await asyncio.sleep(0.05)  # nothing looks at the clock here, so there is nothing to wait for
        assert not (tmp_path / "backups").exists()
        await backups.make()
    assert len(made(config)) == 1


def test_a_cron_with_a_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    for at in ("30 25 * * *", "0 4 31 2 *", "daily"):
        (tmp_path / "stagewire.yaml").write_text(f"venue: hall\ngateway:\n  backup:\n    at: {at}\n")
        with pytest.raises(SettingsError, match=r"stagewire\.yaml:4: gateway\.backup\.at: "):
            load(tmp_path / "stagewire.yaml")
