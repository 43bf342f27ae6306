"""Rules that could never work, or would do what nobody meant: each is named with its line and what to write."""

from pathlib import Path

import pytest

from tests.settings.venue import GOOD_MORE, GOOD_WHEN, REST, read, rule, said


@pytest.mark.parametrize("when", GOOD_WHEN)
def test_a_good_trigger_is_taken(tmp_path: Path, when: str) -> None:
    rules = read(tmp_path, rule(when))
    assert not rules.mistakes
    assert list(rules.book.rules) == ["r"]


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("{}", "rules.r.when: say exactly one of gift, comment"),
        ("{follow: {}, share: {}}", "rules.r.when: say exactly one of gift, comment"),
        ("{gift: {}}", "gift: say which gifts: name, id, min_coins, max_coins, category or tier"),
        ("{gift: {category: premium, max_coins: 500}}", "max_coins: premium gifts cost at least 1000 coins, so n"),
        ("{gift: {category: standard, min_coins: 100}}", "min_coins: standard gifts cost 0 to 99 coins, so no gi"),
        ("{gift: {category: gold}}", "expected one of premium, special, standard; found 'gold'"),
        ("{gift: {name: '\u0301'}}", "name: expected a gift's name; nothing of"),
        ("{comment: {}}", "comment: say exactly one of contains, exact, command, regex"),
        ("{comment: {contains: a, regex: b}}", "comment: say exactly one of contains, exact, command, regex"),
        ("{comment: {contains: '\u0301'}}", "contains: expected a word; nothing of"),
        ("{comment: {command: fire now}}", "command: a command is one word, the first of the comment"),
        ("{comment: {regex: '(a'}}", "when.comment.regex: not a regular expression: missing )"),
        ("{question: {regex: 'a*'}}", "when.question.regex: expected something that not every comment has"),
        ("{like: {}}", "like: say exactly one of every, per_minute"),
        ("{like: {every: 5, per_minute: 5}}", "like: say exactly one of every, per_minute"),
        ("{viewers: {above: 3, below: 2}}", "viewers: say exactly one of above, below"),
        ("{milestone: {of: likes}}", "milestone: say exactly one of at, every"),
        ("{milestone: {of: likes, at: []}}", "milestone.at: expected at least one number"),
        ("{milestone: {of: like, every: 5}}", "did you mean 'likes'?"),
        ("{input: {station: canon, channel: button}}", "there is no station 'canon' (did you mean 'cannon'?)"),
        ("{input: {station: cannon, channel: butn}}", "no channel 'butn' (did you mean 'button'?)"),
        ("{input: {station: cannon, channel: x9}}", "no channel 'x9'; its inputs are button"),
        ("{input: {station: cannon, channel: shot}}", "expected a channel of kind input or analog; 'shot' is of"),
        ("{time: {}}", "time: say exactly one of every, cron"),
        ("{time: {every: 100ms}}", "every: expected 1s to 24h; found 100ms"),
        ("{time: {every: 25h}}", "every: expected 1s to 24h; found 25h"),
        ("{time: {cron: 0 25 * * *}}", "cron: the second field is the hour, 0 to 23"),
        ("{topic: {topic: stagewire/1/hall/control/estop/trip}}", "topic: what Stagewire itself publishes has tr"),
        ("{topic: {topic: $SYS/broker/uptime}}", "topic: topics that begin with $ are the broker's own"),
        ("{topic: {topic: home/+/door}}", "no +, no #"),
        ("{timer: {name: rund}}", "there is no timer 'rund' (did you mean 'round'?)"),
        ("{timer: {name: zzz}}", "there is no timer 'zzz': write it under `timers`"),
        ("{counter: {name: credit}}", "counter: say exactly one of reaches, falls_to, every"),
        ("{counter: {name: credt, every: 1}}", "there is no counter 'credt' (did you mean 'credit'?)"),
        ("{counter: {name: credit, reaches: 101}}", "reaches: counter 'credit' never comes to it from below"),
        ("{counter: {name: credit, reaches: 0}}", "expected more than 0 and at most 100"),
        ("{counter: {name: credit, falls_to: 100}}", "expected at least 0 and less than 100"),
        ("{counter: {name: credit, reaches: .nan}}", "reaches: expected a number; found nan"),
        ("{stage: {name: crwd, level: full}}", "there is no stage 'crwd' (did you mean 'crowd'?)"),
        ("{stage: {name: crowd, level: ful}}", "no level 'ful' (did you mean 'full'?)"),
        ("{stage: {name: crowd, level: loud}}", "no level 'loud'; its levels are quiet, full"),
        ("{stage: {name: crowd, level: quiet}}", "'quiet' is the lowest level, which is never reached from below"),
        ("{stage: {name: crowd, level: full, going: down}}", "'full' is the highest level, which is never reache"),
        ("{sequence: {steps: [{follow: {}}, {follow: {}}], within: 25h}}", "within: expected more than 0 and at"),
        ("{sequence: {steps: [{follow: {}}], within: 1m}}", "steps: expected at least 2 entries; found 1"),
        ("{sequence: {steps: [], within: 1m}}", "steps: expected at least one entry; the list is empty"),
        (f"{{sequence: {{steps: [{'{follow: {}},' * 11}], within: 1m}}}}", "at most 10 entries; found 11"),
        (f"{{comment: {{regex: {'a' * 201}}}}}", "regex: expected at most 200 characters; found 201"),
        ("{comment: {contains: ''}}", "contains: expected some text; there is none"),
        ("{sequence: {steps: [{follow: {}}, {like: {every: 5}}], within: 1m}}", "steps.1.like: cannot be a step"),
        ("{sequence: {steps: [{follow: {}}, {time: {every: 5m}}], within: 1m}}", "steps.1.time: cannot be a step"),
        ("{sequence: {steps: [{follow: {}}, {gift: {}}], within: 1m}}", "steps.1.gift: say which gifts"),
        ("{sequence: {steps: [{follow: {}}, {}], within: 1m}}", "steps.1: say exactly one of"),
    ],
)  # fmt: skip
def test_a_trigger_that_could_never_fire_is_named(tmp_path: Path, when: str, words: str) -> None:
    (mistake,) = said(tmp_path, rule(when))
    assert mistake.startswith("rules.yaml:3: rules.r.when")
    assert words in mistake


@pytest.mark.parametrize("more", GOOD_MORE)
def test_good_conditions_and_limits_are_taken(tmp_path: Path, more: str) -> None:
    assert not said(tmp_path, rule(more=more))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("if: {}", "rules.r.if: say who or what: follower, moderator"),
        ("if: {not: {}}", "rules.r.if.not: say who or what"),
        ("if: {any: [{follower: true}, {}]}", "rules.r.if.any.1: say who or what"),
        ("if: {all: []}", "rules.r.if.all: expected at least one entry"),
        ("if: {users: []}", "rules.r.if.users: expected at least one entry"),
        ("if: {stage: {}}", "rules.r.if.stage: expected at least one entry"),
        (
            "if: {stage: {crowd: fulll}}",
            "rules.r.if.stage.crowd: stage 'crowd' has no level 'fulll' (did you mean",
        ),
        ("if: {stage: {crow: full}}", "there is no stage 'crow' (did you mean 'crowd'?)"),
        ("if: {station: {canon: idle}}", "there is no station 'canon'"),
        ("if: {hours: {from: 18:00, to: 18:00}}", "rules.r.if.hours: begin and end at 18:00"),
        ("if: {hours: {from: 0:00, to: 00:00}}", "rules.r.if.hours: begin and end at 00:00"),
        ("if: {hours: {from: 24:00, to: 2:00}}", "rules.r.if.hours.from: a day begins at 00:00"),
        ("if: {hours: {from: 25:00}}", "rules.r.if.hours.from: expected a time of day"),
        ("if: {so: coins}", "rules.r.if.so: expected a comparison, which is true or false; 'coins' is a number"),
        ("if: {so: cois > 1}", "did you mean 'coins'?"),
        ("if: {so: user > 1}", "rules.r.if.so: "),
        (
            "if: {not: {not: {not: {not: {not: {not: {top: 1}}}}}}}",
            "at most 5 of all, any and not within each other",
        ),
        ("if: {folower: true}", "did you mean 'follower'?"),
        ("group: bigg", "rules.r.group: there is no group 'bigg' (did you mean 'big'?)"),
        ("accounts: [ayuu]", "rules.r.accounts.0: there is no account 'ayuu' (did you mean 'ayu'?)"),
        ("mode: single\n    max: 3", "rules.r.max: means nothing with mode single; it is for parallel and queued"),
        ("combo: {within: 5s}", "rules.r.combo: say how many: count, users or both, more than 1"),
        ("combo: {count: 2, within: 0s}", "rules.r.combo.within: expected more than 0 and at most 24h"),
        ("cooldown: 25h", "rules.r.cooldown: expected at most 24h; found 25h"),
        ("deadline: 11m", "rules.r.deadline: expected more than 0 and at most 600s"),
        ("else: [{sound: bell}]", "rules.r.else: `else` is for who does not count"),
        ("if: {top: 3}\n    else: [{sound: bel}]", "rules.r.else.0.sound: there is no sound 'bel' (did you mean"),
    ],
)
def test_a_condition_or_limit_without_sense_is_named(tmp_path: Path, more: str, words: str) -> None:
    (mistake,) = said(tmp_path, rule(more=more))
    assert words in mistake


@pytest.mark.parametrize("when", ["{time: {every: 1m}}", "{button: {name: go}}", "{live: {phase: started}}"])
@pytest.mark.parametrize(
    ("more", "place"),
    [
        ("if: {follower: true}", "if.follower"),
        ("unless: {any: [{top: 3}, {chance: 5}]}", "unless.any.0.top"),
        ("user_cooldown: 5s", "user_cooldown"),
        ("user_per_minute: 5", "user_per_minute"),
        ("combo: {users: 3, within: 30s}", "combo.users"),
    ],
)
def test_a_viewer_is_not_asked_for_where_there_is_none(tmp_path: Path, when: str, more: str, place: str) -> None:
    (mistake,) = said(tmp_path, rule(when, more=more))
    kind = when.strip("{").split(":")[0]
    assert f"rules.r.{place}: no viewer is behind `{kind}`, so this would never be so; leave it out" in mistake


@pytest.mark.parametrize(
    "when",
    ["{button: {name: go}}", "{counter: {name: credit, reaches: 9}}", "{stage: {name: crowd, level: full}}"],
)
def test_accounts_are_not_named_for_what_belongs_to_the_venue(tmp_path: Path, when: str) -> None:
    (mistake,) = said(tmp_path, rule(when, more="accounts: [ayu]"))
    assert "rules.r.accounts: `" in mistake
    assert "belongs to the venue and to no account: leave it out" in mistake


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{max: 100}", "{min: 5, max: 5}", "counters.credit.max: expected more than min, 5; found 5"),
        ("{max: 100}", "{max: 100, start: 101}", "counters.credit.start: expected 0 to 100; found 101"),
        ("{max: 100}", "{max: .inf}", "counters.credit.max: expected a number; found inf"),
        ("credit:", "coins:", "counters.coins: in expressions it would be coins, and that name is always there"),
        ("credit:", "live-likes:", "it would be live_likes, and that name is always there"),
        ("credit:", "timer-round:", "it would be timer_round, and that name is timer 'round''s"),
        ("credit:", "stage-crowd:", "it would be stage_crowd, and that name is stage 'crowd''s"),
        ("credit:", "5-shots:", "counters.5-shots: expressions could not read it as '5_shots'"),
        ("credit:", "not:", "counters.not: expressions could not read it as 'not'"),
        ("[round]", "[round, round]", "rules.yaml:8: timers.0: timer 'round' stands here more than once"),
        ("metric: viewers", "counter: own-shots", "stages.crowd.counter: each viewer has their own 'own-shots'"),
        ("cooldown: 30s", "cooldown: 0s", "groups.big.cooldown: expected more than 0 and at most 24h"),
        (
            "minimum: 30",
            "minimum: 30, needs: mood/wild",
            "stages.crowd.levels.full.needs: there is no stage 'mood'",
        ),
    ],
)
def test_what_rules_use_is_checked_too(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in REST
    (mistake,) = said(tmp_path, rule().replace(old, new, 1) if old != "credit:" else rule().replace(old, new))
    assert words in mistake


def test_a_rule_saved_as_Active_is_a_mistake_and_not_a_rule_that_never_fires(tmp_path: Path) -> None:
    (mistake,) = said(tmp_path, rule(more="enabled: Active"))
    assert mistake == "rules.yaml:5: rules.r.enabled: expected true or false; found 'Active'"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            rule("{comment: {exact: 666}}"),
            'when.comment.exact: expected text; found 666: write it in quotes, "666"',
        ),
        (rule("{gift: {min_coins: '9'}}"), "expected a whole number; found '9': write it without quotes"),
        (rule("{gift: Rose}"), "expected a block of settings; found 'Rose': write it as {setting: value}"),
        (
            rule("{comment: {command: !fire }}"),
            "there is none (one that begins with ! or # has to stand in quotes)",
        ),
        (rule("{comment: {command: “!fire”}}"), "“ and ” are no quotes here but part of the text; write"),
        (rule(then="{sound: horn}"), "expected a list; found a block of settings: write it in [ ]"),
    ],
)
def test_what_is_written_otherwise_than_meant_is_told_how_to_write_it(
    tmp_path: Path, text: str, words: str
) -> None:
    assert any(words in m for m in read(tmp_path, text).mistakes)
