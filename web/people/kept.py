"""The file of the people, and the secret of their cookies: any thread reads, one process at a time changes."""

import logging
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import StorageError
from gateway.stats.storage import CrashSafeFile
from web.people.book import Book
from web.people.locked import locked

log = logging.getLogger(__name__)

FILE, LOCK, SECRET = "people.json", "people.lock", "secret"
SECRET_BYTES = 32
Mark = tuple[int, int, int]
"""What tells one state of the file from another: when it was written, its inode, its size."""


class _File(CrashSafeFile):
    newest = 1


class Kept:
    """``folder``: where the file stands. Methods raise ``StorageError``."""

    def __init__(self, folder: Path) -> None:
        self._path, self._lock = folder / FILE, folder / LOCK
        self._changing = threading.Lock()  # nobody who only reads waits for it: a stop must not wait for a disk
        self._kept: tuple[Mark, Book] = ((0, 0, 0), Book())

    def now(self) -> Book:
        """As it is on disk; read again when another process changed it. Not to be changed."""
        mark = self._look()
        kept, book = self._kept
        if mark != kept:
            book = self._read()
            self._kept = mark, book
        return book

    @contextmanager
    def change(self) -> Iterator[Book]:
        """The newest book, to be changed; on disk afterwards, or an error is raised and nothing is changed."""
        with self._changing, locked(self._lock):
            book = self._read()
            yield book
            _File(self._path).write(book)
            self._kept = self._look(), book
            self._write_again(book)

    def _write_again(self, book: Book) -> None:
        """So that the copy before it, which a damaged file is made good with, lets nobody in again, either."""
        try:
            _File(self._path).write(book)
            self._kept = self._look(), book
        except StorageError as e:
            log.warning("%s", e)

    def _look(self) -> Mark:
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _read(self) -> Book:
        file = _File(self._path)
        book = file.read(Book)
        if file.trouble:
            log.error("%s", file.trouble)
        return book or Book()


def secret(folder: Path) -> bytes:
    """Random bytes, made when they are first asked for; new ones each time where they cannot be kept."""
    path = folder / SECRET
    try:
        with locked(folder / LOCK):
            if path.is_file() and len(found := path.read_bytes()) >= SECRET_BYTES:
                return found
            made = secrets.token_bytes(SECRET_BYTES)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(made)
                file.flush()
                os.fsync(handle)
            return made
    except (OSError, StorageError) as e:
        log.warning("%s cannot be kept (%s): everybody signs in anew after a restart of the page", path, e)
        return secrets.token_bytes(SECRET_BYTES)
