"""What expressions may read: the same names everywhere, and one truth with what the rules give them."""

import msgspec

from gateway.rules.moment import Names
from gateway.settings.expressions import compile_expression
from gateway.settings.rules import RuleBook
from gateway.settings.stages import METRICS
from gateway.settings.variables import ALWAYS, variable, variables

BOOK = msgspec.convert(
    {
        "counters": {"team-red": {}, "own": {"per": "viewer"}},
        "timers": ["last-round"],
        "stages": {"big-crowd": {"metric": "viewers", "levels": {"few": {}, "many": {"minimum": 30}}}},
    },
    RuleBook,
)


def test_counters_timers_and_stages_are_read_by_name_with_underscores() -> None:
    names = variables(BOOK)
    assert {n: k for n, k in names.items() if n not in ALWAYS} == {
        "team_red": "number",
        "own": "number",
        "timer_last_round": "number",
        "stage_big_crowd": "number",
    }
    assert variable("stages", "big-crowd") == "stage_big_crowd"


def test_every_metric_can_be_read() -> None:
    assert {name for name in variables(RuleBook()) if name.startswith("live_")} == {f"live_{m}" for m in METRICS}


def test_every_name_that_the_check_allows_has_a_value_when_a_rule_runs() -> None:
    names = Names(
        (("team-red", 0.0, False), ("own", 0.0, True)),
        BOOK.timers,
        BOOK.notes,
        {name: list(stage.levels) for name, stage in BOOK.stages.items()},
    )
    kinds = variables(BOOK)
    for name in kinds:
        names.value(compile_expression(name, kinds))
