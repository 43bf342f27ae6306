"""Small statistics as TinyDB tables, and what is kept between two starts in them (``stats.json``).

Practice has a file of its own, ``stats-practice.json``. Everything here may wait for a disk and raises
``StorageError``.
"""

import logging
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from tinydb import TinyDB, where
from tinydb.middlewares import CachingMiddleware

from gateway.errors import StorageError
from gateway.messages import CatalogueGift, SessionRecord
from gateway.stats import schema1
from gateway.stats.kept import Kept, KeptAccount, KeptStation
from gateway.stats.storage import CrashSafeStorage, Tables

log = logging.getLogger(__name__)
T = TypeVar("T")


class Database:
    """TinyDB over one crash-safe file. What is changed waits in memory until ``save``, which is one atomic write.

    Opening logs as an ERROR what was damaged and restored; ``trouble`` says it, too. ``schema`` of the file
    that was found; 0 without one.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        storage = CrashSafeStorage(path, read_only=read_only, upgrade=_upgrade)
        self._path = path
        self._cache = CachingMiddleware(lambda: storage)  # type: ignore[no-untyped-call]  # has no types
        self._cache.WRITE_CACHE_SIZE = 1_000_000_000  # only when it is asked to: never half of a change
        self._db = TinyDB(storage=self._cache)
        if self._db.storage.read() is None:  # now: a damaged file never becomes the previous copy
            self._cache.cache = {}  # or each table would look again, and see a file that another process began
        self.schema, self.trouble = storage.file.schema, storage.trouble
        if self.trouble:
            log.log(logging.DEBUG if read_only else logging.ERROR, "stats: %s", self.trouble)

    def all_of(self, table: str, kind: type[T]) -> list[T]:
        """Every document of ``table``."""
        try:
            return msgspec.convert(self._db.table(table).all(), list[kind])  # type: ignore[valid-type]  # a type
        except msgspec.ValidationError as e:
            raise StorageError(f"{self._path} holds something else than statistics: {e}; move it away") from None

    def put_all(self, table: str, documents: Any) -> None:
        """The table is these documents (Structs) and nothing else."""
        self._db.table(table).truncate()
        self._db.table(table).insert_multiple(msgspec.to_builtins(documents))

    def upsert(self, table: str, key: str, document: Any) -> None:
        """Instead of the document (a Struct) with the same ``key``, or beside the others."""
        plain = msgspec.to_builtins(document)
        self._db.table(table).upsert(plain, where(key) == plain[key])

    def drop(self, table: str) -> None:
        self._db.drop_table(table)

    def save(self) -> None:
        self._cache.flush()  # type: ignore[no-untyped-call]  # has no types


class Found(Struct, frozen=True):
    """What a writer finds. ``interrupted``: sessions that an upgrade ended; ``upgraded``: it stands in schema 1,
    which knew no ``mark``: whatever the journal holds by then is counted in it."""

    kept: Kept
    interrupted: list[SessionRecord] = []
    upgraded: bool = False


class _Meta(Struct, frozen=True):
    mark: int = 0


def stats_path(folder: Path, simulated: bool) -> Path:
    return folder / ("stats-practice.json" if simulated else "stats.json")


def kept_of(db: Database) -> Kept:
    """Stations, catalogue and mark stand with the real statistics only."""
    return Kept(
        mark=max((meta.mark for meta in db.all_of("meta", _Meta)), default=0),
        accounts=db.all_of("accounts", KeptAccount),
        stations=db.all_of("stations", KeptStation),
        catalogue=db.all_of("catalogue", CatalogueGift),
    )


def find_kept(folder: Path, simulated: bool) -> Found:
    """For the writer: a damaged file is moved aside, the copy before it taken."""
    db = Database(stats_path(folder, simulated))
    return Found(kept_of(db), db.all_of("interrupted", SessionRecord), db.schema == 1)


def write_kept(folder: Path, kept: Kept) -> None:
    """One atomic write: real accounts, stations, catalogue and mark agree with each other."""
    db = Database(stats_path(folder, False))
    db.put_all("accounts", [a for a in kept.accounts if not a.simulated])
    db.put_all("stations", kept.stations)
    db.put_all("catalogue", kept.catalogue)
    db.put_all("meta", [_Meta(kept.mark)])
    db.drop("interrupted")
    db.save()


def write_practice(folder: Path, accounts: list[KeptAccount]) -> None:
    db = Database(stats_path(folder, True))
    db.put_all("accounts", accounts)
    db.drop("interrupted")
    db.save()


def _upgrade(old: Tables) -> Tables:
    documents = list(old.get("_default", {}).values())
    sessions = documents and "since" in documents[0]["value"]
    return schema1.session_tables(old) if sessions else schema1.stats_tables(old)
