"""``stagewire trace`` as a person meets it, on journals that the gateway's own journal wrote."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from gateway import messages as m
from gateway.cli import main
from gateway.cli_trace import lines, what
from gateway.journal import Journal, Record
from tests.records import NOON, ack, command, event, gift

Keep = Callable[..., Coroutine[Any, Any, None]]


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Writes records into ``tmp_path/data``, as the gateway does."""

    async def write(*records: Record) -> None:
        journal = Journal(tmp_path / "data", clock=lambda: NOON)
        await journal.open()
        for record in records:
            journal.append(record)
        await journal.close()

    return write


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    def command_line(*args: str, config: bool = False) -> tuple[int, str]:
        where = ("--config", str(tmp_path / "stagewire.yaml")) if config else ("--data", str(tmp_path / "data"))
        result = CliRunner().invoke(main, ["trace", *args, *where])
        return result.exit_code, result.output

    return command_line


Run = Callable[..., tuple[int, str]]


def full_ack() -> m.Ack:
    times = m.Times(
        received=m.stamp(NOON),
        decided=m.stamp(NOON + 0.001),
        sent=m.stamp(NOON + 0.002),
        moved=m.stamp(NOON + 0.003),
        ended=m.stamp(NOON + 0.204),
    )
    return msgspec.structs.replace(ack("g1/rose-fires/0/0", "g1"), times=times, latency_ms=3.214)


def rose() -> list[Record]:
    reasons = [
        m.Reason(rule="rose-fires", outcome=m.Outcome.FIRED, times=1),
        m.Reason(rule="calm", outcome=m.Outcome.COOLDOWN, words="cooling down, 3.2 s left"),
    ]
    said = m.Decided(event="g1", account="mara", time=m.stamp(NOON + 0.001), reasons=reasons)
    bell = msgspec.structs.replace(command("g1/rose-fires/0/0", "g1"), params={"power": 80, "soft": True})
    return [gift("g1", count=5, coins=10, simulated=True), said, bell, full_ack()]


async def test_an_event_is_told_hop_by_hop_with_times(keep: Keep, run: Run) -> None:
    await keep(gift("g0"), *rose(), gift("g2"))
    code, text = run("g1")
    assert code == 0
    head, second, *rest = text.splitlines()
    assert head == "5 x Rose (50 coins) by otto.quist on mara (practice)"
    assert second.startswith("gift, received 2026-11-2")
    assert second.endswith(", id g1")
    assert rest == [
        "      +1 ms  rule rose-fires: fired once",
        "             rule calm: not now - cooling down, 3.2 s left",
        "             bell: ring power=80, soft=True  g1/rose-fires/0/0",
        "      +1 ms    queued",
        "      +2 ms    sent",
        "    +3.2 ms    moved",
        "    +204 ms    done",
    ]


async def test_a_commands_id_and_last_find_the_same_trace(keep: Keep, run: Run) -> None:
    await keep(*rose(), event("comment", "c9", user={"id": "8"}, text="hello"))
    whole = run("g1")
    assert run("g1/rose-fires/0/0") == whole
    assert run("last") == whole  # the comment came later, but no rule had anything to say of it
    assert run("last", "gift") == whole
    code, text = run("last", "comment")
    assert code == 0
    assert "8: hello on mara" in text
    assert "no rule fired or was held back" in text


async def test_a_streaks_last_message_tells_of_the_whole_streak(keep: Keep, run: Run) -> None:
    last = gift("g1", count=0, coins=1)
    await keep(msgspec.structs.replace(last, data=msgspec.structs.replace(last.data, total=8, ended=True)))
    assert run("last", "gift")[1].startswith("the end of 8 x Rose (8 coins) by otto.quist on mara")


async def test_an_event_is_also_found_by_what_rules_call_it(keep: Keep, run: Run) -> None:
    await keep(event("press", "p1", account="", room="", button="confetti", by="Noor"))
    assert "button confetti, pressed by Noor" in run("last", "button")[1]


async def test_where_no_rule_ever_spoke_last_is_the_newest_event(keep: Keep, run: Run) -> None:
    await keep(gift("g1"), gift("g2"))
    assert "id g2" in run("last")[1]


async def test_the_data_folder_is_found_through_the_settings(keep: Keep, run: Run, tmp_path: Path) -> None:
    (tmp_path / "stagewire.yaml").write_text("venue: hall\n")
    await keep(*rose())
    assert run("g1", config=True) == run("g1")


async def test_json_is_the_trace_itself(keep: Keep, run: Run) -> None:
    records = rose()
    await keep(*records)
    code, text = run("g1", "--json")
    assert code == 0
    trace: m.Trace = m.decode(text.encode(), m.Trace)
    (traced,) = trace.commands
    assert [trace.event, trace.decided, traced.command, *traced.steps] == records


async def test_an_unknown_id_is_said_with_what_ids_look_like(keep: Keep, run: Run) -> None:
    await keep(gift("g1"))
    code, text = run("g77")
    assert code == 1
    assert "no event or command has the id 'g77'" in text
    assert "stagewire trace last" in text
    code, text = run("last", "follow")
    assert (code, text.strip()) == (1, "no follow has come yet")
    code, text = run("last", "presents")
    assert code == 1
    assert "no kind of event 'presents'; there are gift, comment" in text


def test_an_empty_folder_and_missing_settings_are_named(run: Run, tmp_path: Path) -> None:
    code, text = run("last")
    assert code == 1
    assert f"there is nothing in {tmp_path / 'data'}" in text
    assert "did the gateway run?" in text
    code, text = run("last", config=True)
    assert code == 1
    assert "stagewire.yaml: there is no such file" in text


async def test_a_month_that_cannot_be_read_is_said_beside_the_answer(keep: Keep, run: Run, tmp_path: Path) -> None:
    await keep(*rose())
    (tmp_path / "data" / "journal-2026-10.db").write_bytes(b"not a database, but long enough to be looked at" * 99)
    code, text = run("g1")
    assert code == 0
    assert "journal-2026-10.db cannot be read" in text
    assert "rule rose-fires: fired once" in text


async def test_an_order_by_hand_names_who_gave_it(keep: Keep, run: Run) -> None:
    order = msgspec.structs.replace(command("o-1", "o-1"), user="node-red")
    await keep(order, msgspec.structs.replace(full_ack(), id="o-1", cause="o-1", latency_ms=None))
    code, text = run("o-1")
    assert code == 0
    assert text.splitlines()[0] == "an order by node-red"
    assert "      +0 ms    queued" in text  # times count from there
    assert "      +2 ms    moved" in text


async def test_a_command_without_an_answer_is_told_as_such(keep: Keep, run: Run) -> None:
    await keep(gift("g1"), command("g1/bell", "g1"))
    assert "no answer is known (yet)" in run("g1")[1]


async def test_what_viewers_write_cannot_drive_the_terminal(keep: Keep, run: Run) -> None:
    user = {"id": "8", "nickname": "\x1b[2Jmallory\u202e"}
    await keep(event("comment", "c1", user=user, text="red \x1b[31m alert\nsecond line"))
    _, text = run("c1")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "red [31m alert second line" in text.splitlines()[0]


@pytest.mark.parametrize("outcome", list(m.Outcome))
def test_every_outcome_has_words(outcome: m.Outcome) -> None:
    said = {
        m.Outcome.FIRED: "fired twice - so it is",
        m.Outcome.NO_MATCH: "does not match - so it is",
        m.Outcome.WAITING: "counts on - so it is",
        m.Outcome.NOT_MEANT: "not meant - so it is",
        m.Outcome.STALE: "too late - so it is",
    }
    reason = m.Reason(rule="bell", outcome=outcome, words="so it is", times=2)
    trace = m.Trace(decided=m.Decided(event="g1", time=m.stamp(NOON), reasons=[reason]))
    assert any(f"rule bell: {said.get(outcome, 'not now - so it is')}" in line for line in lines(trace))


@pytest.mark.parametrize("status", list(m.Status))
def test_every_status_is_told_with_its_reason(status: m.Status) -> None:
    step = msgspec.structs.replace(ack("c1", "g1", status), reason="so it is")
    trace = m.Trace(commands=[m.TracedCommand(command=command("c1", "g1"), steps=[step])], more=7)
    told = list(lines(trace))
    assert any(f"{status.value} - so it is" in line for line in told)
    assert "and 7 commands more" in told[-1]


WHAT: dict[str, tuple[dict[str, Any], str]] = {
    "gift": (
        {
            "user": {"id": "7", "nickname": "Otto"},
            "gift_id": "1",
            "name": "Rose",
            "count": 2,
            "total": 2,
            "to": "ines",
        },
        "2 x Rose by Otto to ines",
    ),
    "comment": ({"user": {"id": "7", "name": "otto"}, "text": "hello"}, "otto: hello"),
    "question": ({"text": "why?"}, "somebody: why?"),
    "like": ({"count": 15, "user": {"id": "7"}}, "15 likes by 7"),
    "follow": ({}, "follow by somebody"),
    "share": ({}, "share by somebody"),
    "join": ({}, "join by somebody"),
    "subscribe": ({}, "subscribe by somebody"),
    "viewers": ({"count": 120}, "120 viewers"),
    "envelope": ({"coins": 20}, "a chest of 20 coins by somebody"),
    "battle": (
        {"battle": "b", "phase": "points", "sides": [{"id": "1", "points": 30}, {"id": "2", "points": 40}]},
        "a battle: points, 30 to 40",
    ),
    "live": ({"phase": "started"}, "the LIVE started"),
    "gap": (
        {"start": m.stamp(NOON), "end": m.stamp(NOON + 2.5), "why": "the line was cut"},
        "nothing was heard for 2.5 s: the line was cut",
    ),
    "input": ({"station": "door", "channel": "beam", "level": True}, "input beam of door: on"),
    "press": ({"button": "confetti", "by": "ines"}, "button confetti, pressed by ines"),
    "topic": ({"topic": "hall/light", "payload": "on"}, "hall/light: on"),
    "tick": ({"timer": "round"}, "timer round ended"),
    "session": ({"phase": "started", "by": "ines"}, "the session was started by ines"),
}


@pytest.mark.parametrize("kind", m.EVENT_CLASSES)
def test_every_kind_of_event_has_words(kind: str) -> None:
    data, words = WHAT[kind]
    account = "mara" if kind in m.LIVE_KINDS or kind == "session" else ""
    assert what(event(kind, "e1", account=account, **data)) == words
