"""What a station's settings and actions become on the wire."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.drivers.arduino import plans, wire
from gateway.drivers.arduino.cooling import Cooling
from gateway.drivers.arduino.plans import HOLD_MS, Pattern, Single
from gateway.drivers.arduino.table import Refused, Table
from gateway.drivers.arduino.wire import ChannelFlag, ChannelKind
from gateway.messages import Command, Param, stamp
from gateway.practice.boards.duty import Duty as BoardDuty
from gateway.settings.models import Action, Board, Channel, Duty, Station, Step

STATION = Station(
    board=Board(id="A"),
    channels={
        "left": Channel(kind="level", pin=7, max_on="5s", group="motor", active_low=True),
        "right": Channel(kind="level", pin=8, max_on="5s", group="motor"),
        "pump": Channel(kind="pulse", pin=4, rest="2s", group="water", duty=Duty(percent=12.5, window="60s")),
        "light": Channel(kind="pwm", pin=5, max_on="10s", ramp="250ms"),
        "arm": Channel(kind="servo", pin=9, max_on="10s", min_us=900, max_us=2100, home=50, speed=800),
        "horn": Channel(kind="tone", pin=6, hz=440),
        "knob": Channel(kind="analog", pin=14, threshold=600),
        "button": Channel(kind="input", pin=2, pull_up=False, debounce="7ms"),
        "door": Channel(kind="stop", pin=3),
    },
    actions={
        "dim": Action(channel="light", on_for="2s", level=40),
        "sharp": Action(channel="light", ramp="0ms"),
        "wave": Action(channel="arm", on_for="1s", position=80),
        "honk": Action(channel="horn", on_for="300ms", hz=880),
        "glow": Action(channel="light", hold=True, level=10),
        "pour": Action(channel="pump", on_for="1s"),
        "show": Action(
            pattern=[
                Step(channel="left", on_for="2s", wait="100ms"),
                Step(channel="light", on_for="1s", level=50),
            ],
            repeats=3,
        ),
    },
)


def plan(action: str, **params: Param) -> plans.Plan:
    order = Command(id="a", station="s", action=action, params=params, expires_at=stamp(0))
    return Table("s", STATION).plan(order)


def test_every_setting_of_a_channel_reaches_its_entry() -> None:
    table = Table("s", STATION)
    by_name = dict(zip(table.channels, table.entries, strict=True))
    groups = {name: e.group for name, e in by_name.items() if e.group}
    assert groups == {"left": 1, "right": 1, "pump": 2}
    assert by_name["left"].flags == ChannelFlag.ACTIVE_LOW
    pump = by_name["pump"]
    assert (pump.rest_ms, pump.duty_permille, pump.duty_window_s) == (2000, 125, 60)
    arm = by_name["arm"]
    assert (arm.kind, arm.safe, arm.arg0, arm.arg1, arm.arg2) == (ChannelKind.SERVO, 128, 900, 2100, 800)
    assert by_name["light"].arg0 == 250
    assert by_name["horn"].arg0 == 440
    assert (by_name["knob"].arg0, by_name["knob"].arg1, by_name["knob"].flags) == (600, 10, 0)
    assert (by_name["button"].arg0, by_name["button"].flags) == (7, 0)
    assert by_name["door"].flags == ChannelFlag.PULL_UP


def test_an_action_becomes_one_run() -> None:
    assert plan("dim").messages(7) == [wire.Run(7, 3, 102, 2000, 250)]
    assert plan("dim", level=0.1).messages(7) == [wire.Run(7, 3, 1, 2000, 250)]  # asked for: never quite off
    assert plan("sharp").messages(7) == [wire.Run(7, 3, 255, 200, 1)]  # 0 would be the table's ramp
    assert plan("wave", position=0, ms=50).messages(7) == [wire.Run(7, 4, 0, 50, 0)]
    assert plan("honk", hz=100).messages(7) == [wire.Run(7, 5, 255, 300, 100)]


def test_a_hold_is_asked_for_a_little_at_a_time() -> None:
    glow = plan("glow")
    assert isinstance(glow, Single)
    assert (glow.on_ms, glow.longest_ms) == (HOLD_MS, 10_000)
    with pytest.raises(Refused, match="no parameter 'ms'; this action takes: level, ramp"):
        plan("glow", ms=5)


def test_a_pattern_becomes_steps_and_a_last_message_that_plays_them() -> None:
    show = plan("show")
    assert isinstance(show, Pattern)
    assert show.longest_ms == 6000
    assert show.messages(7) == [
        wire.PatternStep(0, 0, 255, 2000, 100),
        wire.PatternStep(1, 3, 128, 1000, 1900),  # the next round waits until everything is off
        wire.PatternRun(7, 2, 2),
    ]
    assert list(show.spans())[:3] == [("left", 0.0, 2.0), ("light", 0.1, 1.1), ("left", 2.0, 4.0)]


@pytest.mark.parametrize("params", [{"level": 0}, {"level": 101}, {"level": True}, {"ramp": -1}, {"level": "50"}])
def test_a_parameter_out_of_its_range_is_refused_in_words(params: dict[str, Param]) -> None:
    with pytest.raises(Refused, match=r"^(level|ramp): expected a (whole )?number .* found"):
        plan("dim", **params)


def test_what_a_board_does_not_know_is_named() -> None:
    table = Table("s", STATION)
    everything = (1 << 10) - 1
    assert table.lacking(everything) is None
    assert table.lacking(everything & ~(1 << ChannelKind.SERVO)) == ("servo", "arm")


@given(
    runs=st.lists(st.tuples(st.integers(0, 8000), st.integers(50, 1500)), max_size=12),
    idle_ms=st.integers(0, 9000),
    on_ms=st.integers(1, 2500),
)
def test_a_board_refuses_before_the_least_that_cooling_foresees_and_not_after_the_most(
    runs: list[tuple[int, int]], idle_ms: int, on_ms: int
) -> None:
    duty = Duty(percent=20, window="10s")
    fan = Channel(kind="pulse", pin=4, duty=duty)
    entry = Table("s", Station(board=Board(id="A"), channels={"fan": fan}, actions={})).entries[0]
    board, cooling, now = BoardDuty(entry, 0.0), Cooling(duty), 0.0
    for idle, on in runs:
        began = now = now + idle / 1000
        if board.allows(on / 1000, None, now):
            now += on / 1000
            board.charge(began, now)
            cooling.ran(began, now)
    now += idle_ms / 1000
    least, most = cooling.at_least(on_ms / 1000, now), cooling.at_most(on_ms / 1000, now)
    if on_ms > 2000:
        assert least == most == inf
        return
    assert least <= most + on_ms / 1000
    if least > 0.002:
        assert not board.allows(on_ms / 1000, None, now + least - 0.001)
    assert board.allows(on_ms / 1000, None, now + max(least, most) + 0.001)


def test_cooling_says_how_much_was_used_and_when_it_is_over() -> None:
    cooling = Cooling(Duty(percent=20, window="60s"))
    cooling.ran(100.0, 106.0)
    cooling.ran(110.0, 116.0)
    assert cooling.words(1.0, 116.0) == "cooling down: used 20 % of the last 60 s; about 45.0 s left"
    assert cooling.words(1.0, 159.5) == "cooling down: used 20 % of the last 60 s; about 1.5 s left"
    assert cooling.words(7.0, 161.0).endswith("used 18 % of the last 60 s; about 10.0 s left")
    cooling.ran(300.0, 301.0)
    assert cooling.words(1.0, 302.0) == "cooling down: it may be on 20 % of any 60 s; wait a moment"
