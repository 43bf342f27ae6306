"""A venue with one of everything that rules can name, and its rules file in the making."""

import wave
from pathlib import Path

from gateway.settings.load import Rules, load, load_rules
from gateway.settings.models import Settings

SETTINGS = """\
venue: hall
timezone: Europe/Berlin
accounts:
  ayu: {username: ayu.live}
stations:
  cannon:
    board: {id: STN-A}
    channels:
      shot: {kind: pulse, pin: 5, max_on: 500ms, rest: 1s}
      button: {kind: input, pin: 2}
    actions:
      fire: {channel: shot, on_for: 200ms}
sounds:
  bell: {file: bell.wav}
webhooks:
  lamp: {url: "http://127.0.0.1:1880/lamp"}
  look: {url: "http://127.0.0.1:1880/look", method: GET}
"""
REST = """\
counters:
  credit: {max: 100}
  own-shots: {per: viewer}
timers: [round]
stages:
  crowd:
    metric: viewers
    levels: {quiet: {}, full: {minimum: 30}}
groups:
  big: {cooldown: 30s}
"""
STEP = "{station: cannon, action: fire}"
FIRE = f"[{STEP}]"


def settings(folder: Path) -> Settings:
    """The venue's settings, read from ``folder`` as everybody's are."""
    with wave.open(str(folder / "bell.wav"), "wb") as bell:
        bell.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        bell.writeframes(bytes(800))
    (folder / "stagewire.yaml").write_text(SETTINGS)
    return load(folder / "stagewire.yaml", strict=True).settings


def read(folder: Path, text: str) -> Rules:
    """What becomes of a rules file; paths in its mistakes begin at ``folder``."""
    venue = settings(folder)
    (folder / "rules.yaml").write_text(text)
    return load_rules(folder / "rules.yaml", venue, folder)


def said(folder: Path, text: str) -> list[str]:
    """Every mistake in a rules file, without its folder."""
    return [mistake.replace(f"{folder}/", "") for mistake in read(folder, text).mistakes]


def rule(when: str = "{follow: {}}", then: str = FIRE, more: str = "") -> str:
    """A rules file with one rule ``r`` at its top; ``more`` is what else the rule says."""
    return f"rules:\n  r:\n    when: {when}\n    then: {then}\n" + (f"    {more}\n" if more else "") + REST


def nested(depth: int) -> str:
    """Steps with so many forks within each other."""
    return STEP if not depth else f"{{fork: {{so: coins > {depth}, steps: [{nested(depth - 1)}]}}}}"


GOOD_WHEN = [
    "{gift: {category: special, min_coins: 200}}",
    "{gift: {name: Rose, streak: 5}}",
    "{comment: {regex: '^team (red|blue)$'}}",
    "{question: {contains: why}}",
    "{like: {every: 100}}",
    "{like: {per_minute: 600}}",
    "{first: {}}",
    "{viewers: {above: 30}}",
    "{milestone: {of: coins, at: [100, 500]}}",
    "{milestone: {of: likes, every: 1000}}",
    "{input: {station: cannon, channel: button, count: 3}}",
    "{time: {every: 10m}}",
    "{time: {cron: 0 20 * * fri}}",
    "{topic: {topic: home/door, payload: open}}",
    "{button: {name: go}}",
    "{timer: {name: round}}",
    "{counter: {name: credit, reaches: 100}}",
    "{counter: {name: credit, falls_to: 0}}",
    "{counter: {name: credit, every: 10}}",
    "{stage: {name: crowd, level: full}}",
    "{stage: {name: crowd, level: quiet, going: down}}",
    "{sequence: {steps: [{gift: {name: Rose}}, {comment: {command: fire}}], within: 1m}}",
    "{envelope: {}}",
    "{battle: {phase: started}}",
    "{live: {phase: ended}}",
    "{gap: {}}",
]
GOOD_MORE = [
    "if: {any: [{follower: true}, {not: {top: 3}}, {users: [ayu]}]}",
    "if: {so: 'coins >= 10 and credit < 5 and live_viewers > 3 and stage_crowd == 1'}",
    "if: {hours: {from: 18:00, to: 2:00, days: [fri, sat]}, stage: {crowd: full}, station: {cannon: idle}}",
    "unless: {chance: 50}\n    else: [{sound: bell}]",
    "combo: {count: 5, users: 3, within: 30s}",
    "accounts: [ayu]\n    group: big\n    mode: queued\n    max: 5",
    "max: 3",
    "mode: restart\n    user_per_minute: 3\n    cooldown: 24h\n    user_cooldown: 24h",
]
GOOD_THEN = [
    "[{station: cannon, action: fire, params: {ms: 'clamp(coins * 10, 100, 500)'}}]",
    f"[{STEP}, {{wait: 10m}}, {STEP}, {{wait: done}}, {{sound: bell}}]",
    f"[{{parallel: [[{STEP}], [{{wait: 1s}}, {{sound: bell}}]]}}]",
    f"[{{repeat: {{times: 100, every: 2s, jitter: 25, steps: [{STEP}, {{sound: bell}}]}}}}]",
    f"[{{repeat: {{times: 'count + credit', steps: [{STEP}]}}}}]",
    f"[{{choose: [{{weight: 3, steps: [{STEP}]}}, {{}}]}}]",
    f"[{{fork: {{so: own_shots > 0, steps: [{STEP}], else: [{{announce: 'none left, {{user}}'}}]}}}}]",
    "[{counter: {name: credit, add: coins}}, {counter: {name: own-shots, set: 0}}]",
    "[{timer: {name: round, start: 30s}}, {timer: {name: round, extend: count * 5, most: 5m}}]",
    "[{timer: {name: round, stop: true}}, {timer: {name: round, start: 90}}]",
    "[{announce: 'thank you, {user}: {value} coins'}]",
    "[{publish: {topic: home/lamp, payload: '{{\"on\": true}}', retain: true}}]",
    "[{publish: {topic: home/lamp}}, {webhook: {name: lamp, body: '{user}'}}, {webhook: {name: look}}]",
    f"[{nested(5)}]",
]
