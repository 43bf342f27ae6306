"""Sessions that ended: ``sessions/<id>.json`` each with all its parts, written once, so that no flush costs more
with history; ``sessions-2026.json`` the summaries of those that began in a year; ``leaders.json`` who gave most to
each account in all of them. Practice has its own: ``sessions/<id>.practice.json``,
``sessions-practice-2026.json``, ``leaders-practice.json``.

One writer at a time: the gateway's (``StatsStore``, its writer thread), or whoever has the folder while no gateway
runs. Everything here may wait for a disk and raises ``StorageError``.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gateway.errors import StorageError
from gateway.messages import SessionRecord, SessionSummary
from gateway.stats.kept import Leaders
from gateway.stats.storage import CrashSafeFile
from gateway.stats.tables import Database

log = logging.getLogger(__name__)

DETAILS = "sessions"
_PRACTICE = ".practice"  # no id has a dot
_OURS = ("stats*.json", "sessions-*.json", "leaders*.json")  # others use the folder, too


def details_path(folder: Path, session: str, simulated: bool) -> Path:
    return folder / DETAILS / f"{session}{_PRACTICE if simulated else ''}.json"


def year_path(folder: Path, year: str, simulated: bool) -> Path:
    return folder / f"sessions-{'practice-' if simulated else ''}{year}.json"


def leaders_path(folder: Path, simulated: bool) -> Path:
    return folder / ("leaders-practice.json" if simulated else "leaders.json")


def put(folder: Path, record: SessionRecord, leaders: Leaders) -> None:
    """Archives a session. May be repeated: the newer takes the older's place."""
    summary = record.summary
    CrashSafeFile(details_path(folder, summary.id, summary.simulated)).write(record)
    _put_summary(folder, summary)
    db = Database(leaders_path(folder, leaders.simulated))
    db.upsert("leaders", "account", leaders)
    db.save()


def read_leaders(folder: Path, simulated: bool, *, read_only: bool = True) -> list[Leaders]:
    """Of every account that has any."""
    return Database(leaders_path(folder, simulated), read_only=read_only).all_of("leaders", Leaders)


def rewrite(folder: Path, change: Callable[[SessionRecord], SessionRecord]) -> list[str]:
    """Gives every archived session to ``change`` and keeps what comes back; the ids of those that it changed.

    Afterwards no previous copy is left, since it would still say what was changed. Each file is replaced as a
    whole: after a crash, or an error in one, call it again. A file that was damaged beyond reading is not among
    them any more (see ``set_aside``).
    """
    changed = []
    for path in details_files(folder):
        file = CrashSafeFile(path)
        record = file.read(SessionRecord)
        if file.trouble:
            log.error("stats: %s", file.trouble)
        if record is None:
            continue
        new = change(record)
        if new != record or file.trouble:
            file.write(new)
        file.forget_previous()
        if new != record:
            changed.append(new.summary.id)
        if new.summary != record.summary:
            _put_summary(folder, new.summary)
    return changed


def rewrite_leaders(folder: Path, change: Callable[[Leaders], Leaders]) -> list[str]:
    """As ``rewrite``, for the leaders; the accounts whose leaders it changed."""
    changed: list[str] = []
    for path in (leaders_path(folder, False), leaders_path(folder, True)):
        db = Database(path)
        old = db.all_of("leaders", Leaders)
        new = [change(leaders) for leaders in old]
        if new != old or db.trouble:
            db.put_all("leaders", new)
            db.save()
            changed += [n.account for n, o in zip(new, old, strict=True) if n != o]
        CrashSafeFile(path).forget_previous()
    return changed


def find_again(folder: Path) -> list[str]:
    """Puts back what a damaged or deleted file of a year has lost: a session's details know its summary, too. The
    ids of the sessions that were missing."""
    known = set[str]()
    for simulated in (False, True):
        for _, path in year_files(folder, simulated):
            db = Database(path)
            if db.trouble:
                db.save()
            known.update(summary.id for summary in db.all_of("sessions", SessionSummary))
    lost = []
    for path in details_files(folder):
        if path.name.partition(".")[0] in known:
            continue
        record = CrashSafeFile(path, read_only=True).read(SessionRecord)
        if record is not None:
            _put_summary(folder, record.summary)
            lost.append(record.summary.id)
    return lost


def details_files(folder: Path) -> list[Path]:
    """Of every session whose details are on disk, if only as a previous copy."""
    return _whole(folder / DETAILS, "*.json")


def year_files(folder: Path, simulated: bool) -> list[tuple[str, Path]]:
    """(year, file), the newest first."""
    found = _whole(folder, year_path(folder, "????", simulated).name)
    return [(path.stem[-4:], path) for path in reversed(found)]


def set_aside(folder: Path) -> list[Path]:
    """Damaged files that were moved aside: what stands in them is known to nobody but a person who looks."""
    return _ending(folder, "*.damaged-*")


def clear_unfinished(folder: Path) -> None:
    """Removes what a writer that was killed left half done."""
    for left in _ending(folder, "*.new"):
        with suppress(OSError):  # a read-only folder: it is in nobody's way
            left.unlink()


def _whole(folder: Path, pattern: str) -> list[Path]:
    found = _matching(folder, [pattern, pattern + ".prev"])
    return sorted({path.with_name(path.name.removesuffix(".prev")) for path in found})


def _ending(folder: Path, ending: str) -> list[Path]:
    found = _matching(folder, [ours + ending for ours in _OURS])
    return sorted(found + _matching(folder / DETAILS, ["*.json" + ending]))


def _matching(folder: Path, patterns: list[str]) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if any(path.match(pattern) for pattern in patterns)]
    except FileNotFoundError:
        return []
    except OSError as e:
        raise StorageError(f"{folder} cannot be read ({e}); check the card and the folder's rights") from e


def _put_summary(folder: Path, summary: SessionSummary) -> None:
    db = Database(year_path(folder, summary.since[:4], summary.simulated))
    db.upsert("sessions", "id", summary)
    db.save()
