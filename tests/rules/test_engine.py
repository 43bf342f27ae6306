"""What rules decide: thin, pure, deterministic."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.messages import (
    Comment,
    CommentEvent,
    Event,
    Gift,
    GiftEvent,
    Like,
    LikeEvent,
    User,
    encode,
    stamp,
)
from gateway.rules.engine import Decision, Program, compile_rules, decide
from gateway.rules.state import State
from gateway.rules.triggers import Outcome
from gateway.settings.models import RuleBook

NOW = 1_790_000_000.0
BUDI = User(id="u-1", name="budi.practice", nickname="Budi")


FIRE = [{"station": "cannon", "action": "fire"}]


def program(when: dict[str, object], **more: object) -> Program:
    book = msgspec.convert({"rules": {"r": {"when": when, "then": FIRE, **more}}}, RuleBook)
    return compile_rules(book.rules)


def gift(count: int = 1, total: int = 1, *, name: str = "Rose", ended: bool = True, **more: object) -> Event:
    common = {"id": f"g-{total}", "time": stamp(NOW), "received": stamp(NOW), "account": "ayu", "source": "/test"}
    data = Gift(user=BUDI, gift_id="5655", name=name, count=count, total=total, ended=ended, coins=1)
    return GiftEvent(**{**common, **more}, data=data)  # type: ignore[arg-type]


def comment(text: str) -> Event:
    return CommentEvent(
        id="c",
        source="/t",
        time=stamp(NOW),
        received=stamp(NOW),
        account="ayu",
        data=Comment(user=BUDI, text=text),
    )


def like(count: int, account: str = "ayu") -> Event:
    return LikeEvent(
        id="l", source="/t", time=stamp(NOW), received=stamp(NOW), account=account, data=Like(count=count)
    )


def one(p: Program, event: Event, now: float = NOW, state: State | None = None) -> Decision:
    return decide(p, event, now, state or State())


def test_a_gift_becomes_one_command_that_names_its_cause_rule_and_viewer() -> None:
    (command,) = one(program({"gift": {"name": "rose"}}), gift()).commands
    assert (command.station, command.action, command.cause, command.rule) == ("cannon", "fire", "g-1", "r")
    assert command.user == "Budi"
    assert command.expires_at == stamp(NOW + 30)


def test_the_same_gift_seen_twice_gives_the_same_command_ids() -> None:
    p = program({"gift": {"name": "Rose"}})
    assert one(p, gift(3, 3)).commands == one(p, gift(3, 3)).commands


@pytest.mark.parametrize(
    ("pay", "fired"), [("each", [1, 2, 2, 0]), ("start", [1, 0, 0, 0]), ("end", [0, 0, 0, 1])]
)
def test_a_streak_pays_each_gift_or_once_at_its_start_or_end(pay: str, fired: list[int]) -> None:
    p, state = program({"gift": {"name": "Rose", "pay": pay}}), State()
    streak = [gift(1, 1, ended=False), gift(2, 3, ended=False), gift(2, 5, ended=False), gift(0, 5, ended=True)]
    assert [len(decide(p, e, NOW, state).commands) for e in streak] == fired


def test_another_gift_does_not_fire_and_says_so() -> None:
    decision = one(program({"gift": {"name": "Galaxy"}}), gift())
    assert not decision.commands
    assert decision.reasons[0].outcome is Outcome.NO_MATCH


def test_a_gift_of_unknown_price_never_counts_as_dear() -> None:
    cheap = gift()
    unknown = msgspec.structs.replace(cheap, data=msgspec.structs.replace(cheap.data, coins=None))
    assert not one(program({"gift": {"min_coins": 1}}), unknown).commands


def test_the_cooldown_blocks_with_the_time_that_is_left() -> None:
    p, state = program({"comment": {"contains": "fire"}}, cooldown="10s"), State()
    assert decide(p, comment("fire!"), NOW, state).commands
    blocked = decide(p, comment("fire!"), NOW + 4, state)
    assert not blocked.commands
    assert blocked.reasons[0].words == "cooling down, 6.0 s left"
    assert decide(p, comment("fire!"), NOW + 10, state).commands


def test_a_late_gift_expires_and_starts_no_cooldown() -> None:
    p, state = program({"gift": {"name": "Rose"}}, cooldown="10s", deadline="5s"), State()
    (late,) = decide(p, gift(), NOW + 6, state).commands
    assert late.expires_at == stamp(NOW + 5)
    assert decide(p, gift(received=stamp(NOW + 7)), NOW + 7, state).reasons[0].outcome is Outcome.FIRED


def test_a_clock_that_was_set_back_does_not_stretch_a_cooldown() -> None:
    p, state = program({"comment": {"contains": "fire"}}, cooldown="10s"), State()
    assert decide(p, comment("fire!"), NOW + 86_400, state).commands
    assert decide(p, comment("fire!"), NOW, state).commands


def test_likes_carry_their_remainder_over_per_account() -> None:
    p, state = program({"like": {"every": 100}}), State()
    fired = [
        len(decide(p, e, NOW, state).commands)
        for e in (like(60), like(60), like(60), like(60, "rio"), like(20), like(250))
    ]
    assert fired == [0, 1, 0, 0, 1, 2]


def test_a_stale_event_moves_nothing() -> None:
    decision = one(program({"gift": {"name": "Rose"}}), gift(stale=True))
    assert not decision.commands
    assert decision.reasons[0].outcome is Outcome.STALE


def test_a_rule_for_one_account_leaves_the_others_alone_and_a_disabled_one_never_fires() -> None:
    p = program({"gift": {"name": "Rose"}}, accounts=["rio"])
    assert p.rules_for(gift()) == []
    assert one(p, gift(account="rio")).commands
    assert not one(program({"gift": {"name": "Rose"}}, enabled=False), gift()).reasons


def test_rules_keep_their_order_whether_they_name_accounts_or_not() -> None:
    rose = {"when": {"gift": {"name": "Rose"}}, "then": FIRE}
    rules = {"a": rose, "b": {**rose, "accounts": ["rio"]}, "c": rose}
    p = compile_rules(msgspec.convert({"rules": rules}, RuleBook).rules)
    assert [r.name for r in p.rules_for(gift(account="rio"))] == ["a", "b", "c"]
    assert [r.name for r in p.rules_for(gift(account="not-in-the-settings"))] == ["a", "c"]


def test_a_rule_that_is_saved_as_enabled_fires() -> None:
    """The predecessor saved "Active" and compared "active": no rule ever fired."""
    saved = encode(program_book())
    again = msgspec.json.decode(saved, type=RuleBook)
    assert one(compile_rules(again.rules), gift()).commands


def program_book() -> RuleBook:
    rule = {"when": {"gift": {"name": "Rose"}}, "then": FIRE, "enabled": True}
    return msgspec.convert({"rules": {"r": rule}}, RuleBook)


def test_one_message_cannot_flood_a_station() -> None:
    decision = one(program({"gift": {"name": "Rose"}}), gift(100_000, 100_000))
    assert len(decision.commands) == 500
    assert "only 500 run" in decision.reasons[0].words


@given(st.lists(st.tuples(st.integers(0, 300), st.floats(0, 100)), max_size=30))
def test_the_same_evening_gives_the_same_decisions_even_when_its_state_was_saved_in_between(
    evening: list[tuple[int, float]],
) -> None:
    p = program({"like": {"every": 70}}, cooldown="5s")
    straight, saved = State(), State()
    for n, t in evening:
        first = decide(p, like(n), NOW + t, straight)
        assert decide(p, like(n), NOW + t, saved) == first
        saved = msgspec.json.decode(msgspec.json.encode(saved), type=State)


def test_a_connectors_clock_that_is_ahead_lends_no_command_a_longer_life() -> None:
    p = program({"gift": {"name": "Rose"}}, deadline="30s")
    assert one(p, gift(received=stamp(NOW + 3600))).commands[0].expires_at == stamp(NOW + 30)
    assert one(p, gift(received=stamp(NOW - 10))).commands[0].expires_at == stamp(NOW + 20)
