"""Every rules or settings file that was ever in force, and the way back through them."""

import logging
import re
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

from msgspec import Struct

from gateway.errors import StorageError
from gateway.messages import stamp
from gateway.settings.saving import write_whole

log = logging.getLogger(__name__)

MOST_KEPT = 50
"""Files; a night of edits, at a few kilobytes each."""
TRAIL = "in-force"
_NAME = re.compile(r"(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\d\.\d{3}Z)-([0-9a-f]{8})(-refused)?")


class Version(Struct, frozen=True, kw_only=True):
    """One kept file. ``at``: when it came into force, UTC; one that was ``refused`` never did, and was
    undone then."""

    name: str
    at: str
    fingerprint: str
    refused: bool = False


def fingerprint(text: str | bytes) -> str:
    """Short hash of a text, to the letter: which version of the file somebody has before them."""
    return blake2b(text.encode() if isinstance(text, str) else text, digest_size=4).hexdigest()


class History:
    """The folder of the versions: ``<UTC>-<fingerprint>[-refused].yaml``. Its file ``in-force`` lists those that
    came into force one after the other; the last one is in force, and a roll back takes it off.

    What cannot be written is logged, and costs a version: the rules go on without it. ``what`` it is that is kept
    here, for people.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time, what: str = "the rules") -> None:
        self._folder, self._clock, self._what = folder, clock, what
        kept = {version.name: version for version in reversed(self.versions()) if not version.refused}
        try:
            trail = (folder / TRAIL).read_text().splitlines()
        except (OSError, UnicodeDecodeError):
            trail = []
        self._trail = [kept[name] for name in trail if name in kept] or list(kept.values())

    @property
    def in_force(self) -> Version | None:
        return self._trail[-1] if self._trail else None

    @property
    def previous(self) -> Version | None:
        """The one that was in force before."""
        return self._trail[-2] if len(self._trail) > 1 else None

    def versions(self) -> list[Version]:
        """All that are kept, the newest first."""
        names = sorted((path.stem for path in self._folder.glob("*.yaml")), reverse=True)
        return [_version(found) for name in names if (found := _NAME.fullmatch(name))]

    def text(self, name: str) -> str:
        """Raises ``StorageError`` when there is no such version."""
        if all(name != version.name for version in self.versions()):  # which also keeps it inside of the folder
            raise StorageError(
                f"there is no version {name!r} of {self._what}: `history` lists those that are kept"
            )
        try:
            return (self._folder / f"{name}.yaml").read_bytes().decode()
        except (OSError, UnicodeDecodeError) as e:
            raise StorageError(f"the version {name} of {self._what} cannot be read: {e}") from e

    def keep(self, text: bytes, refused: bool = False) -> None:
        """Keep a text; one that is not ``refused`` is in force from now on."""
        at = stamp(self._clock()).replace(":", "").replace("-", "")
        name = f"{at}-{fingerprint(text)}{'-refused' if refused else ''}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._folder / f"{name}.yaml", text)
            if not refused:
                self._lead([*self._trail, next(kept for kept in self.versions() if kept.name == name)])
            self._drop_oldest()
        except OSError as e:
            log.warning("%s cannot be kept in %s (%s): rolling back leaves them out", self._what, self._folder, e)

    def back(self, to: Version) -> None:
        """An earlier version is in force again, and what came after it is not on the way back any more."""
        try:
            self._lead(self._trail[: self._trail.index(to) + 1])
        except OSError as e:
            log.warning("%s cannot be written (%s): after a restart the way back differs", self._folder / TRAIL, e)

    def _lead(self, trail: list[Version]) -> None:
        self._trail = trail
        write_whole(self._folder / TRAIL, "".join(f"{version.name}\n" for version in trail).encode())

    def _drop_oldest(self) -> None:
        versions = self.versions()[::-1]
        old = [version for version in versions if version not in self._trail[-2:]]
        for version in old[: max(0, len(versions) - MOST_KEPT)]:
            (self._folder / f"{version.name}.yaml").unlink()
            self._trail = [kept for kept in self._trail if kept != version]


def _version(name: re.Match[str]) -> Version:
    year, month, day, minute, second, print_, refused = name.groups()
    return Version(
        name=name[0],
        at=f"{year}-{month}-{day}:{minute}:{second}",
        fingerprint=print_,
        refused=refused is not None,
    )
