"""When: every kind of event can set something in motion."""

from typing import Any

import pytest

from gateway import messages as m
from gateway.messages import Outcome
from gateway.rules.triggers import MOST_NAMES
from gateway.settings.triggers import When
from tests.rules.floor import FIRE, Floor, rule
from tests.rules.happenings import (
    BUDI,
    NOW,
    coin,
    comment,
    event,
    gift,
    like,
    live,
    present,
    press,
    topic,
    viewer,
    viewers,
)

PERSON = m.Person(user=BUDI)
BY_KIND: list[tuple[dict[str, object], m.Event]] = [
    ({"gift": {"id": "5655"}}, gift()),
    ({"comment": {"contains": "fire"}}, comment()),
    ({"like": {"every": 1}}, like(1)),
    ({"like": {"per_minute": 1}}, like(1)),
    ({"follow": {}}, event(m.FollowEvent, PERSON)),
    ({"share": {}}, event(m.ShareEvent, PERSON)),
    ({"subscribe": {}}, event(m.SubscribeEvent, PERSON)),
    ({"join": {}}, event(m.JoinEvent, PERSON)),
    ({"first": {}}, event(m.JoinEvent, PERSON)),
    ({"question": {"contains": "why"}}, event(m.QuestionEvent, m.Question(user=BUDI, text="Why not?"))),
    ({"envelope": {"min_coins": 20}}, event(m.EnvelopeEvent, m.Envelope(user=BUDI, coins=20))),
    ({"battle": {"phase": "ended"}}, event(m.BattleEvent, m.Battle(battle="1", phase="ended"))),
    ({"live": {"phase": "started"}}, live()),
    ({"gap": {}}, event(m.GapEvent, m.Gap(start=m.stamp(NOW), end=m.stamp(NOW), why="x"))),
    ({"milestone": {"of": "gifts", "at": [1]}}, gift()),
    ({"input": {"station": "cannon", "channel": "coin"}}, coin()),
    ({"topic": {"topic": "door/state"}}, topic("door/state")),
    ({"button": {"name": "go"}}, press()),
]
ELSEWHERE = {"viewers", "time", "timer", "counter", "stage", "sequence"}
"""Triggers that need more than one event; each has tests of its own."""


def fired(when: dict[str, object], *events: m.Event) -> list[int]:
    floor = Floor(rule(when))
    return [floor.fired(e) for e in events]


@pytest.mark.parametrize(("when", "happening"), BY_KIND)
def test_a_happening_of_its_kind_fires_and_no_other(when: dict[str, object], happening: m.Event) -> None:
    assert fired(when, happening) == [1]
    other = event(m.BattleEvent, m.Battle(battle="1", phase="points"))
    assert fired(when, other) == [0]
    assert Floor(rule(when)).happens(happening).reasons[0].outcome is Outcome.FIRED


def test_there_is_a_test_for_every_trigger() -> None:
    assert {next(iter(when)) for when, _ in BY_KIND} | ELSEWHERE == set(When.__struct_fields__)


def test_another_phase_and_a_smaller_chest_do_not_fire() -> None:
    assert fired({"live": {"phase": "ended"}}, live()) == [0]
    assert fired({"envelope": {"min_coins": 20}}, event(m.EnvelopeEvent, m.Envelope(coins=None))) == [0]
    ended = event(m.BattleEvent, m.Battle(battle="1", phase="ended"))
    assert fired({"battle": {"phase": "started"}}, ended) == [0]


# -- gifts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "coins", "total", "hit"),
    [
        ({"min_coins": 5, "max_coins": 10}, 10, 1, 1),
        ({"max_coins": 10}, 11, 1, 0),
        ({"max_coins": 10}, None, 1, 0),
        ({"min_coins": 1}, None, 1, 0),
        ({"tier": "rare"}, 999, 1, 0),
        ({"tier": "rare"}, 999, 2, 1),
        ({"tier": "common"}, None, 1, 0),
        ({"tier": "legendary"}, 100, 100, 1),
        ({"category": "standard"}, 99, 1, 1),
        ({"category": "standard"}, 100, 1, 0),
        ({"category": "standard"}, None, 1, 0),
        ({"category": "special"}, 99, 1, 0),
        ({"category": "special"}, 999, 1, 1),
        ({"category": "premium"}, 999, 1, 0),
        ({"category": "premium"}, 30_000, 1, 1),
        ({"category": "special", "min_coins": 500}, 400, 1, 0),
        ({"category": "special", "max_coins": 500}, 501, 1, 0),
        ({"name": "rose", "id": "5655"}, 1, 1, 1),
        ({"name": "rose", "id": "1"}, 1, 1, 0),
    ],
)
def test_gifts_are_chosen_by_name_price_category_and_tier_and_unknown_prices_never(
    on: dict[str, object], coins: int | None, total: int, hit: int
) -> None:
    assert fired({"gift": on}, gift(1, total, coins)) == [hit]


def test_a_gift_named_in_another_language_is_known_by_the_id_it_was_once_seen_under() -> None:
    told = [("Mawar", "5655"), ("Rose", "5655"), ("Mawar", "5655"), ("Mawar", "77")]
    gifts = [present(name, gift_id, id=f"g{n}") for n, (name, gift_id) in enumerate(told)]
    assert fired({"gift": {"name": "Rose"}}, *gifts) == [0, 1, 1, 0]


def test_a_name_is_learned_by_no_more_ids_than_languages_have_for_it() -> None:
    floor = Floor(rule({"gift": {"name": "Rose"}}))
    for n in range(MOST_NAMES + 5):
        assert floor.fired(present("Rose", f"g{n}", id=f"e{n}")) == 1
    assert len(floor.state.gifts["rose"]) == MOST_NAMES


@pytest.mark.parametrize(
    ("pay", "times"), [("each", [1, 2, 2, 0]), ("start", [1, 0, 0, 0]), ("end", [0, 0, 0, 1])]
)
def test_a_streak_pays_each_gift_or_once_at_its_start_or_end(pay: str, times: list[int]) -> None:
    def part(number: int, count: int, total: int, ended: bool) -> m.Event:
        data = m.Gift(user=BUDI, gift_id="5655", name="Rose", count=count, total=total, coins=1, ended=ended)
        return event(m.GiftEvent, data, number)

    streak = [part(1, 1, 1, False), part(2, 2, 3, False), part(3, 2, 5, False), part(4, 0, 5, True)]
    floor = Floor(rule({"gift": {"name": "Rose", "pay": pay}}))
    said = [floor.said(e) for e in streak]
    assert [reason.times for reason in said] == times
    why = {"each": "the streak has ended", "start": "it fires with the first gift of a streak",
           "end": "it fires when the streak ends"}  # fmt: skip
    assert {reason.words for reason in said if not reason.times} == {why[pay]}


def test_a_streak_of_so_many_fires_once_however_it_is_told() -> None:
    streak = [gift(1, 1), gift(2, 3), gift(4, 7), gift(1, 8)]
    assert fired({"gift": {"name": "Rose", "streak": 5}}, *streak) == [0, 0, 1, 0]
    assert Floor(rule({"gift": {"name": "Rose", "streak": 5}})).said(streak[0]).outcome is Outcome.WAITING


# -- words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "text", "hit"),
    [
        ({"command": "tembak"}, "Tembak sekarang", 1),
        ({"command": "tembak"}, "TEMBAAAK!", 0),
        ({"command": "tembak"}, "saya tembak", 0),
        ({"command": "tembak"}, "tembák", 1),
        ({"exact": "ledak"}, "  LÉDAAAK ", 1),
        ({"exact": "ledak"}, "ledak lagi", 0),
        ({"contains": "kipas"}, "ayo kipasnya", 1),
        ({"contains": "666"}, "６６６!", 1),
        ({"regex": r"^(?:go|ayo)\b.*\d{2,}"}, "AYO tembak 12", 1),
        ({"regex": r"^(?:go|ayo)\b.*\d{2,}"}, "ayo tembak 1", 0),
        ({"regex": "lédak|putar"}, "ayo LEDAAK", 1),
    ],
)
def test_words_are_found_whatever_their_case_accents_and_stretching(
    on: dict[str, object], text: str, hit: int
) -> None:
    assert fired({"comment": on}, comment(text)) == [hit]


def test_what_follows_a_command_can_be_said_again() -> None:
    floor = Floor(rule({"comment": {"command": "team"}}, {"announce": "{arg1} and {arg2}, not {arg3}: {args}"}))
    (said,) = floor.happens(comment("team Red  BLUE")).commands
    assert said.params == {"text": "red and blue, not : red blue"}


# -- likes, viewers, milestones, first activity -----------------------------------------------------------


def test_likes_carry_their_remainder_over_per_account() -> None:
    likes = [like(60, id="1"), like(60, id="2"), like(60, id="3"), like(60, id="4", account="rio")]
    assert fired({"like": {"every": 100}}, *likes, like(20, id="5"), like(250, id="6")) == [0, 1, 0, 0, 1, 2]


def test_a_rate_of_likes_fires_when_it_is_reached_and_again_after_it_has_fallen() -> None:
    floor = Floor(rule({"like": {"per_minute": 100}}))
    assert [floor.fired(like(60, id=f"a{n}"), 1) for n in range(4)] == [0, 1, 0, 0]
    assert floor.fired(like(150, id="b"), 600) == 1, "the rate was nothing in between, though nobody told"


def test_viewers_fire_when_they_cross_a_number_and_not_while_they_stay_above() -> None:
    counts = [viewers(n, id=f"v{i}") for i, n in enumerate((120, 90, 90, 99, 130, 130, 140, 99, 98, 150, 150))]
    assert fired({"viewers": {"above": 100}}, *counts) == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    assert fired({"viewers": {"below": 100}}, *counts) == [0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0]


def test_one_wrong_number_of_viewers_crosses_nothing() -> None:
    counts = [viewers(n, id=f"v{i}") for i, n in enumerate((120, 121, 9000, 122, 3, 119, 120))]
    assert fired({"viewers": {"above": 1000}}, *counts) == [0] * 7
    assert fired({"viewers": {"below": 100}}, *counts) == [0] * 7


def test_each_account_has_its_own_viewers() -> None:
    told = [(10, "ayu"), (200, "rio"), (200, "rio"), (150, "ayu"), (150, "ayu")]
    counts = [viewers(n, id=f"v{i}", account=a) for i, (n, a) in enumerate(told)]
    assert fired({"viewers": {"above": 100}}, *counts) == [0, 0, 0, 0, 1]


def test_a_milestone_is_passed_once_a_live() -> None:
    floor = Floor(rule({"milestone": {"of": "coins", "at": [100, 500]}}), None)
    floor.happens(live(room="1"))
    assert [floor.fired(gift(1, n + 1, 60, room="1")) for n in range(4)] == [0, 1, 0, 0]
    assert floor.fired(gift(9, 99, 60, room="1")) == 1
    floor.happens(live(room="2", id="live-2", received=m.stamp(NOW + 9)))
    assert floor.fired(gift(9, 100, 60, room="2", received=m.stamp(NOW + 10))) == 2, "both at once, in a new LIVE"


def test_a_milestone_every_so_many_counts_all_that_one_message_passes() -> None:
    assert fired({"milestone": {"of": "likes", "every": 100}}, like(99), like(1), like(350)) == [0, 1, 3]


def test_the_first_message_of_another_room_counts_from_nothing() -> None:
    floor = Floor(rule({"milestone": {"of": "gifts", "at": [2]}}))
    assert floor.fired(gift(5, 5, room="1")) == 1
    assert floor.fired(gift(3, 3, room="2", received=m.stamp(NOW + 1))) == 1


def test_first_activity_is_once_a_viewer_and_live() -> None:
    floor = Floor(rule({"first": {}}))
    floor.happens(live(room="1"))
    hello = [comment("hi", viewer(n), i) for i, n in enumerate((1, 2, 1, 2))]
    assert [floor.fired(e) for e in [*hello, gift()]] == [1, 1, 0, 0, 1]
    assert floor.fired(comment("hi", viewer(1), 9, account="rio")) == 1, "each account's LIVE is its own"
    floor.happens(live(room="1", id="again"))
    assert floor.fired(comment("hi", viewer(1), 10)) == 0, "the same LIVE, told again"
    floor.happens(live(room="2", id="next", received=m.stamp(NOW + 60)))
    assert floor.fired(comment("hi", viewer(1), 11)) == 1


def test_a_live_of_before_that_comes_late_ends_nothing_of_this_one() -> None:
    counted: dict[str, Any] = {"counters": {"goal": {"reset": "live"}}}
    floor = Floor(rule({"comment": {"contains": "hi"}}, {"counter": {"name": "goal", "add": 1}}), **counted)
    floor.happens(live(room="2", received=m.stamp(NOW)))
    floor.happens(comment("hi"))
    floor.happens(live(room="1", id="late", received=m.stamp(NOW - 3600), stale=True))
    assert floor.state.counters == {"goal": 1}
    floor.happens(live(room="3", id="next", received=m.stamp(NOW + 60)))
    assert floor.state.counters == {}


# -- the venue's own ----------------------------------------------------------------------------------


def test_an_input_counts_its_active_edges() -> None:
    when = {"input": {"station": "cannon", "channel": "coin", "count": 3}}
    floor = Floor(rule(when))
    edges = [coin(level=n % 2 == 0, number=n) for n in range(12)]
    assert [floor.fired(e) for e in edges] == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0]
    assert fired({"input": {"station": "cannon", "channel": "coin", "level": False}}, *edges[:3]) == [0, 1, 0]


def test_a_topic_fires_with_its_payload_or_any() -> None:
    told = [topic("door/state", "open", 1), topic("door/state", "shut", 2), topic("door", "open", 3)]
    assert fired({"topic": {"topic": "door/state", "payload": "open"}}, *told) == [1, 0, 0]
    assert fired({"topic": {"topic": "door/state"}}, *told) == [1, 1, 0]


def test_buttons_and_topics_that_rules_listen_to_are_known() -> None:
    rules = {"a": rule({"button": {"name": "go"}}), "b": rule({"topic": {"topic": "door/state"}}), "c": rule()}
    program = Floor(rules).program
    assert (program.buttons, program.topics) == (["go"], ["door/state"])


def test_an_account_that_is_named_twice_is_still_one() -> None:
    floor = Floor(rule(accounts=["ayu", "ayu"]))
    assert floor.fired(gift()) == 1


def test_a_rule_for_one_account_leaves_the_others_alone_and_a_disabled_one_is_not_asked() -> None:
    floor = Floor(rule(accounts=["rio"]))
    assert not floor.happens(gift()).reasons
    assert floor.fired(gift(account="rio")) == 1
    assert not Floor(rule(enabled=False)).happens(gift()).reasons


def test_rules_keep_their_order_whether_they_name_accounts_or_not() -> None:
    floor = Floor({"a": rule(), "b": rule(accounts=["rio"]), "c": rule(then=[FIRE])})
    assert [r.rule for r in floor.happens(gift(account="rio")).reasons] == ["a", "b", "c"]
    assert [r.rule for r in floor.happens(gift(account="elsewhere", id="2")).reasons] == ["a", "c"]
