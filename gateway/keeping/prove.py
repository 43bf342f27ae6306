"""The proof that a viewer is forgotten: everything is searched again, as what it means and as bytes."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from gateway import messages as m
from gateway.errors import StorageError
from gateway.journal.rewriting import entries, remembered
from gateway.journal.segments import segments
from gateway.keeping.find import Progress, all_leaders, all_records, message_of, silent
from gateway.keeping.forget import Forget
from gateway.keeping.search import Needles
from gateway.stats import archive

MOST_SHOWN = 20
"""Places that are named; more are counted."""


class Proof(Struct):
    """What was searched: so many ``files`` of ``bytes``, and in them ``records`` of the journal, ``remembered``
    things of the rules, and ``documents`` of statistics. ``left``: where something still stands. ``elsewhere``: a
    name to how often the same letters stand for something else (a gift's name, another viewer's). ``common``:
    names too short to be searched for in bytes. ``rules``: files of rules that name the viewer: a person wrote
    them, a person edits them.
    """

    files: int = 0
    bytes: int = 0
    records: int = 0
    remembered: int = 0
    documents: int = 0
    places: int = 0
    left: list[str] = []
    elsewhere: dict[str, int] = {}
    common: list[str] = []
    rules: list[str] = []

    def found(self, words: str) -> None:
        self.places += 1
        if len(self.left) < MOST_SHOWN:
            self.left.append(words)


def prove(data: Path, forget: Forget, without: frozenset[Path], progress: Progress = silent) -> Proof:
    """Search the whole data folder, ``without`` some files and folders. Raises ``StorageError``."""
    needles = Needles(forget.viewer)
    proof, elsewhere = Proof(common=needles.common), Counter[str]()
    for path in segments(data):
        progress(path.name)
        elsewhere += _month(path, forget, needles, proof)
    for path, changed, text in _documents(data, forget):
        proof.documents += 1
        if changed:
            proof.found(f"{path.name}: what they gave")
        else:
            elsewhere += needles.count(text)
    if theirs := elsewhere.pop(needles.id, 0):
        proof.found(f"the platform id, {theirs} times in records and documents")
    proof.elsewhere = dict(elsewhere)
    for path in files(data, without):
        progress(path.name)
        proof.files += 1
        proof.bytes += _size(path)
        left = {needle: n for needle, n in needles.in_file(path).items() if needle not in elsewhere}
        if left and path.suffix in (".yaml", ".yml"):
            proof.rules.append(str(path.relative_to(data)))
        elif left:
            told = ", ".join(f"{needle!r} {n} times" for needle, n in left.items())
            proof.found(f"{path.relative_to(data)}: {told}")
    return proof


def files(data: Path, without: frozenset[Path]) -> Iterator[Path]:
    """Every file of the data folder, links not followed, but those that are or stand in ``without``."""
    for folder, folders, names in os.walk(data):
        folders[:] = [name for name in sorted(folders) if Path(folder, name) not in without]
        for name in sorted(names):
            path = Path(folder, name)
            if path not in without and path.is_file() and not path.is_symlink():
                yield path


def _month(path: Path, forget: Forget, needles: Needles, proof: Proof) -> Counter[str]:
    """How often the viewer's letters stand in it for something else."""
    elsewhere: Counter[str] = Counter()
    for entry in entries(path):
        proof.records += 1
        columns = f"{entry.account} {entry.station} {entry.type} {entry.id} {entry.cause} "
        text = columns.encode() + entry.body
        if not forget.viewer.anywhere.search(text.decode(errors="replace")):
            continue
        message = message_of(entry)
        if forget.message(message) is message:
            elsewhere += needles.count(text)
        else:
            proof.found(f"{path.name}: record {entry.seq}, {entry.kind} {entry.type}")
    kept = remembered(path)
    proof.remembered += len(kept)
    changes = forget.state(kept)
    for key, value in kept.items():
        if key in changes:
            proof.found(f"{path.name}: what rules remember, {key.partition(':')[0]}")
        else:
            elsewhere += needles.count(key.encode() + b" " + value)
    return elsewhere


def _documents(data: Path, forget: Forget) -> Iterator[tuple[Path, bool, bytes]]:
    """Each document that could name somebody: where it is, whether it does, and its bytes."""
    for path, record in all_records(data):
        yield path, forget.session(record) != record, m.encode(record)
    for leaders in all_leaders(data):
        path = archive.leaders_path(data, leaders.simulated)
        yield path, forget.leaders(leaders) != leaders, m.encode(leaders)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as e:
        raise StorageError(f"{path} cannot be searched: {e}") from e
