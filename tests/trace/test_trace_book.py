"""What one event set in motion, from memory and from the journal."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway import messages as m
from gateway.journal import Journal
from gateway.trace import MOST_BYTES, TraceBook, fitting, from_journal, noteworthy
from tests.records import NOON, ack, command, decided, gift

SAID = decided("g1", ("bell", m.Outcome.FIRED), ("calm", m.Outcome.COOLDOWN), ("other", m.Outcome.NO_MATCH))


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path, clock=lambda: NOON)
    await journal.open()
    yield journal
    await journal.close()


def happen(book: TraceBook, n: int, commands: int = 1) -> None:
    """A gift that one rule answers."""
    made = [command(f"g{n}/bell/{c}", f"g{n}") for c in range(commands)]
    book.decided(gift(f"g{n}"), decided(f"g{n}", ("bell", m.Outcome.FIRED)), made)


async def test_the_book_knows_every_rules_word_and_every_step(journal: Journal) -> None:
    book = TraceBook(journal.reader)
    event, bell = gift("g1"), command("g1/bell", "g1")
    book.decided(event, SAID, [bell])
    steps = [ack("g1/bell", "g1", status) for status in (m.Status.QUEUED, m.Status.RUNNING, m.Status.DONE)]
    for step in steps:
        book.ack(step)
    expected = m.Trace(event=event, decided=SAID, commands=[m.TracedCommand(command=bell, steps=steps)])
    assert book.get("g1") == expected
    assert book.get("g1/bell") == expected
    assert book.get("g2") is None


async def test_a_step_may_be_told_before_its_command(journal: Journal) -> None:
    book = TraceBook(journal.reader)
    book.decided(gift("g1"), SAID)
    book.ack(ack("g1/bell", "g1"))  # refused at once
    assert book.get("g1") == m.Trace(event=gift("g1"), decided=SAID)
    book.commanded(command("g1/bell", "g1"))
    traced = m.TracedCommand(command=command("g1/bell", "g1"), steps=[ack("g1/bell", "g1")])
    assert book.get("g1/bell") == m.Trace(event=gift("g1"), decided=SAID, commands=[traced])


async def test_a_command_that_comes_later_belongs_to_its_event(journal: Journal) -> None:
    book = TraceBook(journal.reader)
    happen(book, 1)
    book.commanded(command("g1/bell/later", "g1"))
    book.ack(ack("g1/bell/later", "g1"))
    trace = book.get("g1/bell/later")
    assert trace is not None
    assert [(t.command.id, len(t.steps)) for t in trace.commands] == [("g1/bell/0", 0), ("g1/bell/later", 1)]


async def test_an_order_by_hand_is_traced_without_an_event(journal: Journal) -> None:
    book = TraceBook(journal.reader)
    for order in (command("o-1", ""), command("o-2", "o-2")):
        book.commanded(order)
        book.ack(ack(order.id, order.cause))
        trace = book.get(order.id)
        assert trace is not None
        assert trace.event is None
        assert trace.commands == [m.TracedCommand(command=order, steps=[ack(order.id, order.cause)])]


async def test_what_has_left_memory_comes_from_the_journal_with_what_mattered(journal: Journal) -> None:
    book = TraceBook(journal.reader, most=3)
    event, bell, done = gift("g1"), command("g1/bell", "g1"), ack("g1/bell", "g1")
    book.decided(event, SAID, [bell])
    kept = noteworthy(SAID)
    assert kept is not None
    for record in (event, kept, bell, done):
        journal.append(record)
    await journal.flush()
    for n in range(2, 5):
        happen(book, n)
    assert book.recent("g1") is None
    book.ack(done)  # comes too late for memory, and disturbs nothing
    expected = m.Trace(event=event, decided=kept, commands=[m.TracedCommand(command=bell, steps=[done])])
    assert book.get("g1/bell") == book.get("g1") == from_journal(journal.reader, "g1") == expected
    book.commanded(command("g1/bell/later", "g1"))  # half of it in memory would hide the whole on disk
    assert book.get("g1") == expected


async def test_rules_that_did_not_match_are_not_worth_a_row() -> None:
    assert [r.rule for r in (noteworthy(SAID) or SAID).reasons] == ["bell", "calm"]
    assert noteworthy(decided("g1", ("other", m.Outcome.NO_MATCH))) is None
    assert noteworthy(decided("g1")) is None


async def test_memory_is_bounded_by_events_and_by_commands(journal: Journal) -> None:
    book = TraceBook(journal.reader, most=10, most_commands=100)
    for n in range(1000):
        happen(book, n, commands=n % 40)
        book.commanded(command(f"order-{n}", ""))
        assert len(book._kept) <= 10
        assert len(book._root) <= 100
        assert set(book._root.values()) <= book._kept.keys()
    happen(book, 1001, commands=300)  # one that alone is too much stands until the next
    assert len((book.get("g1001") or m.Trace()).commands) == 300
    happen(book, 1002)
    assert (len(book._kept), len(book._root)) == (1, 1)


async def test_an_order_with_the_id_of_another_command_disturbs_neither_trace(journal: Journal) -> None:
    book = TraceBook(journal.reader, most=2)
    happen(book, 1)
    book.commanded(command("g1/bell/0", ""))
    assert (book.get("g1/bell/0") or m.Trace()).event is None
    assert (book.get("g1") or m.Trace()).event == gift("g1")
    for n in range(2, 5):
        happen(book, n)
    assert book.get("g1/bell/0") is None
    assert (len(book._kept), len(book._root)) == (2, 2)


async def test_an_event_decided_again_takes_the_place_of_its_first_trace(journal: Journal) -> None:
    book = TraceBook(journal.reader)
    happen(book, 1, commands=3)
    happen(book, 1, commands=2)
    assert len((book.get("g1") or m.Trace()).commands) == 2
    assert book.get("g1/bell/2") is None


async def test_a_row_changed_by_hand_is_left_out(journal: Journal) -> None:
    journal.append(gift("g1"))
    journal.append(msgspec.structs.replace(command("g1/bell", "g1"), station="NOT A STATION"))
    await journal.flush()
    assert from_journal(journal.reader, "g1/bell") == m.Trace(event=gift("g1"))


async def test_the_request_is_answered_from_memory_and_from_disk_or_in_words(journal: Journal) -> None:
    book = TraceBook(journal.reader)
    happen(book, 1)
    journal.append(gift("g2"))
    await journal.flush()
    error, result = await book.answer({"event": "g1/bell/0"})
    assert error == ""
    assert msgspec.convert(result, m.Trace) == book.get("g1")
    error, result = await book.answer({"event": "g2"})
    assert error == ""
    assert msgspec.convert(result, m.Trace) == m.Trace(event=gift("g2"))
    assert await book.answer({"event": "g3"}) == ("nothing is known of 'g3': no event or command has this id", {})
    for params in ({}, {"event": 7}, {"event": ""}):
        error, result = await book.answer(params)
        assert "expected params: {event:" in error
        assert result == {}


@pytest.mark.parametrize("reasons", [3, 5000])
async def test_an_answer_is_never_too_long_for_the_bus(reasons: int, journal: Journal) -> None:
    book = TraceBook(journal.reader)
    said = decided("g1", *((f"rule-{n}", m.Outcome.BUSY if n % 2 else m.Outcome.NO_MATCH) for n in range(reasons)))
    book.decided(gift("g1"), said, [command(f"g1/bell/{n}", "g1") for n in range(500)])
    for n in range(500):
        book.ack(ack(f"g1/bell/{n}", "g1"))
    error, result = await book.answer({"event": "g1"})
    assert error == ""
    response = m.encode(m.Response(transaction="t" * 200, ok=True, result=result))
    trace = msgspec.convert(m.decode(response, m.Response).result, m.Trace)  # as the page reads it
    assert trace.event == gift("g1")
    assert trace.commands
    assert trace.decided
    assert trace.decided.reasons
    assert len(trace.commands) + trace.more == 500
    assert len(response) > MOST_BYTES * 0.9


def test_a_trace_of_an_endless_event_still_fits() -> None:
    sides = [m.Side(id=str(n)) for n in range(2000)]
    battle = m.Battle(battle="b", phase="points", sides=sides)
    at = m.stamp(NOON)
    event = m.BattleEvent(id="b1", source="tests", time=at, received=at, account="mara", data=battle)
    whole = m.Trace(event=event, decided=SAID, commands=[m.TracedCommand(command=command("c", "b1"))])
    short = fitting(whole)
    assert len(m.encode(whole)) > MOST_BYTES
    assert len(m.encode(short)) <= MOST_BYTES
    assert short.decided == noteworthy(SAID)
    assert fitting(msgspec.structs.replace(whole, event=gift("g1"))).event == gift("g1")
