"""A venue's data folder for the command line: worked on here while no gateway runs, else by the gateway itself."""

import asyncio
import contextlib
import os
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from gateway.errors import ServiceError, StorageError
from gateway.keeping import erase
from gateway.keeping.asking import ask
from gateway.keeping.erasures import MOST_PEOPLE
from gateway.keeping.find import Found, Somebody, find, who
from gateway.keeping.inventory import data_folder, venue_of
from gateway.keeping.prove import Proof
from gateway.keeping.retention import Plan, delete_months, drop_names, plan
from gateway.messages import Param
from gateway.service import own_folder
from gateway.settings.load import Config

T = TypeVar("T")

SOON_S, LONG_S = 120.0, 3600.0
"""Seconds to wait for a gateway that looks, and for one that rewrites years on an SD card."""


class VenueFiles(Protocol):
    """All of it raises ``StagewireError``, in words."""

    @property
    def config(self) -> Config: ...
    def finish(self) -> Proof | None:
        """An erasure that was interrupted."""

    def who(self, query: str) -> list[Somebody]: ...
    def find(self, viewer: str) -> erase.Preview: ...
    def erase(self, found: erase.Preview, *, backups: bool) -> Proof: ...
    def retention(self) -> Plan: ...
    def apply_retention(self, planned: Plan, *, force: bool) -> None: ...


@contextlib.contextmanager
def opened(settings: Path) -> Iterator[VenueFiles]:
    """Ours alone while the block lasts, or the gateway's. Raises ``StagewireError``."""
    config = venue_of(settings)
    data = data_folder(config)
    if not data.is_dir():
        raise StorageError(f"there is no data folder {data}: nothing is kept there (gateway.data in {settings})")
    try:
        lock = own_folder(data)
    except ServiceError:
        if not os.access(data, os.R_OK | os.W_OK):
            raise
        yield Asked(config)
        return
    with lock:
        yield Here(config)


class Here:
    """No gateway runs."""

    def __init__(self, config: Config) -> None:
        self.config, self._data = config, data_folder(config)
        self._found: Found | None = None  # nobody else writes meanwhile, and looking takes long

    def finish(self) -> Proof | None:
        return erase.finish(self._data)

    def who(self, query: str) -> list[Somebody]:
        return [person.told for person in who(self._data, query)[:MOST_PEOPLE]]

    def find(self, viewer: str) -> erase.Preview:
        self._found = find(self._data, viewer)
        return erase.preview(self._data, self._found, erase.all_copies(self.config))

    def erase(self, found: erase.Preview, *, backups: bool) -> Proof:
        all_of_them = self._found or find(self._data, found.viewer.id)
        copies = erase.copies_with(erase.all_copies(self.config), all_of_them) if backups else []
        return erase.erase(self._data, erase.begin(self._data, all_of_them, copies))

    def retention(self) -> Plan:
        return plan(self._data, self.config.settings.gateway.keep_days, time.time())

    def apply_retention(self, planned: Plan, *, force: bool) -> None:
        drop_names(self._data, planned)
        delete_months(self._data, planned)


class Asked:
    """A gateway runs: it forgets in memory as well, and works on its own files."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def finish(self) -> Proof | None:
        return None  # it did so when it started

    def who(self, query: str) -> list[Somebody]:
        return msgspec.convert(self._ask("erase", do="who", viewer=query)["people"], list[Somebody])

    def find(self, viewer: str) -> erase.Preview:
        return msgspec.convert(self._ask("erase", do="find", viewer=viewer), erase.Preview)

    def erase(self, found: erase.Preview, *, backups: bool) -> Proof:
        answer = self._ask("erase", LONG_S, do="erase", viewer=found.viewer.id, backups=backups)
        return msgspec.convert(answer, Proof)

    def retention(self) -> Plan:
        return msgspec.convert(self._ask("retention"), Plan)

    def apply_retention(self, planned: Plan, *, force: bool) -> None:
        self._ask("retention", LONG_S, apply=True, force=force)

    def _ask(self, verb: str, patience: float = SOON_S, **params: Param) -> dict[str, Any]:
        return _run(ask(self.config, verb, params, patience))


def _run(main: Coroutine[Any, Any, T]) -> T:
    # The selector loop is the one that paho's sockets can be watched on, on every system.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(main)
