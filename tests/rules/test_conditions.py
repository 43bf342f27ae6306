"""If, unless, else, combos and cooldowns per viewer."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import messages as m
from gateway.rules import conditions
from gateway.rules.engine import Program, compile_rules, decide
from gateway.rules.state import State
from gateway.rules.triggers import Outcome
from gateway.settings.rules import RuleBook
from tests.rules.happenings import NOW, comment, event, gift

FIRE = [{"station": "cannon", "action": "fire"}]
HONK = [{"station": "horn", "action": "honk"}]


def program(**rule: object) -> Program:
    when = {"comment": {"contains": "fire"}}
    return compile_rules(msgspec.convert({"rules": {"r": {"when": when, "then": FIRE, **rule}}}, RuleBook).rules)


def viewer(n: int, **more: object) -> m.User:
    return m.User(id=str(n), name=f"viewer.{n}", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("who", "user", "meant"),
    [
        ({"follower": True}, viewer(1, follower=True), True),
        ({"follower": True}, viewer(1), False),
        ({"follower": False}, viewer(1), True),
        ({"moderator": True, "follower": True}, viewer(1, moderator=True), False),
        ({"fan_level": 3}, viewer(1, fan_level=3), True),
        ({"gifter_level": 3}, viewer(1, gifter_level=2), False),
        ({"users": ["viewer.7", "8"]}, viewer(7), True),
        ({"users": ["viewer.7", "8"]}, viewer(8), True),
        ({"users": ["viewer.7", "8"]}, viewer(9), False),
    ],
)
def test_if_and_unless_choose_viewers_and_say_why_not(who: dict[str, object], user: m.User, meant: bool) -> None:
    wanted = decide(program(**{"if": who}), comment(user=user), NOW, State())
    assert bool(wanted.commands) is meant
    unwanted = decide(program(unless=who), comment(user=user), NOW, State())
    assert bool(unwanted.commands) is not meant
    refused = unwanted if meant else wanted
    assert refused.reasons[0].outcome is Outcome.NOT_MEANT
    assert refused.reasons[0].words


def test_who_is_not_named_in_a_happening_is_nobody_in_particular() -> None:
    book = msgspec.convert(
        {"rules": {"r": {"when": {"join": {}}, "if": {"follower": False}, "then": FIRE}}}, RuleBook
    )
    joined = event(m.JoinEvent, m.Person(user=None, count=3))
    assert not decide(compile_rules(book.rules), joined, NOW, State()).commands


def test_else_is_for_the_others_and_has_ids_of_its_own() -> None:
    p = program(**{"if": {"moderator": True}, "else": HONK})
    (honk,) = decide(p, comment(), NOW, State()).commands
    (fire,) = decide(p, comment(user=viewer(1, moderator=True)), NOW, State()).commands
    assert (honk.station, fire.station) == ("horn", "cannon")
    assert honk.id != fire.id


@given(st.integers(1, 99))
def test_the_lot_falls_alike_for_the_same_happening_and_about_as_often_as_it_says(percent: int) -> None:
    p = program(**{"if": {"chance": percent}})
    drawn = [bool(decide(p, comment(number=n), NOW, State()).commands) for n in range(400)]
    assert drawn == [bool(decide(p, comment(number=n), NOW, State()).commands) for n in range(400)]
    assert abs(sum(drawn) / 4 - percent) < 15


def test_a_combo_wants_its_number_within_its_time_and_begins_anew() -> None:
    p, state = program(combo={"count": 3, "within": "10s"}), State()
    times = [0.0, 6.0, 11.0, 12.0, 13.0, 14.0, 15.0]
    fired = [bool(decide(p, comment(number=n), NOW + t, state).commands) for n, t in enumerate(times)]
    assert fired == [False, False, False, True, False, False, True]
    waiting = decide(p, comment(number=99), NOW + 16, state).reasons[0]
    assert (waiting.outcome, waiting.words) == (Outcome.WAITING, "1 of 3 within 10s")


def test_a_combo_of_viewers_counts_each_once() -> None:
    p, state = program(combo={"users": 3, "within": "30s"}), State()
    said = [comment(user=viewer(n), number=i) for i, n in enumerate((1, 1, 2, 1, 3))]
    assert [bool(decide(p, c, NOW, state).commands) for c in said] == [False, False, False, False, True]


def test_five_roses_of_one_message_are_five_of_a_combo() -> None:
    rule = {"when": {"gift": {"name": "Rose"}}, "then": FIRE, "combo": {"count": 5, "within": "30s"}}
    p = compile_rules(msgspec.convert({"rules": {"r": rule}}, RuleBook).rules)
    assert len(decide(p, gift(5, 5), NOW, State()).commands) == 1


def test_a_stale_happening_is_no_part_of_a_combo() -> None:
    p, state = program(combo={"count": 2, "within": "10s"}), State()
    decide(p, comment(stale=True), NOW, state)
    assert not decide(p, comment(number=1), NOW, state).commands
    assert decide(p, comment(number=2), NOW, state).commands


def test_a_viewers_cooldown_holds_back_that_viewer_alone() -> None:
    p, state = program(user_cooldown="30s"), State()
    assert decide(p, comment(number=1), NOW, state).commands
    blocked = decide(p, comment(number=2), NOW + 10, state).reasons[0]
    assert (blocked.outcome, blocked.words) == (Outcome.COOLDOWN, "cooling down for this viewer, 20.0 s left")
    assert decide(p, comment(user=viewer(2), number=3), NOW + 10, state).commands
    later = m.stamp(NOW + 30)
    assert decide(p, comment(number=4, received=later), NOW + 30, state).commands


def test_what_is_remembered_of_viewers_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "REMEMBERED_VIEWERS", 3)
    p, state = program(user_cooldown="30s"), State()
    for n in range(10):
        decide(p, comment(user=viewer(n), number=n), NOW + n, state)
    assert list(state.fired_for) == ["r/7", "r/8", "r/9"]


@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, 60)), max_size=40))
def test_a_saved_state_goes_on_as_the_one_that_was_not(evening: list[tuple[int, float]]) -> None:
    p = program(combo={"count": 2, "users": 2, "within": "20s"}, user_cooldown="5s")
    straight, saved = State(), State()
    for i, (n, t) in enumerate(evening):
        said = comment(user=viewer(n), number=i)
        assert decide(p, said, NOW + t, saved) == decide(p, said, NOW + t, straight)
        saved = msgspec.json.decode(msgspec.json.encode(saved), type=State)
