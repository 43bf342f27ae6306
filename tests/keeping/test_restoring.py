"""A gateway restores by itself: what must come back does, whatever goes wrong; what does not fit stays outside."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.errors import StorageError
from gateway.keeping import restoring
from gateway.keeping.backup import make_backup
from gateway.keeping.restoring import Restores
from gateway.messages import Request
from gateway.requests import Answer
from gateway.settings.load import Config
from tests import records
from tests.keeping.furnished import SECRETS, furnish


@pytest.fixture
async def config(tmp_path: Path) -> Config:
    found = await asyncio.to_thread(furnish, tmp_path)
    await asyncio.to_thread(make_backup, found, clock=lambda: records.NOON)
    return found


NAME = "stagewire-hall-20261122T120000Z.tar.gz"


async def asked(restores: Restores, **params: Any) -> Answer:
    answer = restores.handlers["restore"](Request(transaction="1", by="Noor", params=params))
    assert not isinstance(answer, tuple)
    return await answer


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(restoring.TROUBLE, raising=False)


async def wanted(config: Config) -> Restores:
    """Somebody asked for it, and the gateway has ended."""
    restart = asyncio.Event()
    restores = Restores(config, restart, lambda: "")
    assert (await asked(restores, do="now", file=NAME))[0] == ""
    async with asyncio.timeout(5):
        await restart.wait()
    return restores


async def test_while_something_must_not_be_cut_off_it_is_only_looked_at(config: Config) -> None:
    restart = asyncio.Event()
    restores = Restores(config, restart, lambda: "a board is being flashed")
    assert (await asked(restores, do="check", file=NAME))[0] == ""
    assert (await asked(restores, do="now", file=NAME))[0] == "a board is being flashed"
    await restores.put_back()
    assert not list(config.base_dir.glob("before-restore-*"))


async def test_data_that_belong_elsewhere_are_not_put_where_the_next_start_would_not_look(config: Config) -> None:
    moved = replace(config.settings, gateway=replace(config.settings.gateway, data="elsewhere"))
    restores = Restores(replace(config, settings=moved), asyncio.Event(), lambda: "")
    error, _ = await asked(restores, do="now", file=NAME)
    assert error == "it belongs into data, and here is elsewhere: restore it at the command line"


async def test_a_disk_that_fails_in_the_middle_takes_no_secret(
    config: Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def half(*_: object, **__: object) -> None:
        for name in SECRETS:
            (config.base_dir / name).unlink()
        raise StorageError("the card is gone")

    restores = await wanted(config)
    monkeypatch.setattr(restoring, "restore", half)
    await restores.put_back()
    assert {name: (config.base_dir / name).read_text() for name in SECRETS} == SECRETS
    assert "restore: the card is gone" in caplog.text

    caplog.clear()  # whoever asked for it sees the errors of the next life only
    restoring.tell_trouble()
    restoring.tell_trouble()
    assert [r.getMessage() for r in caplog.records] == ["restore: the card is gone"]


async def test_a_fault_of_ours_does_not_keep_the_gateway_from_starting_again(
    config: Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    restores = await wanted(config)
    monkeypatch.setattr(restoring, "restore", faulty)
    with caplog.at_level(logging.ERROR):
        await restores.put_back()
    assert "a fault of the gateway" in caplog.text
    restoring.tell_trouble()
    assert caplog.records[-1].getMessage().startswith("restore: a fault of the gateway (ZeroDivisionError)")
