"""Tests beside rules: what they may say, and what they say when it comes otherwise."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.backtest.expectations import run_expectations, run_file
from gateway.errors import SettingsError
from gateway.settings import expectations
from gateway.settings.load import Config, load

HALL = """\
venue: hall
timezone: Europe/Berlin
accounts:
  ada: {username: ada.live}
  bob: {username: bob.live}
stations:
  cannon:
    board: {id: STN-A}
    channels:
      shot: {kind: pulse, pin: 5, max_on: 500ms}
      eye: {kind: input, pin: 7}
    actions:
      fire: {channel: shot, on_for: 200ms}
webhooks:
  call: {url: "https://example.org/x"}
"""
RULES = """\
counters: {goal: {}, credit: {per: viewer}}
timers: [round]
notes: [king]
stages:
  crowd: {metric: viewers, levels: {quiet: {}, full: {minimum: 100}}}
rules:
  rose:
    when: {gift: {name: Rose}}
    then:
      - {station: cannon, action: fire, params: {ms: "min(coins * 100, 400)"}}
      - {counter: {name: goal, add: coins}}
  end: {when: {gift: {name: Swan, pay: end}}, then: [{announce: "{user} gave {total}"}]}
  word: {when: {comment: {contains: fire}}, then: [{station: cannon, action: fire}], user_cooldown: 10s}
  fan: {when: {comment: {exact: hi}}, if: {follower: true}, then: [{webhook: {name: call}}]}
  king: {when: {gift: {name: Crown}}, then: [{note: {name: king, set: "{user}"}}]}
  asked: {when: {question: {contains: why}}, then: [{announce: because}]}
  likes: {when: {like: {every: 100}}, then: [{counter: {name: goal, add: 1}}]}
  follow: {when: {follow: {}}, then: [{counter: {name: credit, add: 5}}]}
  share: {when: {share: {}}, then: [{announce: shared}]}
  subscribe: {when: {subscribe: {}}, then: [{announce: subscribed}]}
  join: {when: {join: {}}, then: [{announce: joined}], accounts: [bob]}
  chest: {when: {envelope: {min_coins: 50}}, then: [{announce: chest}]}
  battle: {when: {battle: {phase: ended}}, then: [{announce: battle}]}
  live: {when: {live: {phase: started}}, then: [{timer: {name: round, start: 30s}}]}
  over: {when: {timer: {name: round}}, then: [{announce: over}]}
  gap: {when: {gap: {}}, then: [{announce: gap}]}
  button: {when: {button: {name: go}}, then: [{timer: {name: round, stop: true}}]}
  eye: {when: {input: {station: cannon, channel: eye, count: 2}}, then: [{announce: seen}]}
  topic: {when: {topic: {topic: home/door, payload: open}}, then: [{publish: {topic: home/lamp}}]}
  goal: {when: {counter: {name: goal, reaches: 10}}, then: [{announce: goal}]}
  night:
    when: {comment: {exact: night}}
    if: {hours: {from: "20:00", to: "24:00", days: [fri]}}
    then: [{announce: night}]
  slow:
    when: {comment: {exact: slow}}
    then: [{station: cannon, action: fire}, {wait: done}, {wait: 1m}, {announce: slow}]
"""
GOOD: dict[str, tuple[list[Any], list[Any]]] = {
    "gift": ([{"gift": {"count": 3, "coins": 2}}], [{"station": "cannon", "action": "fire", "times": 3}]),
    "params": ([{"gift": {"coins": 9}}], [{"station": "cannon", "action": "fire", "params": {"ms": 400}}]),
    "counter": ([{"gift": {"count": 2, "coins": 2}}], [{"counter": {"name": "goal", "is": 4}}]),
    "fired": ([{"gift": {"count": 2}}], [{"fired": {"rule": "rose", "times": 2}}]),
    "streak": (
        [
            {"gift": {"name": "Swan", "streak": "a", "ended": False, "count": 2, "user": "budi"}},
            {"gift": {"name": "Swan", "streak": "a", "count": 1, "user": "budi"}},
        ],
        [{"announced": "budi gave 3"}, {"fired": {"rule": "end", "times": 1}}],
    ),
    "unknown price": (
        [{"gift": {"name": "Tulip", "coins": None}}],
        [{"nothing": True}, {"fired": {"rule": "rose", "times": 0}}],
    ),
    "cooldown": (
        [{"comment": {"text": "FIIIRE", "user": "budi"}}, {"comment": {"text": "fire", "user": "budi"}}],
        [{"blocked": {"rule": "word", "why": "cooldown", "times": 1}}, {"fired": {"rule": "word", "times": 1}}],
    ),
    "wait": (
        [{"comment": {"text": "fire"}}, {"wait": "10s"}, {"comment": {"text": "fire"}}],
        [{"station": "cannon", "action": "fire", "times": 2}],
    ),
    "viewer": (
        [{"comment": {"text": "hi", "user": {"name": "siti", "follower": True}}}, {"comment": {"text": "hi"}}],
        [{"station": "webhook", "action": "call", "times": 1}, {"blocked": {"rule": "fan", "why": "not meant"}}],
    ),
    "question": ([{"question": {"text": "Why?"}}], [{"announced": "because"}]),
    "likes": ([{"like": 250}], [{"counter": {"name": "goal", "is": 2}}]),
    "follow": ([{"follow": {"user": "budi"}}], [{"counter": {"name": "credit", "is": 5, "user": "budi"}}]),
    "share": ([{"share": {}}], [{"announced": "shared"}]),
    "subscribe": ([{"subscribe": {"user": "x"}}], [{"announced": "subscribed"}]),
    "account": ([{"join": {}}, {"join": {}, "account": "bob"}], [{"fired": {"rule": "join", "times": 1}}]),
    "stage": ([{"viewers": 150}], [{"stage": {"name": "crowd", "level": "full"}}]),
    "stage that has not begun": ([{"wait": "1s"}], [{"stage": {"name": "crowd", "level": "quiet"}}]),
    "envelope": ([{"envelope": {"coins": 50}}], [{"announced": "chest"}]),
    "battle": ([{"battle": "started"}, {"battle": "ended"}], [{"fired": {"rule": "battle", "times": 1}}]),
    "timer": (
        [{"live": "started"}, {"wait": "12s"}],
        [{"timer": {"name": "round", "left": "18s"}}, {"fired": {"rule": "over", "times": 0}}],
    ),
    "timer that ran out": ([{"live": "started"}, {"wait": "31s"}], [{"announced": "over"}]),
    "button": ([{"live": "started"}, {"button": "go"}], [{"timer": {"name": "round", "running": False}}]),
    "gap": ([{"gap": "2m"}], [{"announced": "gap"}]),
    "input": ([{"input": {"station": "cannon", "channel": "eye"}}] * 2, [{"announced": "seen"}]),
    "topic": (
        [{"topic": {"topic": "home/door", "payload": "open"}}],
        [{"station": "mqtt", "action": "publish", "params": {"topic": "home/lamp", "payload": "on"}}],
    ),
    "counter set by hand": ([{"counter": {"name": "goal", "to": 10}}], [{"announced": "goal"}]),
    "station that is away": (
        [{"away": "cannon"}, {"gift": {}}, {"wait": "40s"}, {"back": "cannon"}],
        [{"station": "cannon", "action": "fire", "times": 0}, {"fired": {"rule": "rose"}}],
    ),
    "station that comes back": (
        [{"away": "cannon"}, {"gift": {}}, {"wait": "10s"}, {"back": "cannon"}],
        [{"station": "cannon", "action": "fire", "times": 1}],
    ),
    "what has begun ends": ([{"comment": {"text": "slow"}}], [{"announced": "slow"}]),
    "note": ([{"gift": {"name": "Crown", "user": "siti"}}], [{"note": {"name": "king", "is": "siti"}}]),
    "nothing": ([{"comment": {"text": "hello"}}], [{"nothing": True}]),
}
WRONG: dict[str, tuple[list[Any], list[Any], str]] = {
    "station": (
        [{"gift": {"count": 2}}],
        [{"station": "cannon", "action": "fire", "times": 5}],
        "expected cannon/fire 5 times; it was done 2 times: cannon/fire done 2x",
    ),
    "params": (
        [{"gift": {}}],
        [{"station": "cannon", "action": "fire", "params": {"ms": 400}}],
        "expected cannon/fire with {'ms': 400} at least once; it was done never",
    ),
    "fired": (
        [{"gift": {}}],
        [{"fired": {"rule": "word"}}],
        "expected rule word to fire at least once; it came never",
    ),
    "blocked": (
        [{"comment": {"text": "fire"}}],
        [{"blocked": {"rule": "word", "why": "cooldown"}}],
        "it came never: fired 1x",
    ),
    "counter": (
        [{"gift": {}}],
        [{"counter": {"name": "goal", "is": 7}}],
        "expected counter goal to be 7; it is 1",
    ),
    "timer": (
        [{"live": "started"}],
        [{"timer": {"name": "round", "left": "5s"}}],
        "expected 5s left of timer round; 30.0s",
    ),
    "timer at all": ([{"gift": {}}], [{"timer": {"name": "round"}}], "expected timer round to run; it does not"),
    "note": ([{"gift": {}}], [{"note": {"name": "king", "is": "x"}}], "expected note king to say 'x'; it says ''"),
    "unknown note": ([{"gift": {}}], [{"note": {"name": "kng", "is": "x"}}], "did you mean 'king'?"),
    "stage": ([{"viewers": 5}], [{"stage": {"name": "crowd", "level": "full"}}], "on full; it is on quiet"),
    "announced": ([{"share": {}}], [{"announced": "x"}], "'x'; found 'shared'"),
    "nothing": ([{"share": {}}], [{"nothing": True}], "expected that nothing happens: announce/say done 1x"),
    "unknown station": ([{"gift": {}}], [{"station": "canon", "action": "fire"}], "did you mean 'cannon'?"),
    "unknown action": ([{"gift": {}}], [{"station": "cannon", "action": "fier"}], "did you mean 'fire'?"),
    "unknown rule": (
        [{"gift": {}}],
        [{"fired": {"rule": "rosse"}}],
        "there is no rule 'rosse' (did you mean 'rose'?)",
    ),
    "unknown button": ([{"button": "goo"}], [{"nothing": True}], "there is no button 'goo' (did you mean 'go'?)"),
    "two at once": ([{"like": 5, "viewers": 3}], [{"nothing": True}], "say exactly one of"),
    "nothing expected": ([{"like": 5}], [{"times": 3}], "say exactly one of station, fired"),
    "whose counter": ([{"gift": {}}], [{"counter": {"name": "credit", "is": 1}}], "each viewer has their own"),
    "too long": ([{"wait": "20h"}, {"wait": "20h"}], [{"nothing": True}], "waits for 40 hours"),
}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    folder = tmp_path_factory.mktemp("hall")
    (folder / "stagewire.yaml").write_text(HALL)
    (folder / "rules.yaml").write_text(RULES)
    return load(folder / "stagewire.yaml", strict=True)


def said(given: list[Any], expect: list[Any], **more: str) -> dict[str, expectations.RuleTest]:
    return {"it": msgspec.convert({"given": given, "expect": expect, **more}, expectations.RuleTest)}


@pytest.mark.parametrize("name", GOOD)
def test_what_comes_as_expected_is_good(name: str, config: Config) -> None:
    given, expect = GOOD[name]
    assert run_expectations(config.rules, config.settings, said(given, expect)) == []


@pytest.mark.parametrize("name", WRONG)
def test_what_comes_otherwise_is_told_with_what_came_instead(name: str, config: Config) -> None:
    given, expect, words = WRONG[name]
    (failure,) = run_expectations(config.rules, config.settings, said(given, expect))
    assert words in failure.words
    assert failure.test == "it"


def test_everything_that_can_be_said_is_tried_here() -> None:
    tried_given = {key for given, _ in GOOD.values() for each in given for key in each}
    tried_expect = {key for _, expect in GOOD.values() for each in expect for key in each}
    assert tried_given == set(expectations.Given.__struct_fields__)
    assert tried_expect == set(expectations.Expect.__struct_fields__)


def test_the_time_of_day_can_be_chosen(config: Config) -> None:
    given, expect = [{"comment": {"text": "night"}}], [{"announced": "night"}]
    assert run_expectations(config.rules, config.settings, said(given, expect, start="fri 21:30")) == []
    assert run_expectations(config.rules, config.settings, said(given, expect, start="21:30"))


def test_each_test_begins_anew(config: Config) -> None:
    one = said([{"gift": {}}], [{"counter": {"name": "goal", "is": 1}}])["it"]
    assert run_expectations(config.rules, config.settings, {"a": one, "b": one}) == []


def test_failures_of_a_file_name_their_lines(tmp_path: Path) -> None:
    (tmp_path / "stagewire.yaml").write_text(HALL)
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "rules.test.yaml").write_text(
        "tests:\n"
        "  good:\n    given: [{share: {}}]\n    expect: [{announced: shared}]\n"
        "  bad:\n    given:\n      - gift: {}\n    expect:\n      - fired: {rule: rose}\n      - announced: x\n"
    )
    results = run_file(tmp_path / "stagewire.yaml")
    assert results["good"] == []
    (words,) = results["bad"]
    assert words.startswith(f"{tmp_path / 'rules.test.yaml'}:10: expected the announcement 'x'")


def test_a_file_that_is_none_is_told_with_every_mistake(tmp_path: Path) -> None:
    (tmp_path / "stagewire.yaml").write_text(HALL)
    (tmp_path / "rules.yaml").write_text(RULES)
    with pytest.raises(SettingsError, match="there is no such file"):
        run_file(tmp_path / "stagewire.yaml")
    (tmp_path / "rules.test.yaml").write_text("tests:\n  a:\n    given: [{gitf: {}}]\n    expect: []\n")
    with pytest.raises(SettingsError) as e:
        run_file(tmp_path / "stagewire.yaml")
    assert [m.split(":")[1] for m in e.value.mistakes] == ["3", "4"]
    assert "did you mean 'gift'" in e.value.mistakes[0]
