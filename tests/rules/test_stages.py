"""Stages: up and down exactly when the metric says so, woken exactly when time alone does."""

import pytest

from gateway.messages import StageState, stamp
from gateway.rules.metrics import Metrics, add, value
from gateway.rules.stages import StageChange, advance, complaint, due, state
from gateway.settings.stages import Stage
from tests.rules.hall import Hall
from tests.rules.happenings import NOW
from tests.rules.test_metrics import like

LEVELS: dict[str, dict[str, object]] = {
    "one": {},
    "two": {"minimum": 30, "delay": "5s", "retention": 5},
    "three": {"minimum": 80, "delay": "10s", "retention": 10},
}
CROWD: dict[str, object] = {"metric": "viewers", "levels": LEVELS}
LIGHT: dict[str, object] = {"counter": "lamps", "levels": {"dark": {}, "bright": {"minimum": 1}}}


def levels(**changed: dict[str, object]) -> dict[str, object]:
    return {name: {**level, **changed.get(name, {})} for name, level in LEVELS.items()}


def hall(**stage: object) -> Hall:
    return Hall(crowd={**CROWD, **stage})


def full(**stage: object) -> Hall:
    """On level three."""
    here = hall(**stage)
    here.set(100)
    here.wait(3600)
    assert here.at() == "three"
    here.told.clear()
    return here


@pytest.mark.parametrize("viewers", range(0, 121))
def test_the_stage_manager_does_not_promote_at_any_viewer_count_that_is_too_low(viewers: int) -> None:
    """The predecessor's did at every one."""
    here = hall()
    here.set(viewers)
    at_once = here.at()
    here.wait(3600)
    assert at_once == ("three" if viewers >= 90 else "two" if viewers >= 35 else "one")
    assert here.at() == ("three" if viewers >= 80 else "two" if viewers >= 30 else "one")


def test_level_two_needs_five_seconds_at_thirty_viewers() -> None:
    here = hall()
    here.set(30)
    assert due(here.compiled, here.memories, here.now) == NOW + 5
    here.wait(4.999)
    assert here.at() == "one"
    here.wait(0.001)
    assert here.told == [StageChange("crowd", "one", "two", True, "30 viewers: at least 30 for 5 s")]
    assert here.memories["crowd"].since == NOW + 5
    assert due(here.compiled, here.memories, here.now) is None


def test_a_moment_below_begins_the_wait_anew() -> None:
    here = hall()
    here.set(34)
    here.wait(4)
    here.set(29)
    here.set(34)
    here.wait(4)
    assert here.at() == "one"
    here.wait(1)
    assert here.at() == "two"


def test_a_rush_climbs_every_level_at_once_and_one_at_a_time() -> None:
    here = hall()
    here.set(90)
    assert [(c.from_level, c.to_level, c.words) for c in here.told] == [
        ("one", "two", "90 viewers: at once from 35"),
        ("two", "three", "90 viewers: at once from 90"),
    ]


def test_a_level_is_left_after_its_delay_below_or_at_once_far_below() -> None:
    here = full()
    here.set(70)
    here.wait(9.9)
    assert here.at() == "three"
    here.wait(0.1)
    assert [c.words for c in here.told] == ["70 viewers: below 80 for 10 s"]
    here.set(25)
    assert here.at() == "two"
    here.set(24)
    assert here.told[-1] == StageChange("crowd", "two", "one", False, "24 viewers: at once below 25")


def test_without_retention_only_the_delay_counts() -> None:
    here = hall(
        levels={"one": {}, "two": {"minimum": 30, "delay": "5s"}, "three": {"minimum": 80, "delay": "10s"}}
    )
    here.set(10_000)
    here.wait(4.9)
    assert here.at() == "one"
    here.wait(10)
    assert here.at() == "two"
    here.wait(0.1)
    assert here.at() == "three"
    here.set(0)
    here.wait(14.9)
    assert here.at() == "two"
    here.wait(0.1)
    assert here.at() == "one"


def test_on_a_level_it_stays_for_the_dwell_however_the_viewers_run() -> None:
    here = hall(dwell="20s")
    here.set(100)
    here.wait(19.9)
    assert here.at() == "one"
    here.wait(0.1)
    assert here.at() == "two"
    here.set(0)
    here.wait(19.9)
    assert here.at() == "two"
    here.wait(0.1)
    assert here.at() == "one"


def test_a_level_that_is_switched_off_is_passed_over_and_left() -> None:
    here = full()
    here.load(crowd={**CROWD, "levels": levels(three={"enabled": False})})
    assert here.told == [StageChange("crowd", "three", "two", False, "three is switched off")]
    here.load(crowd={**CROWD, "levels": levels(two={"enabled": False}, three={"enabled": False})})
    assert here.at() == "one"
    here.load(crowd={**CROWD, "levels": levels(two={"enabled": False})})
    assert here.at() == "three"
    assert here.told[-1].from_level == "one"


def test_a_level_that_needs_another_stage_waits_for_it_and_falls_with_it() -> None:
    needing = {**CROWD, "dwell": "1m", "levels": levels(two={"needs": "light/bright"})}
    here = Hall(crowd=needing, light=LIGHT)  # in the file, the one that is needed stands below
    here.set(100)
    here.wait(3600)
    assert due(here.compiled, here.memories, here.now) is None
    assert here.advance() == here.told == []
    here.set(1, "lamps")
    assert here.at() == "two"
    here.wait(60)
    assert here.at() == "three"
    here.told.clear()
    here.set(0, "lamps")
    assert [(c.stage, c.to_level, c.words) for c in here.told] == [
        ("light", "dark", "0 lamps: below 1"),
        ("crowd", "one", "stage light is below bright"),
    ]


def test_what_a_level_that_is_switched_off_needs_holds_up_nobody() -> None:
    off = {**CROWD, "levels": levels(two={"needs": "light/bright", "enabled": False})}
    here = Hall(crowd=off, light=LIGHT)
    here.set(100)
    assert here.at() == "three"


def test_a_locked_stage_stays_where_a_person_wants_it() -> None:
    here = hall()
    here.lock("three")
    assert here.told == [StageChange("crowd", "one", "three", True, "locked by a person")]
    here.set(0)
    here.wait(3600)
    assert here.at() == "three"
    here.set(50)
    here.lock(None)
    assert here.at() == "two"


def test_a_stage_that_the_settings_lock_begins_there_until_a_person_or_new_settings_say_otherwise() -> None:
    here = hall(locked="two")
    assert here.at() == "two"
    here.lock(None)
    here.load(crowd={**CROWD, "locked": "two"})
    assert here.at() == "one"
    here.load(crowd={**CROWD, "locked": "three"})
    assert here.at() == "three"
    here.load(crowd=CROWD)
    assert here.at() == "one"


def test_a_lock_on_what_does_not_exist_is_answered_in_words() -> None:
    here = hall()
    assert complaint(here.compiled, "crowd", "two") == complaint(here.compiled, "crowd", None) == ""
    assert complaint(here.compiled, "crowd", "tow") == "stage 'crowd' has no level 'tow' (did you mean 'two'?)"
    assert complaint(here.compiled, "crwd", None) == "there is no stage 'crwd' (did you mean 'crowd'?)"


def test_levels_that_are_gone_from_the_settings_leave_no_stage_behind() -> None:
    here = full()
    here.lock("three")
    here.load(crowd={**CROWD, "levels": {"one": {}, "two": LEVELS["two"]}})
    assert [(c.from_level, c.to_level) for c in here.told[-1:]] == [("one", "two")]
    assert not any(c.to_level == "one" for c in here.told)  # nobody knows what a fall from three would mean
    assert here.memories["crowd"].locked is None


def test_the_page_sees_where_each_stage_stands_and_what_the_next_level_needs() -> None:
    here = Hall(crowd=CROWD, light=LIGHT)
    here.set(42)
    here.lock("bright", "light")
    assert state(here.compiled, here.memories, here.read, here.now) == [
        StageState(stage="crowd", level="two", since=stamp(NOW), metric=42, next="three", needs=80),
        StageState(stage="light", level="bright", since=stamp(NOW), locked=True),
    ]


class Liked(Hall):
    """Sixty likes at the beginning."""

    metrics = add(Metrics(), like(60), NOW)

    def read(self, stage: Stage) -> float:
        return value(self.metrics, stage.metric or "", self.now)


def test_a_rate_that_fades_takes_the_stage_down_with_nobody_left_to_like() -> None:
    here = Liked(mood={"metric": "likes_per_minute", "levels": {"calm": {}, "hot": {"minimum": 50}}})
    here.wait(54)
    assert here.at("mood") == "hot"
    here.wait(6)
    assert here.at("mood") == "calm"
    assert due(here.compiled, here.memories, here.now) is None


def test_a_clock_that_is_set_back_begins_the_waits_anew() -> None:
    here = hall(dwell="2s")
    here.set(30)
    here.wait(4)
    here.now -= 3600
    assert due(here.compiled, here.memories, here.now) == here.now + 2
    here.advance()
    here.wait(4.9)
    assert here.at() == "one"
    here.wait(0.1)
    assert here.at() == "two"
    here.set(29)
    here.wait(4)
    here.now -= 3600
    here.wait(2 + 5)  # nothing happened: it is noticed when the dwell is over
    assert here.at() == "one"


def test_a_wait_that_a_clock_threw_into_the_future_is_due_as_if_it_began_now() -> None:
    here = hall()
    here.set(30)
    here.now -= 3600
    assert due(here.compiled, here.memories, here.now) == here.now + 5


def test_when_nothing_changes_nothing_is_written() -> None:
    here = full()
    for viewers in (100, 81, 5000):
        here.measured["viewers"] = viewers
        assert advance(here.compiled, here.memories, here.read, here.now + 9) == ({}, [])
