"""What the log complained of, grouped: any thread, any text, bounded."""

import logging
import threading

import pytest

from gateway.errors_seen import MOST_GROUPS, ErrorsSeen
from gateway.logs import PRESSED, SECRET
from gateway.messages import MAX_PAYLOAD, Request, Response, encode

log = logging.getLogger("test.errors")


def ask(seen: ErrorsSeen, **params: str) -> tuple[str, dict[str, object]]:
    return seen.asked(Request(transaction="t", by="Noor", params=dict(params)))


def test_complaints_about_one_thing_are_one_group_with_its_last_words() -> None:
    seen = ErrorsSeen()
    with seen.watching():
        for station in ("lamp", "drum", "bell"):
            log.warning("%s: the cable is out", station)
        log.error("the card is full")
    newest, oldest = seen.seen()
    assert (newest.words, newest.level, newest.count) == ("the card is full", "ERROR", 1)
    assert (oldest.words, oldest.level, oldest.count) == ("bell: the cable is out", "WARNING", 3)
    assert oldest.where.startswith("tests/health/test_errors_seen.py:")
    assert oldest.first <= oldest.last


def test_a_crash_says_where_and_names_no_folder_of_this_machine() -> None:
    seen = ErrorsSeen()
    with seen.watching():
        try:
            raise ValueError("the third wheel")
        except ValueError:
            log.exception("it crashed")
    (group,) = seen.seen()
    assert group.detail.endswith("ValueError: the third wheel")
    assert "test_a_crash_says_where" in group.detail
    assert ": /" not in group.detail
    assert not group.detail.startswith("/")


def test_the_one_that_was_silent_longest_goes_first_and_the_answer_fits_a_message() -> None:
    def say(n: int) -> None:
        log.warning(f"kind {n} {'ü' * 600}")  # each its own pattern

    seen = ErrorsSeen()
    with seen.watching():
        for n in range(MOST_GROUPS + 20):
            say(n)
        say(30)
    found = seen.seen()
    assert len(found) == MOST_GROUPS
    assert (found[0].words[:8], found[0].count, found[-1].words[:8]) == ("kind 30 ", 2, "kind 20 ")
    error, result = ask(seen, do="list")
    answer = Response(transaction="x" * 64, ok=not error, error=error, result=result)
    assert len(encode(answer)) <= MAX_PAYLOAD
    assert isinstance(result["more"], int)
    assert result["more"] + len(result["errors"]) == MOST_GROUPS  # type: ignore[arg-type]  # a decoded object


def test_cleared_it_counts_anew_and_keeps_the_lines() -> None:
    seen = ErrorsSeen()
    with seen.watching():
        log.warning("once")
        assert len(ask(seen, do="clear")[1]["errors"]) == 1  # type: ignore[arg-type]  # a decoded object
        assert seen.seen() == []
        log.warning("again")
    assert [g.count for g in seen.seen()] == [1]
    assert [line.partition(": ")[2] for line in seen.lines() if "test.errors" in line] == ["once", "again"]
    assert ask(seen, do="dance") == ("expected params: {do: list or clear}", {})


def test_a_text_that_does_not_fit_its_arguments_disturbs_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    seen = ErrorsSeen()
    record = log.makeRecord("test", logging.ERROR, __file__, 1, "%d %d", ("x",), None)
    seen.handle(record)
    assert [g.words for g in seen.seen()] == ["%d %d"]
    assert capsys.readouterr().err == ""


def test_threads_lose_no_count() -> None:
    seen = ErrorsSeen()

    def complain() -> None:
        for n in range(200):
            log.warning("busy %d", n)

    with seen.watching():
        threads = [threading.Thread(target=complain) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            seen.seen()
        for thread in threads:
            thread.join()
    assert [g.count for g in seen.seen()] == [800]


def test_what_people_did_is_no_complaint_and_a_secret_is_kept_nowhere() -> None:
    seen = ErrorsSeen()
    with seen.watching():
        log.warning("ARMED by %s", "Noor", extra=PRESSED)
        log.warning("enter the code %s", "28RE-KKSA", extra=SECRET)
    assert seen.seen() == []
    assert [line.partition(": ")[2] for line in seen.lines()] == ["ARMED by Noor"]


def test_nothing_is_heard_after_the_end() -> None:
    seen = ErrorsSeen()
    with seen.watching():
        pass
    log.warning("too late")
    assert seen.seen() == []
    assert seen.lines() == []


def test_a_line_whose_arguments_break_it_harms_nobody_who_logs() -> None:
    class Broken:
        def __str__(self) -> str:
            raise KeyError("no words")

    seen = ErrorsSeen()
    for arguments in ((Broken(),), ({"name": 1},), ("one", "too many")):
        seen.handle(logging.LogRecord("x", logging.ERROR, __file__, 1, "%(lamp)s of %s", arguments, None))
    (group,) = seen.seen()
    assert (group.count, group.words) == (3, "%(lamp)s of %s")
