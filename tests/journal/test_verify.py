"""``stagewire journal verify`` finds what is wrong and nothing else; ``show`` shows what is there."""

import asyncio
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.journal import Journal, JournalReader, verify
from gateway.messages import Outcome, Status
from tests.disk import read_only
from tests.records import NOON, ack, command, decided, event, gift

NUMBER = 1500
"""More than a block."""
MONTH = 31 * 86400.0
OTHER = (
    b'{"type":"stagewire.like","id":"g0","source":"x","time":"2026-11-22T12:00:00.000Z",'
    b'"received":"2026-11-22T12:00:00.000Z","account":"mara","data":{"count":1}}'
)


async def evening(folder: Path, first: int = 0, at: float = NOON, number: int = NUMBER) -> None:
    journal = Journal(folder, clock=lambda: at)
    await journal.open()
    for n in range(first, first + number):
        if n % 10:
            journal.append(event("comment", f"c{n}", at, user={"id": "7"}, text=f"hello {n}"))
            continue
        state = {"fired:bell": str(n).encode()}
        journal.append(gift(f"g{n}", at), state=state)
        journal.append(decided(f"g{n}", ("bell", Outcome.FIRED), at=at))
        journal.append(command(f"g{n}/bell/0", f"g{n}"))
        journal.append(ack(f"g{n}/bell/0", f"g{n}", Status.DONE))
    await journal.close()


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    await evening(tmp_path)
    return tmp_path / "journal-2026-11.db"


def change(path: Path, *statements: str, **values: Any) -> None:
    """By hand, as one should not."""
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement, values)
        db.commit()


def test_a_sound_journal_is_called_sound(path: Path) -> None:
    told: list[tuple[int, int]] = []
    report = verify.verify(path.parent, lambda done, of: told.append((done, of)))
    assert (report.problems, report.notes) == ([], [])
    records = NUMBER + 3 * NUMBER // 10
    assert [(f.path, f.schema, f.records) for f in report.files] == [(path, 3, records)]
    assert told[0] == (0, records)
    assert told[-1] == (records, records)


async def test_months_whose_numbers_are_interleaved_are_sound_too(path: Path) -> None:
    await evening(path.parent, 2000, NOON + MONTH)
    await evening(path.parent, 4000)  # the clock was wrong and is set back
    await evening(path.parent, 6000, NOON + MONTH)
    report = verify.verify(path.parent)
    assert (report.problems, report.notes) == ([], [])
    assert report.records == 4 * (NUMBER + 3 * NUMBER // 10)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE records SET body = x'01ffff' WHERE seq = 40", "a record that cannot be read (record 40: it"),
        ("UPDATE records SET body = substr(body, 1, 20) WHERE seq > 40 AND seq < 50", "(first record 41: "),
        ("UPDATE records SET body = x'63' WHERE seq = 40", "dictionary 99, which this version does not know"),
        ("UPDATE records SET body = x'7b7d' WHERE seq = 40", "a record that cannot be read (record 40: Object"),
        ("UPDATE records SET account = 'ines', body = :plain WHERE seq = 1", "columns say something else"),
        ("UPDATE records SET cause = 'g0' WHERE id = 'g10/bell/0' AND kind = 'ack'", "names another cause"),
        ("DELETE FROM records WHERE id = 'g20' AND kind = 'event'", "a decision whose event is missing (rec"),
        ("DELETE FROM records WHERE kind = 'command'", "an ack whose command is missing (first record 4), 150"),
        ("INSERT INTO records SELECT 99999, time, kind, type, account, station, id, cause, simulated, body "
         "FROM records WHERE seq = 1", "the same event twice (record 99999)"),
        ("UPDATE blocks SET ids = x'00000000'", "an index that does not fit its records"),
        ("UPDATE blocks SET until = until + 1", "an index that does not fit its records"),
        ("DELETE FROM generation", "does not say whether its counters count"),
    ],
)  # fmt: skip
def test_what_was_changed_by_hand_is_found_and_told_with_its_place(statement: str, words: str, path: Path) -> None:
    change(path, statement, **({"plain": OTHER} if ":plain" in statement else {}))
    problems = verify.verify(path.parent).problems
    assert words in "\n".join(problems)
    assert all(problem.startswith("journal-2026-11.db: ") for problem in problems)


@pytest.mark.parametrize("where", ["first page", "middle", "cut"])
def test_a_damaged_file_is_named_and_the_others_are_looked_at_all_the_same(where: str, path: Path) -> None:
    whole = path.read_bytes()
    match where:
        case "first page":
            path.write_bytes(b"\xff" * 2000 + whole[2000:])
        case "middle":
            path.write_bytes(whole[: len(whole) // 2] + bytes(20_000) + whole[len(whole) // 2 + 20_000 :])
        case "cut":
            path.write_bytes(whole[: len(whole) // 2])
    asyncio.run(evening(path.parent, 3000, NOON + MONTH, 100))
    report = verify.verify(path.parent)
    assert report.problems
    assert all(problem.startswith("journal-2026-11.db: ") for problem in report.problems)
    assert "restore the file from a backup" in report.problems[0]
    assert [f.records for f in report.files if f.path != path] == [130]


def test_a_month_that_was_deleted_is_no_trouble(path: Path) -> None:
    change(path, "DELETE FROM records WHERE seq < 3", "DELETE FROM blocks")  # event and decision are gone
    change(path, "DELETE FROM records WHERE seq = 3")
    report = verify.verify(path.parent)
    assert report.problems == []
    assert report.notes == [
        "journal-2026-11.db has an ack whose command is missing: it stood in a month that is gone (record 4)"
    ]


async def test_it_may_run_while_the_gateway_writes(path: Path) -> None:
    journal = Journal(path.parent, clock=lambda: NOON)
    await journal.open()
    journal.append(gift("later"), urgent=True)
    looking = asyncio.create_task(asyncio.to_thread(verify.verify, path.parent))
    n = 0
    while not looking.done():
        journal.append(gift(f"more-{n}"), urgent=True)
        n += 1
        await asyncio.sleep(0.001)
    assert (await looking).problems == []
    assert await journal.flush()
    await journal.close()
    assert verify.verify(path.parent).problems == []


def run(*args: str, data: Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["journal", *args, "--data", str(data)])
    return result.exit_code, result.output


def test_the_command_says_that_all_is_sound(path: Path) -> None:
    status, said = run("verify", data=path.parent)
    assert status == 0
    assert "journal-2026-11.db  schema 3, 1,950 records" in said
    assert "All is sound: 1,950 records in 1 file." in said


def test_the_command_says_what_is_wrong_and_its_status_is_1(path: Path) -> None:
    change(path, "UPDATE records SET body = x'63' WHERE seq = 40", "UPDATE state SET value = x'00'")
    status, said = run("verify", data=path.parent)
    assert status == 1
    assert "a record that cannot be read (record 40: " in said
    assert "of what the rules remember 1 things cannot be read (fired:bell)" in said
    assert "All is sound" not in said


@pytest.mark.parametrize("command_name", ["verify", "show"])
def test_a_folder_that_is_none_is_said(command_name: str, tmp_path: Path) -> None:
    status, said = run(command_name, data=tmp_path / "nowhere")
    assert status == 1
    assert "nowhere is no folder" in said
    assert run("verify", data=tmp_path)[0] == 1


def test_somebody_elses_journal_is_not_called_damaged_and_nobody_is_told_to_move_it_away(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    (path.parent / "other").mkdir()
    path.parent.chmod(0o755)
    path.chmod(0o600)
    reader = JournalReader(path.parent)
    with read_only(path.parent / "other"):
        (problem,) = verify.verify(path.parent).problems
        assert reader.last(1) == []
    why = "it belongs to another user: run this as that one, such as `sudo -u stagewire ...`"
    assert problem == f"journal-2026-11.db: cannot be read; {why}"
    assert reader.damaged == {path: why}


def test_show_shows_the_newest_last_one_line_each(path: Path) -> None:
    status, said = run("show", "--last", "3", data=path.parent)
    assert status == 0
    assert [line.split()[0] for line in said.splitlines()] == ["1948", "1949", "1950"]
    assert "7: hello 1499" in said
    _, said = run("show", "--kind", "ack", "--kind", "command", "--last", "2", data=path.parent)
    assert [line.split()[3] for line in said.splitlines()] == ["command", "ack"]
    assert "done" in said
    assert "g1490/bell/0" in said


def test_show_gives_programs_json_lines_with_the_messages_themselves(path: Path) -> None:
    _, said = run("show", "--json", "--last", "11", data=path.parent)
    records = [json.loads(line) for line in said.splitlines()]
    assert [r["seq"] for r in records] == list(range(1940, 1951))
    assert [r["kind"] for r in records[:2]] == ["command", "ack"]
    assert records[-1]["message"]["data"]["text"] == "hello 1499"


def test_show_says_which_record_is_damaged(path: Path) -> None:
    change(path, "UPDATE records SET body = x'6300' WHERE seq = 1950")
    assert "cannot be read: " in run("show", "--last", "1", data=path.parent)[1]
    assert json.loads(run("show", "--json", "--last", "1", data=path.parent)[1])["damaged"] == "6300"
