"""Commands that a killed gateway left without an ending are found quickly, however many there are."""

from pathlib import Path

import pytest

from gateway.journal import Journal
from gateway.journal.segments import connect_read_only
from gateway.messages import Status
from tests.records import ack, command, gift

LEFT = 300


async def test_the_file_is_not_opened_for_each_of_the_commands_that_were_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path)
    await journal.open()
    for n in range(2 * LEFT):
        journal.append(gift(f"g-{n}"))
        journal.append(command(f"c-{n}", f"g-{n}"))
        if n % 2:
            journal.append(ack(f"c-{n}", f"g-{n}", Status.FAILED))
    await journal.close()
    opened = 0

    def counting(path: Path) -> object:
        nonlocal opened
        opened += 1
        return connect_read_only(path)

    monkeypatch.setattr("gateway.journal.reader.connect_read_only", counting)
    left = journal.reader.unfinished(10_000)
    assert [c.id for c in left] == [f"c-{n}" for n in range(0, 2 * LEFT, 2)]
    assert opened <= 3, "a start would take seconds"
