"""Erasing one viewer, and the proof of it."""

import asyncio
import os
import shutil
import sqlite3
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from gateway import messages as m
from gateway.errors import StorageError
from gateway.journal import Journal, JournalReader
from gateway.keeping.erase import INTENT, begin, copies_with, erase, finish, pending
from gateway.keeping.find import Found, find, who
from gateway.keeping.prove import Proof, prove
from gateway.keeping.viewer import ERASED
from gateway.rules.state import State
from gateway.stats import archive
from gateway.stats.storage import CrashSafeFile
from tests.disk import full_disk, read_only
from tests.keeping.evening import LIVE_ID, NADIA, OTTO, STREAK, by, gift_of, happen, made

FIXTURES = Path(__file__).parents[1] / "fixtures"
NEEDLES = (NADIA.id, NADIA.name, NADIA.nickname, "Elm 5")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return made(tmp_path / "data")


def entries(data: Path) -> list[m.Event | m.Command | m.Ack | m.Decided]:
    return [entry.message() for entry in JournalReader(data).since(0, 10_000)]


def forget(data: Path) -> tuple[Found, Proof]:
    found = find(data, NADIA.id)
    return found, erase(data, begin(data, found, []))


def bytes_with(data: Path) -> dict[str, list[str]]:
    """File to what of her stands in its bytes."""
    files = {path.name: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    found = {name: [n for n in NEEDLES if n.encode() in text] for name, text in files.items()}
    return {name: some for name, some in found.items() if some}


def test_a_viewer_is_found_by_id_by_name_and_by_nickname(data: Path) -> None:
    for query in (NADIA.id, "nadia.quill", "@nadia.quill", "@Nadia.Quill", "Nadia Quill", "nadia quill"):
        assert [p.id for p in who(data, query)] == [NADIA.id], query
    assert who(data, "@Nadia Quill") == []  # with an @ it is no nickname
    assert who(data, "nadia") == []  # part of a name is not a name
    assert who(data, ERASED) == []


async def test_two_viewers_of_one_nickname_are_both_named_with_when_they_were_seen(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    await journal.open()
    for number, user in enumerate((NADIA, m.User(id="7055555555555555555", name="nq", nickname="Nadia Quill"))):
        journal.append(by(user, "follow", f"f-{number}", 1_795_000_000.0 + number))
    await journal.close()
    found = who(tmp_path, "Nadia Quill")
    assert [(p.id, p.names) for p in found] == [("7055555555555555555", {"nq"}), (NADIA.id, {"nadia.quill"})]
    assert found[0].last > found[1].last


def test_everything_of_a_viewer_is_found_and_nothing_is_changed_by_looking(data: Path) -> None:
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    found = find(data, NADIA.id)
    assert (found.viewer.names, found.viewer.nicknames) == (("nadia.quill",), ("Nadia Quill",))
    # Otto's comment is hers as well, and the two ids that were made of hers.
    assert found.records == {"event": 8, "decision": 1, "command": 3, "ack": 2}
    assert found.rules == 11
    assert (found.sessions, found.leaders) == ([LIVE_ID], ["mara"])
    assert found.exports == ["exports/all.csv"]
    assert found.words == ["My street is Elm 5"]
    after = {path: path.read_bytes() for path in data.rglob("*") if path.is_file() and path in before}
    assert after == before


def test_after_erasing_no_byte_of_the_viewer_is_left(data: Path) -> None:
    assert {"journal-2026-11.db", "leaders.json", "leaders.json.prev"} <= set(bytes_with(data))
    _, proof = forget(data)
    assert bytes_with(data) == {}
    assert proof.left == []
    assert (proof.records, proof.documents) == (17, 2)
    assert proof.files == len([p for p in data.rglob("*") if p.is_file()])
    assert proof.bytes > 10_000


def test_sums_stay_as_they_were(data: Path) -> None:
    def sums() -> Counter[str]:
        counted: Counter[str] = Counter()
        for message in entries(data):
            counted[type(message).__name__] += 1
            if isinstance(message, m.GiftEvent):
                counted["coins"] += (message.data.coins or 0) * message.data.count
            if isinstance(message, m.LikeEvent):
                counted["likes"] += message.data.count
            if isinstance(message, m.Command):
                counted["value"] += message.value
        for record in [CrashSafeFile(p).read(m.SessionRecord) for p in archive.details_files(data)]:
            assert record is not None
            for c in [*record.contributions, record.others]:
                counted["given"] += c.coins
                counted["spoken"] += c.comments
            counted["unique"] += record.summary.unique_viewers
        return counted

    before = sums()
    forget(data)
    assert sums() == before
    assert before["coins"] == 10 + 10 + 6 + 1


def test_others_keep_their_words_but_for_the_name(data: Path) -> None:
    forget(data)
    comments = {e.id: e.data for e in entries(data) if isinstance(e, m.CommentEvent)}
    assert comments["room-1-3"].text == comments["room-1-3"].plain == ""
    assert comments["room-1-3"].user == m.User(id=ERASED)
    assert comments["room-1-4"].text == "hi @erased and erased."
    assert comments["room-1-4"].user == OTTO
    assert comments["room-1-5"].text == "nice Rose"
    commands = {c.cause: c for c in entries(data) if isinstance(c, m.Command)}
    assert commands["room-1-2"].params == {"text": "Thanks, erased!", "times": 3}
    assert commands["room-1-3"].params == {"text": "", "colour": ""}
    assert {c.user + c.viewer for c in commands.values()} == {""}


def test_a_trace_stays_whole_though_an_id_held_the_platform_id(data: Path) -> None:
    forget(data)
    gifts = {e.id: e.data for e in entries(data) if isinstance(e, m.GiftEvent)}
    assert gifts["room-1-2"].streak.startswith("erased-")
    assert gifts["room-1-2"].streak != STREAK
    (odd,) = [event_id for event_id in gifts if event_id.startswith(ERASED)]
    assert [e.kind for e in JournalReader(data).trace(odd)] == ["event", "command"]
    assert [e.kind for e in JournalReader(data).trace(f"{odd}/hello/0")] == ["event", "command"]
    assert [e.kind for e in JournalReader(data).trace("room-1-2")] == ["event", "decision", "command", "ack"]


def test_rules_go_on_and_what_is_owed_stays_owed_to_nobody_in_particular(data: Path) -> None:
    before, _ = State.restored(JournalReader(data).state())
    forget(data)
    after, lost = State.restored(JournalReader(data).state())
    assert lost == []
    assert (after.counters, after.notes) == (before.counters, {"goal": "a thousand roses", "king": "erased leads"})
    for table in (after.fired_for, after.budgets, after.seen, after.given, after.credits):
        assert [key.rpartition("/")[2] for key in table] == [OTTO.id]
    assert set(after.sequences) == {"chain/mara", f"chain/mara/{OTTO.id}"}
    assert [v for _, v in after.combos["storm/mara"]] == [ERASED, OTTO.id]
    debt, run = after.owed["room-1-2/shoot/0"].run, after.runs["room-1-3/wait/0"]
    assert (debt.cause.user, debt.cause.viewer, debt.cause.value, debt.cause.paid) == ("", "", 10, True)
    assert debt.kept[0].act.params == {"label": "for erased", "times": 2}
    assert [type(t.effect).__name__ for t in run.todo] == ["Act", "Note"]  # her own credit is no more
    assert run.todo[1].effect is not None
    assert run.todo[1].effect.text == ""  # type: ignore[union-attr]  # it is a note


def test_exports_and_damaged_files_that_hold_the_viewer_go_and_others_stay(data: Path) -> None:
    packed = data / "exports" / "evening.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("viewers.csv", "x" * 100_000 + f"\n{NADIA.name}\n")
    forget(data)
    assert [p.name for p in (data / "exports").iterdir()] == ["otto.csv"]
    assert not list(data.glob("*.damaged-*"))


def test_backups_since_the_viewer_was_first_seen_are_named_and_deleted_only_when_asked(
    data: Path, tmp_path: Path
) -> None:
    older, newer = tmp_path / "older.tar.gz", tmp_path / "newer.tar.gz"
    found = find(data, NADIA.id)
    for path, at in ((older, m.seconds(found.first) - 60), (newer, m.seconds(found.first) + 60)):
        path.write_bytes(b"packed")
        os.utime(path, (at, at))
    assert copies_with([older, newer], found) == [newer]
    erase(data, begin(data, found, []))
    assert newer.exists()
    erase(data, begin(data, found, [newer]))
    assert (newer.exists(), older.exists()) == (False, True)


def test_the_proof_names_a_place_that_was_forgotten(data: Path) -> None:
    found, proof = forget(data)
    assert proof.left == []
    (data / "notes.txt").write_text("call nadia.quill")
    with closing(sqlite3.connect(data / "journal-2026-11.db")) as db, db:
        db.execute("UPDATE records SET cause = ? WHERE id = 'room-1-5'", (NADIA.id,))
    intent = begin(data, found, [])
    left = prove(data, intent.forget, frozenset([data / INTENT])).left
    assert any("notes.txt: 'nadia.quill' 1 times" in line for line in left)
    assert any("platform id, 1 times" in line for line in left)


def test_the_proof_looks_into_free_pages_and_the_log(data: Path) -> None:
    found, _ = forget(data)
    path = data / "journal-2026-10.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE aside (x)")
        db.executemany("INSERT INTO aside VALUES (?)", [(f"{NADIA.name} " * 50,)] * 100)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA secure_delete = OFF")  # as most builds of SQLite have it
        db.execute("DROP TABLE aside")
    intent = begin(data, found, [])
    (left,) = prove(data, intent.forget, frozenset([data / INTENT])).left
    assert left.startswith("journal-2026-10.db: 'nadia.quill'")
    assert erase(data, intent).left == []


def test_a_second_erasure_finds_nothing(data: Path) -> None:
    forget(data)
    assert not find(data, NADIA.id).anything
    assert who(data, "@nadia.quill") == []
    assert pending(data) is None


def test_two_erased_viewers_cannot_be_told_apart(data: Path) -> None:
    forget(data)
    found = find(data, OTTO.id)
    assert erase(data, begin(data, found, [])).left == []
    users = {e.data.user for e in entries(data) if isinstance(e, m.GiftEvent | m.CommentEvent)}
    assert users == {m.User(id=ERASED)}


def test_a_gift_with_the_name_of_a_viewer_keeps_its_name(tmp_path: Path) -> None:
    rose = m.User(id="7011111111111111111", name="rose", nickname="Rose")

    async def write() -> None:
        journal = Journal(tmp_path)
        await journal.open()
        journal.append(by(rose, "follow", "f-1"))
        journal.append(gift_of(OTTO, "g-1"))
        await journal.close()

    asyncio.run(write())
    proof = erase(tmp_path, begin(tmp_path, find(tmp_path, rose.id), []))
    assert (proof.left, proof.elsewhere) == ([], {"Rose": 1})
    assert [e.data.name for e in entries(tmp_path) if isinstance(e, m.GiftEvent)] == ["Rose"]


@pytest.mark.parametrize("schema", [1, 2, 3])
async def test_a_month_of_an_older_schema_is_erased_as_it_stands(tmp_path: Path, schema: int) -> None:
    await happen(tmp_path)
    old = tmp_path / "journal-2026-01.db"
    shutil.copy(FIXTURES / f"journal-schema{schema}.db", old)
    users = [getattr(getattr(e, "data", None), "user", None) for e in entries(tmp_path)]
    before = len(users)
    people = {user.id for user in users if user is not None}
    assert len(people) > 2
    for viewer in people:
        assert erase(tmp_path, begin(tmp_path, find(tmp_path, viewer), [])).left == [], viewer
    users = [getattr(getattr(e, "data", None), "user", None) for e in entries(tmp_path)]
    assert len(users) == before
    assert {user.id for user in users if user is not None} == {ERASED}


def test_an_interrupted_erasure_is_finished_by_whoever_comes_next(data: Path) -> None:
    begin(data, find(data, NADIA.id), [])
    assert finish(data) is not None
    assert bytes_with(data) == {}
    assert finish(data) is None


@pytest.mark.parametrize("limit", [0, 4_000, 30_000])
def test_a_full_disk_leaves_what_is_to_be_done_for_later(data: Path, limit: int) -> None:
    found = find(data, NADIA.id)
    with full_disk(limit), pytest.raises(StorageError):
        erase(data, begin(data, found, []))
    assert len(entries(data)) == 17  # all of it can be read
    intent = pending(data) or begin(data, found, [])
    assert erase(data, intent).left == []
    assert bytes_with(data) == {}


def test_a_folder_without_rights_is_said_and_nothing_is_changed(data: Path) -> None:
    found = find(data, NADIA.id)
    with (
        read_only(data),
        pytest.raises(StorageError, match=r"erasing\.json cannot .* nothing was erased"),
    ):
        begin(data, found, [])
    assert find(data, NADIA.id).records == found.records


def test_who_reads_the_journal_at_length_is_named_as_the_reason(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.journal.rewriting.PATIENCE_S", 0.1)
    with closing(sqlite3.connect(data / "journal-2026-11.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM records").fetchone()
        with pytest.raises(StorageError, match="read by another program"):
            forget(data)
    assert finish(data) is not None
    assert bytes_with(data) == {}
