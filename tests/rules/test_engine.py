"""The whole road of a decision: from a rules file to commands, the same every time."""

from pathlib import Path

import msgspec
import pytest

from gateway import messages as m
from gateway.messages import Outcome
from gateway.rules import engine
from gateway.rules.engine import compile_rules, decide
from gateway.rules.state import State
from gateway.settings.load import load
from gateway.settings.load_rules import parse_rules
from tests.rules.floor import FIRE, VENUE, Floor, rule, venue
from tests.rules.happenings import NOW, coin, comment, gift, like, live, press, topic, viewers

RULES = """\
rules:
  rose:
    title: A rose fires
    enabled: {enabled}
    when: {{gift: {{name: Rose}}}}
    then:
      - {{station: cannon, action: fire}}
"""


@pytest.mark.parametrize("enabled", ["true", "True", "TRUE"])
def test_a_rule_that_is_on_fires(tmp_path: Path, enabled: str) -> None:
    """The predecessor saved "Active" and compared "active": no rule ever fired."""
    (tmp_path / "stagewire.yaml").write_text(VENUE.partition("sounds:")[0])
    (tmp_path / "rules.yaml").write_text(RULES.format(enabled=enabled))
    config = load(tmp_path / "stagewire.yaml", strict=True)
    decision = decide(compile_rules(config.rules, config.settings), gift(), NOW, State())
    assert [(c.station, c.action, c.rule) for c in decision.commands] == [("cannon", "fire", "rose")]
    assert [r.outcome for r in decision.reasons] == [Outcome.FIRED]


def test_a_rule_that_is_off_does_not_fire_and_what_is_neither_is_refused() -> None:
    settings = venue()
    off = parse_rules(RULES.format(enabled="false"), "rules.yaml", settings, Path("nowhere"))
    assert not decide(compile_rules(off.book, settings), gift(), NOW, State()).commands
    for word in ("Active", "active", "on", "yes", "1"):
        wrong = parse_rules(RULES.format(enabled=word), "rules.yaml", settings, Path("nowhere"))
        assert wrong.mistakes[0].startswith("rules.yaml:4: rules.rose.enabled: "), word


def test_a_rule_that_was_saved_fires_as_it_did_before() -> None:
    floor = Floor(rule())
    again = msgspec.json.decode(msgspec.json.encode(floor.book), type=type(floor.book))
    assert again == floor.book
    program = compile_rules(again, floor.settings)
    assert decide(program, gift(), NOW, State()).commands == floor.happens(gift()).commands


def test_the_same_gift_seen_twice_is_the_same_command() -> None:
    """A broker that never heard the acknowledgement brings an event again: from the state before, as the disk has
    it, the same ids come out; and from the state after it, nothing comes twice."""
    floor = Floor(rule(None, FIRE, {"wait": "1s"}, FIRE))
    first, again = floor.roses(3), Floor(rule(None, FIRE, {"wait": "1s"}, FIRE)).roses(3)
    assert msgspec.json.encode(first) == msgspec.json.encode(again)
    after = floor.roses(3)
    assert not after.commands
    assert after.reasons[0].outcome is Outcome.BUSY
    assert floor.ledger() == {"received": 6, "waiting": 3, "blocked": 3}


def test_another_gift_does_not_fire_and_says_so() -> None:
    floor = Floor(rule({"gift": {"name": "Galaxy"}}))
    assert floor.said(gift()).outcome is Outcome.NO_MATCH
    assert floor.ledger() == {}


@pytest.mark.parametrize(
    ("when", "stale"),
    [
        ({"gift": {"name": "Rose"}}, gift(3, 3, stale=True)),
        ({"comment": {"contains": "fire"}}, comment(stale=True)),
        ({"like": {"every": 10}}, like(100, stale=True)),
        ({"live": {"phase": "started"}}, live(stale=True)),
        ({"first": {}}, comment(stale=True)),
        ({"milestone": {"of": "likes", "every": 10}}, like(100, stale=True)),
        ({"button": {"name": "go"}}, press(stale=True)),
        ({"input": {"station": "cannon", "channel": "coin"}}, coin(stale=True)),
    ],
)
def test_a_stale_event_moves_nothing_and_stands_in_the_ledger(when: dict[str, object], stale: m.Event) -> None:
    floor = Floor(rule(when, {"counter": {"name": "c", "add": 1}}, FIRE, cooldown="1m"), counters={"c": {}})
    decision = floor.happens(stale)
    assert not decision.commands
    assert [r.outcome for r in decision.reasons] == [Outcome.STALE]
    times = decision.reasons[0].times
    assert floor.ledger() == {"received": times, "blocked": times}
    assert not floor.state.counters
    assert not floor.state.fired


def test_every_rule_says_its_word_in_the_order_they_stand_in() -> None:
    rules = {
        "a": rule(),
        "b": rule({"gift": {"name": "Lion"}}),
        "c": rule(**{"if": {"moderator": True}}),
        "d": rule({"comment": {"contains": "x"}}),
        "e": rule(combo={"count": 2, "within": "5s"}),
    }
    (decided,) = Floor(rules).happens(gift()).decided
    assert [(r.rule, str(r.outcome)) for r in decided.reasons] == [
        ("a", "fired"),
        ("b", "no match"),
        ("c", "not meant"),
        ("e", "waiting"),
    ]
    assert (decided.event, decided.account, decided.time) == ("GiftEvent-1", "ayu", m.stamp(NOW))


def test_practice_is_counted_apart() -> None:
    floor = Floor(rule())
    floor.happens(gift(id="a"))
    floor.happens(gift(id="b", simulated=True))
    floor.done()
    assert floor.ledger("r") == floor.ledger("practice/r") == {"received": 1, "done": 1}


def test_the_longest_names_fit_into_an_id() -> None:
    name, event_id = "r" * 32, "e" * 120
    floor = Floor({name: rule(None, {"repeat": {"times": 100, "steps": [FIRE, FIRE]}})})
    decision = floor.happens(gift(500, 500, id=event_id))
    assert len(decision.commands) == 500 * 200
    assert all(m.decode(m.encode(c), m.Command) == c for c in decision.commands[-3:])


def test_other_accounts_and_topics_are_nobodys_business() -> None:
    floor = Floor(rule(accounts=["rio"]))
    for happening in (gift(), comment(), viewers(5), topic("x"), press("y")):
        assert not floor.happens(happening).reasons


def test_what_cannot_be_read_any_more_is_told_and_the_rest_goes_on() -> None:
    floor = Floor(rule(None, FIRE, {"wait": "1s"}, FIRE, mode="queued", cooldown="0s"))
    floor.roses(3)
    floor.kept["runs:rose-1/r/0"] = b'{"id": 7}'
    floor.kept["unheard:of"] = b"1"
    floor.kept["fired:r"] = b"\xff"
    state, lost = State.restored(floor.kept)
    assert sorted(lost) == ["fired:r", "runs:rose-1/r/0", "unheard:of"]
    assert engine.due(floor.program, state, NOW) == NOW, "what waited for the lost run waits no longer"
    (fire,) = engine.wake(floor.program, NOW, state).commands
    assert fire.run == "rose-1/r/1"


def test_whatever_was_kept_nothing_of_it_is_written_again_unchanged() -> None:
    floor = Floor(rule(None, FIRE, {"wait": "1s"}, FIRE, cooldown="1s"))
    floor.happens(gift())
    floor.restart()
    assert floor.state.changes() == {}
    floor.happens(comment())
    assert floor.state.changes() == {}
