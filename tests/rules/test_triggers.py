"""When: every kind of event can set something in motion."""

import msgspec
import pytest

from gateway import messages as m
from gateway.rules.engine import Decision, compile_rules, decide
from gateway.rules.state import State
from gateway.rules.triggers import Outcome
from gateway.settings.rules import RuleBook, When
from tests.rules.happenings import BUDI, NOW, comment, event, gift, viewers

FIRE = [{"station": "cannon", "action": "fire"}]
PERSON = m.Person(user=BUDI)


def decisions(when: dict[str, object], *events: m.Event) -> list[Decision]:
    book = msgspec.convert({"rules": {"r": {"when": when, "then": FIRE}}}, RuleBook)
    program, state = compile_rules(book.rules), State()
    return [decide(program, e, NOW, state) for e in events]


def fired(when: dict[str, object], *events: m.Event) -> list[int]:
    return [len(d.commands) for d in decisions(when, *events)]


@pytest.mark.parametrize(
    ("when", "happening"),
    [
        ({"gift": {"id": "5655"}}, gift()),
        ({"comment": {"contains": "fire"}}, comment()),
        ({"like": {"every": 1}}, event(m.LikeEvent, m.Like(count=1))),
        ({"follow": {}}, event(m.FollowEvent, PERSON)),
        ({"share": {}}, event(m.ShareEvent, PERSON)),
        ({"subscribe": {}}, event(m.SubscribeEvent, PERSON)),
        ({"join": {}}, event(m.JoinEvent, PERSON)),
        ({"question": {"contains": "why"}}, event(m.QuestionEvent, m.Question(user=BUDI, text="Why not?"))),
        ({"envelope": {"min_coins": 20}}, event(m.EnvelopeEvent, m.Envelope(user=BUDI, coins=20))),
        ({"battle": {"phase": "ended"}}, event(m.BattleEvent, m.Battle(battle="1", phase="ended"))),
        ({"live": {"phase": "started"}}, event(m.LiveEvent, m.Live(phase="started"))),
        ({"gap": {}}, event(m.GapEvent, m.Gap(start=m.stamp(NOW), end=m.stamp(NOW), why="x"))),
    ],
)
def test_a_happening_of_its_kind_fires_and_no_other(when: dict[str, object], happening: m.Event) -> None:
    assert fired(when, happening) == [1]
    other = gift() if "gift" not in when else comment()
    assert fired(when, other) == [0]


def test_there_is_a_trigger_for_every_kind_of_event() -> None:
    assert set(When.__struct_fields__) == set(m.EVENT_CLASSES)


def test_another_phase_and_a_smaller_chest_do_not_fire() -> None:
    assert fired({"live": {"phase": "ended"}}, event(m.LiveEvent, m.Live(phase="started"))) == [0]
    assert fired({"envelope": {"min_coins": 20}}, event(m.EnvelopeEvent, m.Envelope(coins=None))) == [0]


def test_viewers_fire_when_they_cross_a_number_and_not_while_they_stay_above() -> None:
    counts = [viewers(n) for n in (120, 90, 99, 100, 130, 99, 150)]
    assert fired({"viewers": {"above": 100}}, *counts) == [0, 0, 0, 1, 0, 0, 1]
    assert fired({"viewers": {"below": 100}}, *counts) == [0, 1, 0, 0, 0, 1, 0]


def test_each_account_has_its_own_viewers() -> None:
    assert fired({"viewers": {"above": 100}}, viewers(10), viewers(200, account="rio"), viewers(150)) == [0, 0, 1]


@pytest.mark.parametrize(
    ("text", "hit"), [("Tembak sekarang", 1), ("TEMBAAAK!", 0), ("saya tembak", 0), ("tembák", 1)]
)
def test_a_command_is_a_comments_first_word(text: str, hit: int) -> None:
    assert fired({"comment": {"command": "tembak"}}, comment(text)) == [hit]


@pytest.mark.parametrize(
    ("on", "coins", "total", "hit"),
    [
        ({"min_coins": 5, "max_coins": 10}, 10, 1, 1),
        ({"max_coins": 10}, 11, 1, 0),
        ({"max_coins": 10}, None, 1, 0),
        ({"tier": "rare"}, 999, 1, 0),
        ({"tier": "rare"}, 999, 2, 1),
        ({"tier": "common"}, None, 1, 0),
        ({"tier": "legendary"}, 100, 100, 1),
    ],
)
def test_gifts_are_chosen_by_price_and_tier_and_unknown_prices_never(
    on: dict[str, object], coins: int | None, total: int, hit: int
) -> None:
    assert fired({"gift": on}, gift(1, total, coins)) == [hit]


def test_a_streak_of_so_many_fires_once_however_it_is_told() -> None:
    streak = [gift(1, 1), gift(2, 3), gift(4, 7), gift(1, 8)]
    assert fired({"gift": {"name": "Rose", "streak": 5}}, *streak) == [0, 0, 1, 0]
    assert decisions({"gift": {"name": "Rose", "streak": 5}}, streak[0])[0].reasons[0].outcome is Outcome.WAITING
