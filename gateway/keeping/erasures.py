"""Erasing a viewer by a gateway that runs: the request ``erase``."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from gateway.keeping import erase
from gateway.keeping.find import find, who
from gateway.keeping.forget import Forget
from gateway.keeping.inventory import data_folder
from gateway.keeping.prove import Proof, prove
from gateway.messages import Request
from gateway.settings.load import Config

log = logging.getLogger(__name__)
T = TypeVar("T")

MOST_PEOPLE = 20
"""Whom a name may mean, in an answer."""
EXPECTED = "expected params: {viewer: ID or NAME, do: who, find or erase, backups: true or false}"

Answer = tuple[str, dict[str, Any]]


class Writer(Protocol):
    """``Journal`` and ``StatsStore``: who lets others work on the files."""

    async def exclusively(self, work: Callable[[Path], T]) -> T: ...


class Remembers(Protocol):
    """``keeping.memory.Memory``."""

    def busy(self, viewer: str) -> str: ...
    def forget(self, forget: Forget) -> None: ...


class Erasures:
    """``who`` answers {people: [...]}, ``find`` a ``Preview`` and ``erase`` a ``Proof``, both of a platform id."""

    def __init__(self, config: Config, journal: Writer, store: Writer, memory: Remembers) -> None:
        self.handlers: Mapping[str, Any] = {"erase": self._asked}
        self._config, self._data = config, data_folder(config)
        self._journal, self._store, self._memory = journal, store, memory
        self._alone = asyncio.Lock()

    async def _asked(self, request: Request) -> Answer:
        viewer, do = request.params.get("viewer"), request.params.get("do", "find")
        if not isinstance(viewer, str) or not viewer.strip() or do not in ("who", "find", "erase"):
            return EXPECTED, {}
        if self._alone.locked():
            return "another viewer is just being erased; ask again in a moment", {}
        async with self._alone:
            if do == "who":
                people = await asyncio.to_thread(who, self._data, viewer)
                return "", {"people": [msgspec.to_builtins(p.told) for p in people[:MOST_PEOPLE]]}
            if do == "find":
                found = await asyncio.to_thread(find, self._data, viewer)
                shown = await asyncio.to_thread(erase.preview, self._data, found, erase.all_copies(self._config))
                return "", msgspec.to_builtins(_short(shown))
            return await self._erase(viewer, backups=request.params.get("backups") is True)

    async def _erase(self, viewer: str, *, backups: bool) -> Answer:
        left = await asyncio.to_thread(erase.pending, self._data)
        if left is not None and left.viewer.id != viewer:  # the disk refused; writing down another would lose it
            self._memory.forget(left.forget)
            await self._work(left)
        found = await asyncio.to_thread(find, self._data, viewer)
        copies = erase.copies_with(erase.all_copies(self._config), found) if backups else []
        if not (found.anything or copies):
            return f"nothing is known of {viewer!r}: expected a platform id, which `do: who` tells", {}
        intent = await asyncio.to_thread(erase.begin, self._data, found, copies)
        if why := self._memory.busy(viewer):
            await asyncio.to_thread(erase.done, self._data)
            return why, {}
        self._memory.forget(intent.forget)
        proof = await self._work(intent)
        log.warning("a viewer was erased: %d records looked at again, %d places left", proof.records, proof.places)
        return "", msgspec.to_builtins(proof)

    async def _work(self, intent: erase.Intent) -> Proof:
        data, forget = self._data, intent.forget
        await asyncio.to_thread(erase.copies, data, intent)
        await self._store.exclusively(partial(erase.statistics, forget=forget))
        self._memory.forget(forget)  # once more: what was read of sessions that are over until now
        for path in await asyncio.to_thread(erase.months, data, forget):
            # Month by month, so that what happens meanwhile waits for no more than one of them.
            await self._journal.exclusively(partial(_month, path, forget))
        await asyncio.to_thread(erase.done, data)
        return await asyncio.to_thread(prove, data, forget, erase.untouched(data))


def _short(shown: erase.Preview) -> erase.Preview:
    """What fits into an answer."""
    most = {name: getattr(shown, name)[:50] for name in ("exports", "damaged", "copies", "leaders")}
    return msgspec.structs.replace(shown, **most)


def _month(path: Path, forget: Forget, _folder: Path) -> None:
    erase.month(path, forget)
