"""A folder that a backup is restored into: staged in it, moved into place, what was there moved aside."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.keeping.files import give

STAGED = ".restoring"
"""In the folder, what is to come into it; it stands there only until all of it is in place."""
ASIDE = "before-restore-"


class Place:
    """``stamp`` names the folder for what was there before. Every method raises ``OSError``."""

    def __init__(self, folder: Path, stamp: str) -> None:
        self.folder, self.staged, self.aside = folder, folder / STAGED, folder / f"{ASIDE}{stamp}"
        self._new = self._swapping = False

    @contextmanager
    def made(self) -> Iterator[None]:
        """The folder is there; should nothing come into it in the end, it is as before."""
        self._new = not self.folder.exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            yield
        except BaseException:
            if not self._swapping:
                shutil.rmtree(self.staged, ignore_errors=True)
            if self._new:
                with suppress(OSError):
                    (self.folder / ".lock").unlink(missing_ok=True)
                    self.folder.rmdir()
            raise

    def put(self, name: str, chunks: Iterable[bytes], mode: int, user: str, group: str) -> None:
        """Stage a file, whole and on disk."""
        if self._new and not self.staged.exists():
            _give(self.folder, user, group)
        file = self.staged / name
        for folder in (self.staged, *reversed(file.relative_to(self.staged).parents[:-1])):
            if not (folder := self.staged / folder).exists():
                folder.mkdir()
                _give(folder, user, group)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
            for chunk in chunks:
                f.write(chunk)
            os.fchmod(f.fileno(), mode & 0o777)
            give(f.fileno(), user, group)
            f.flush()
            os.fsync(f.fileno())

    def swap(self, name: str) -> None:
        """What is staged under ``name`` takes its place."""
        self.clear(name)
        (self.staged / name).replace(self.folder / name)

    def clear(self, name: str) -> None:
        """Move aside what has that name; from here on what is staged stays, whatever fails."""
        self._swapping = True
        there = self.folder / name
        if there.is_dir() and not there.is_symlink() and not any(there.iterdir()):
            there.rmdir()
        elif os.path.lexists(there):
            self.aside.mkdir(exist_ok=True)
            there.replace(self.aside / name)


def _give(folder: Path, user: str, group: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        give(handle, user, group)
    finally:
        os.close(handle)
