"""If, unless, else: who is meant, and when."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import messages as m
from gateway.messages import Outcome
from gateway.rules.state import REMEMBERED_CREDITS, REMEMBERED_VIEWERS, State
from tests.rules.floor import FIRE, HONK, Floor, rule
from tests.rules.happenings import NOW, comment, event, gift, viewer, viewers

SAYS = {"comment": {"contains": "fire"}}


def meant(who: dict[str, object], said: m.Event | None = None, stations: dict[str, str] | None = None) -> bool:
    """Whether ``who`` counts; ``unless`` has to say the opposite."""
    said = said or comment()
    wanted, unwanted = Floor(rule(SAYS, **{"if": who})), Floor(rule(SAYS, unless=who))
    for floor in (wanted, unwanted):
        floor.state.stations.update(stations or {})
    yes, no = wanted.said(said), unwanted.said(said)
    assert {yes.outcome, no.outcome} == {Outcome.FIRED, Outcome.NOT_MEANT}
    assert (no if yes.outcome is Outcome.FIRED else yes).words
    return yes.outcome is Outcome.FIRED


@pytest.mark.parametrize(
    ("who", "user", "counts"),
    [
        ({"follower": True}, viewer(1, follower=True), True),
        ({"follower": True}, viewer(1), False),
        ({"follower": False}, viewer(1), True),
        ({"subscriber": True}, viewer(1, subscriber=True), True),
        ({"subscriber": True}, viewer(1), False),
        ({"moderator": True, "follower": True}, viewer(1, moderator=True), False),
        ({"fan_level": 3}, viewer(1, fan_level=3), True),
        ({"fan_level": 3}, viewer(1, fan_level=2), False),
        ({"gifter_level": 3}, viewer(1, gifter_level=2), False),
        ({"users": ["viewer.7", "v-8"]}, viewer(7), True),
        ({"users": ["viewer.7", "v-8"]}, viewer(8), True),
        ({"users": ["viewer.7", "v-8"]}, viewer(9), False),
        ({"all": [{"follower": True}, {"fan_level": 2}]}, viewer(1, follower=True, fan_level=2), True),
        ({"all": [{"follower": True}, {"fan_level": 2}]}, viewer(1, follower=True), False),
        ({"any": [{"follower": True}, {"fan_level": 2}]}, viewer(1, fan_level=2), True),
        ({"any": [{"follower": True}, {"fan_level": 2}]}, viewer(1), False),
        ({"not": {"follower": True}}, viewer(1), True),
        ({"not": {"any": [{"follower": True}, {"moderator": True}]}}, viewer(1, moderator=True), False),
        ({"any": [{"all": [{"follower": True}, {"not": {"moderator": True}}]}]}, viewer(1, follower=True), True),
        ({"follower": True, "any": [{"fan_level": 5}, {"moderator": True}]}, viewer(1, moderator=True), False),
    ],
)
def test_if_and_unless_choose_viewers_and_say_why_not(who: dict[str, object], user: m.User, counts: bool) -> None:
    assert meant(who, comment(user=user)) is counts


def test_who_is_not_named_in_a_happening_is_nobody_in_particular() -> None:
    joined = event(m.JoinEvent, m.Person(user=None, count=3))
    assert not Floor(rule({"join": {}}, **{"if": {"follower": False}})).fired(joined)


def test_the_top_are_those_who_gave_most_in_this_live() -> None:
    def given(n: int, coins: int, number: int) -> m.Event:
        data = m.Gift(user=viewer(n), gift_id="1", name="Rose", count=1, total=1, coins=coins)
        return event(m.GiftEvent, data, number)

    floor = Floor({"r": rule(SAYS, **{"if": {"top": 2}}), "count": rule(then=[HONK])})
    gifts = [(1, 100), (2, 50), (3, 10), (4, 50)]
    for number, (n, coins) in enumerate(gifts):
        floor.happens(given(n, coins, number))
    assert [floor.fired(comment(user=viewer(n), number=n)) for n in (1, 2, 3, 4, 5)] == [1, 1, 0, 1, 0]
    floor.happens(given(3, 95, 9))
    floor.restart()
    assert [floor.fired(comment(user=viewer(n), number=10 + n)) for n in (1, 2, 3, 4)] == [1, 0, 1, 0]


def test_whoever_is_forgotten_among_givers_takes_no_place_of_others() -> None:
    state = State()
    state.given.most = 3
    for n in range(10):
        state.give("ayu", f"v{n}", 100 - n)
        assert len(state.given) <= 3
    assert [state.rank("ayu", f"v{n}") for n in (6, 7, 8, 9)] == [None, 1, 2, 3]


@pytest.mark.parametrize(
    ("hours", "clock", "open_"),
    [
        ({"from": "18:00", "to": "23:00"}, "18:00", True),
        ({"from": "18:00", "to": "23:00"}, "17:59", False),
        ({"from": "18:00", "to": "23:00"}, "23:00", False),
        ({"from": "22:00", "to": "02:00"}, "01:30", True),
        ({"from": "22:00", "to": "02:00"}, "12:00", False),
        ({"from": "22:00", "to": "02:00", "days": ["sun"]}, "01:30", True),
        ({"from": "22:00", "to": "02:00", "days": ["mon"]}, "01:30", False),
    ],
)
def test_hours_are_the_venues_own(hours: dict[str, object], clock: str, open_: bool) -> None:
    midnight = 1_789_923_600.0  # Monday, 21 September 2026, 00:00 in Jakarta
    hour, minute = map(int, clock.split(":"))
    floor = Floor(rule(SAYS, **{"if": {"hours": hours}}))
    floor.now = midnight + hour * 3600 + minute * 60
    said = floor.said(comment(received=m.stamp(floor.now)))
    assert (said.outcome is Outcome.FIRED) is open_
    assert open_ or said.words.startswith("only from ")


@pytest.mark.parametrize(
    ("wanted", "now", "counts"),
    [
        ("idle", "idle", True),
        ("idle", "busy", False),
        ("busy", "busy", True),
        ("online", "busy", True),
        ("online", "idle", True),
        ("online", "offline", False),
        ("offline", "offline", True),
    ],
)
def test_a_station_has_to_be_what_is_asked(wanted: str, now: str, counts: bool) -> None:
    assert meant({"station": {"cannon": wanted}}, stations={"cannon": now}) is counts


def test_a_station_that_nobody_has_heard_of_is_offline() -> None:
    assert meant({"station": {"cannon": "offline"}})


def test_a_stage_has_to_be_on_its_level_or_above() -> None:
    crowd = {"metric": "viewers", "levels": {"few": {}, "some": {"minimum": 30}, "many": {"minimum": 80}}}
    floor = Floor(rule(SAYS, **{"if": {"stage": {"crowd": "some"}}}), stages={"crowd": crowd})
    counts = []
    for n, watching in enumerate((10, 40, 40, 90, 90, 5, 5)):
        floor.happens(viewers(watching, id=f"w{n}"))
        counts.append(floor.fired(comment(number=n)))
    assert counts == [0, 0, 1, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("so", "counts"),
    [
        ("goal >= 3", True),
        ("goal > 3", False),
        ("goal * 2 == 6 and text == 'fire now'", True),
        ("user == 'Budi' and not follower", True),
        ("'now' in text", True),
        ("arg1 == 'never' or live_comments >= 2", False),
        ("timer_round > 0", False),
        ("stage_crowd == 0", True),
        ("coins / count >= 0", True),
    ],
)
def test_an_expression_reads_counters_event_stages_timers_and_the_live(so: str, counts: bool) -> None:
    more: dict[str, Any] = {
        "counters": {"goal": {"start": 3}},
        "timers": ["round"],
        "stages": {"crowd": {"counter": "goal", "levels": {"few": {}, "many": {"minimum": 5}}}},
    }
    said = Floor(rule(SAYS, **{"if": {"so": so}}), **more).said(comment("fire now"))
    assert (said.outcome is Outcome.FIRED) is counts
    assert counts or said.words == f"only if {so}"


@given(st.integers(1, 99))
def test_the_lot_falls_alike_for_the_same_happening_and_about_as_often_as_it_says(percent: int) -> None:
    floor, again = (Floor(rule(SAYS, **{"if": {"chance": percent}})) for _ in range(2))
    drawn = [floor.fired(comment(number=n)) for n in range(400)]
    assert drawn == [again.fired(comment(number=n)) for n in range(400)]
    assert abs(sum(drawn) / 4 - percent) < 15


def test_two_rules_draw_their_lots_apart() -> None:
    half = rule(SAYS, **{"if": {"chance": 50}})
    floor = Floor({"a": half, "b": half})
    both = [floor.fired(comment(number=n)) for n in range(200)]
    assert set(both) == {0, 1, 2}


def test_else_is_for_the_others_and_counts_in_the_ledger_too() -> None:
    floor = Floor(rule(SAYS, **{"if": {"moderator": True}, "else": [HONK]}))
    (honk,) = floor.happens(comment()).commands
    (fire,) = floor.happens(comment(user=viewer(1, moderator=True), number=1)).commands
    assert (honk.station, fire.station) == ("horn", "cannon")
    floor.done()
    assert floor.ledger() == {"received": 2, "done": 2}


def test_who_is_not_meant_is_in_no_ledger_and_costs_no_cooldown() -> None:
    floor = Floor(rule(SAYS, **{"if": {"moderator": True}, "cooldown": "1m"}))
    assert not floor.fired(comment())
    assert floor.ledger() == {}
    assert floor.fired(comment(user=viewer(1, moderator=True), number=1))


def test_what_is_remembered_of_viewers_has_a_limit_and_the_venues_own_stays() -> None:
    mine, goal = ({"counter": {"name": name, "add": 7}} for name in ("mine", "goal"))
    rules = {"r": rule(SAYS, mine, user_cooldown="30s"), "g": rule(None, goal)}
    floor = Floor(rules, counters={"goal": {}, "mine": {"per": "viewer"}})
    assert (floor.state.credits.most, floor.state.fired_for.most) == (REMEMBERED_CREDITS, REMEMBERED_VIEWERS)
    floor.state.credits.most = floor.state.fired_for.most = 3
    floor.happens(gift())
    for n in range(10):
        floor.happens(comment(user=viewer(n), number=n), 1)
    assert list(floor.state.fired_for) == ["r/v-7", "r/v-8", "r/v-9"]
    assert list(floor.state.credits) == ["mine/v-7", "mine/v-8", "mine/v-9"]
    assert floor.state.counters == {"goal": 7}
    assert set(floor.kept) >= {"counters:goal", "credits:mine/v-9", "fired_for:r/v-9"}
    assert not set(floor.kept) & {"credits:mine/v-1", "fired_for:r/v-1"}


def test_a_late_comment_is_judged_at_the_time_it_is_heard() -> None:
    floor = Floor(rule(SAYS, FIRE, **{"if": {"hours": {"from": "00:00", "to": "24:00"}}}))
    assert floor.fired(comment(received=m.stamp(NOW - 5))) == 1
