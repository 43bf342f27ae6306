"""Steps of rules that no station could take, or that would do what nobody meant."""

from pathlib import Path

import pytest

from tests.settings.venue import FIRE, GOOD_THEN, STEP, nested, read, rule, said


@pytest.mark.parametrize("then", GOOD_THEN)
def test_good_steps_are_taken(tmp_path: Path, then: str) -> None:
    rules = read(tmp_path, rule(then=then))
    assert not rules.mistakes
    assert list(rules.book.rules) == ["r"]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{}", "then.0: say exactly one of station, wait, parallel"),
        ("{sound: bell, wait: 1s}", "then.0: say exactly one of station, wait, parallel"),
        ("{action: fire}", "then.0: 'station' is missing: whose action is it?"),
        ("{station: cannon}", "then.0: 'action' is missing; station 'cannon' has fire"),
        ("{sound: bell, action: fire}", "then.0.action: belongs to a step with a station"),
        ("{wait: 1s, params: {ms: 5}}", "then.0.params: belongs to a step with a station"),
        ("{station: canon, action: fire}", "then.0.station: there is no station 'canon' (did you mean 'cannon'?)"),
        ("{station: cannon, action: fir}", "then.0.action: station 'cannon' has no action 'fir' (did you mean 'f"),
        ("{station: sound, action: bell}", "then.0.station: 'sound' is a step of its own: write `sound: ...` ins"),
        ("{station: mqtt, action: publish}", "'mqtt' is a step of its own: write `publish: ...` instead"),
        ("{station: cannon, action: fire, params: {ms: 900}}", "params.ms: expected a whole number from 1 to 500"),
        ("{station: cannon, action: fire, params: {m: 9}}", "params.m: 'm' is not a parameter (did you mean 'ms'"),
        ("{station: cannon, action: fire, params: {level: 9}}", "'level' is not a parameter; known here: ms"),
        ("{station: cannon, action: fire, params: {ms: true}}", "found True"),
        ("{station: cannon, action: fire, params: {ms: user}}", "params.ms: expected a number; 'user' is a text"),
        ("{station: cannon, action: fire, params: {ms: coins *}}", "params.ms: column 8: something is missing"),
        ("{station: cannon, action: fire, params: {ms: con * 2}}", "found 'con * 2'"),
        ("{station: cannon, action: fire, params: {ms: \"__import__('os')\"}}", "params.ms: column"),
        ("{wait: 11m}", "then.0.wait: expected at most 10m; found 11m"),
        ("{wait: soon}", "then.0.wait: expected a number and its unit, such as 500ms or 2s, or done; found 'soon"),
        ("{parallel: []}", "then.0.parallel: expected lists of steps that begin together; there is none"),
        (f"{{parallel: [{FIRE}, []]}}", "then.0.parallel.1: expected at least one step; the list is empty"),
        (f"{{parallel: [[{STEP}, {{wait: done}}]]}}", "then.0.parallel.0.1.wait: `wait: done` waits for all of t"),
        ("{parallel: [[{repeat: {times: 2, steps: [{wait: done}]}}]]}", "repeat.steps.0.wait: `wait: do"),
        (f"{{repeat: {{times: 0, steps: {FIRE}}}}}", "repeat.times: expected a whole number from 1 to 100; found"),
        (f"{{repeat: {{times: 101, steps: {FIRE}}}}}", "repeat.times: expected a whole number from 1 to 100; fou"),
        (f"{{repeat: {{times: 1.5, steps: {FIRE}}}}}", "repeat.times: expected a whole number from 1 to 100; fou"),
        (f"{{repeat: {{times: user, steps: {FIRE}}}}}", "repeat.times: expected a number; 'user' is a text"),
        (f"{{repeat: {{times: 2, every: 1h, steps: {FIRE}}}}}", "repeat.every: expected at most 10m; found 1h"),
        (f"{{repeat: {{times: 2, jitter: 5, steps: {FIRE}}}}}", "repeat.jitter: is a share of `every`, which is"),
        ("{repeat: {times: 2, steps: []}}", "then.0.repeat.steps: expected at least one entry; the list is empty"),
        ("{repeat: {times: 2, steps: [{sound: bel}]}}", "then.0.repeat.steps.0.sound: there is no sound 'bel'"),
        (f"{{choose: [{{steps: {FIRE}}}]}}", "then.0.choose: expected at least two to choose from; found 1"),
        ("{choose: [{}, {}]}", "then.0.choose: all of them are blanks: give one of them steps"),
        (f"{{choose: [{{steps: {FIRE}}}, {{steps: [{{}}]}}]}}", "then.0.choose.1.steps.0: say exactly one of"),
        (f"{{fork: {{so: coins, steps: {FIRE}}}}}", "fork.so: expected a comparison, which is true or false; 'co"),
        ("{fork: {so: coins > 1}}", "then.0.fork: say what it does: steps, else, or both"),
        ("{fork: {so: coins > 1, else: [{}]}}", "then.0.fork.else.0: say exactly one of"),
        ("{counter: {name: credit}}", "then.0.counter: say exactly one of add, set"),
        ("{counter: {name: credit, add: 1, set: 1}}", "then.0.counter: say exactly one of add, set"),
        ("{counter: {name: credt, add: 1}}", "counter.name: there is no counter 'credt' (did you mean 'credit'?)"),
        ("{counter: {name: credit, add: user}}", "then.0.counter.add: expected a number; 'user' is a text"),
        ("{timer: {name: round}}", "then.0.timer: say exactly one of start, extend, stop"),
        ("{timer: {name: rund, start: 5s}}", "timer.name: there is no timer 'rund' (did you mean 'round'?)"),
        ("{timer: {name: round, start: 25h}}", "timer.start: expected more than 0 and at most 24h; found 25h"),
        ("{timer: {name: round, start: 0}}", "timer.start: expected more than 0 and at most 86400 seconds; found"),
        ("{timer: {name: round, start: user}}", "timer.start: expected a number; 'user' is a text"),
        ("{timer: {name: round, extend: 5s, most: 0s}}", "timer.most: expected more than 0 and at most 24h; foun"),
        ("{timer: {name: round, start: 5s, most: 9s}}", "timer.most: bounds what `extend` makes of it, which is"),
        ("{announce: 'hello {usr}'}", "then.0.announce: column"),
        ("{announce: 'hello {user'}", "then.0.announce: column 7"),
        ("{sound: bel}", "then.0.sound: there is no sound 'bel' (did you mean 'bell'?)"),
        ("{sound: gong}", "then.0.sound: there is no sound 'gong': write it into the settings, under `sounds`"),
        ("{publish: {topic: stagewire/1/hall/control/estop/reset}}", "publish.topic: Stagewire's own topics are"),
        ("{publish: {topic: stagewire}}", "publish.topic: Stagewire's own topics are not for rules"),
        ("{publish: {topic: home/#}}", "then.0.publish.topic: a topic that is published on has no +, no #"),
        ("{publish: {topic: home/lamp, payload: '{on}'}}", "then.0.publish.payload: column 2: `on`"),
        ("{webhook: {name: lmp}}", "webhook.name: there is no webhook 'lmp' (did you mean 'lamp'?)"),
        ("{webhook: {name: look, body: hello}}", "webhook.body: webhook 'look' is a GET, which has no body"),
        ("{webhook: {name: lamp, body: '{usr}'}}", "did you mean 'user'?"),
        (nested(6), "at most 5 of parallel, repeat, choose and fork within each other"),
    ],
)  # fmt: skip
def test_a_step_that_could_not_be_taken_is_named(tmp_path: Path, step: str, words: str) -> None:
    (mistake,) = said(tmp_path, rule(then=f"[{step}]"))
    assert mistake.startswith("rules.yaml:4: rules.r.then")
    assert words in mistake


def test_the_steps_of_one_run_are_counted_with_their_repeats(tmp_path: Path) -> None:
    def twice(times: int) -> str:
        inner = f"{{repeat: {{times: {times}, steps: [{STEP}, {{sound: bell}}]}}}}"
        return rule(then=f"[{{repeat: {{times: 10, steps: [{inner}]}}}}]")

    assert not said(tmp_path, twice(10))
    (mistake,) = said(tmp_path, twice(11))
    assert "rules.r.then: at most 200 steps, repeated ones counted each time; found 220" in mistake


def test_of_what_is_drawn_or_forked_only_the_longest_way_counts(tmp_path: Path) -> None:
    ninety = f"[{{repeat: {{times: 90, steps: {FIRE}}}}}]"
    drawn = f"{{choose: [{{steps: {ninety}}}, {{steps: {ninety}}}]}}"
    forked = f"{{fork: {{so: coins > 5, steps: {ninety}, else: {ninety}}}}}"
    assert not said(tmp_path, rule(then=f"[{drawn}, {forked}]"))
    (mistake,) = said(tmp_path, rule(then=f"[{drawn}, {forked}, {{parallel: [{ninety}, {FIRE}]}}]"))
    assert mistake.endswith("found 271")


def test_a_viewers_own_counter_is_not_changed_where_there_is_no_viewer(tmp_path: Path) -> None:
    (mistake,) = said(tmp_path, rule("{button: {name: go}}", "[{counter: {name: own-shots, add: 1}}]"))
    assert "each viewer has their own 'own-shots', and no viewer is behind `button`" in mistake
