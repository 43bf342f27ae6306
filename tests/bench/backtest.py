"""A back-test of a three-hour LIVE with 200 000 events: ``python -m tests.bench.backtest``."""

import argparse
import itertools
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway import messages as m
from gateway.backtest.play import play, read, venue
from gateway.connector.recording.session_file import create
from gateway.messages import stamp

EVENTS, HOURS = 200_000, 3.0
BEGAN = 1_795_377_600.0
"""2026-11-22T20:00:00Z"""
VIEWERS = 400
WORDS = ["fire", "lamp", "hello", "love", "this", "again", "!spin", "red", "blue", "wow", "go"]
GIFTS = [("5655", "Rose", 1), ("5487", "Finger Heart", 5), ("5658", "Perfume", 20), ("5879", "Doughnut", 30)]
DEAR = [("6064", "Confetti", 100), ("6089", "Swan", 699), ("5765", "Motorcycle", 2988)]

SETTINGS = """\
venue: hall
timezone: Europe/Berlin
accounts:
  ada: {username: ada.live}
stations:
  cannon:
    board: {id: STN-A}
    channels:
      shot: {kind: pulse, pin: 5, max_on: 500ms, rest: 100ms, duty: {percent: 20, window: 1m}}
    actions:
      fire: {channel: shot, on_for: 100ms}
  lamp:
    board: {id: STN-B}
    channels:
      light: {kind: level, pin: 6, max_on: 5s, power: 60}
      red: {kind: pwm, pin: 9, max_on: 2s}
    actions:
      blink: {channel: light, on_for: 200ms}
      glow: {channel: light, on_for: 3s}
      dance:
        repeats: 2
        pattern:
          - {channel: light, on_for: 200ms, wait: 300ms}
          - {channel: red, on_for: 300ms, level: 60}
  claw:
    board: {id: STN-C}
    channels:
      arm: {kind: servo, pin: 9, max_on: 4s}
    actions:
      grab: {channel: arm, on_for: 700ms, position: 80}
"""
RULES = """\
counters:
  goal: {max: 1000000}
  credit: {per: viewer}
timers: [round]
stages:
  crowd:
    metric: viewers
    levels: {quiet: {}, full: {minimum: 250, delay: 30s, retention: 50}}
rules:
  rose: {when: {gift: {name: Rose}}, then: [{station: cannon, action: fire}], user_per_minute: 30}
  heart: {when: {gift: {name: Finger Heart, pay: end}}, then: [{station: lamp, action: blink}]}
  perfume: {when: {gift: {name: Perfume}}, then: [{station: claw, action: grab}], cooldown: 5s}
  dear:
    when: {gift: {min_coins: 100}}
    then:
      - {station: lamp, action: dance}
      - {wait: done}
      - {station: lamp, action: glow}
      - {announce: "{user} gave {gift}!"}
    priority: 10
    deadline: 2m
  word: {when: {comment: {contains: fire}}, then: [{station: cannon, action: fire}], user_cooldown: 20s}
  lamp: {when: {comment: {contains: lamp}}, then: [{station: lamp, action: blink}], cooldown: 2s}
  likes: {when: {like: {every: 500}}, then: [{station: lamp, action: glow}]}
  follow: {when: {follow: {}}, then: [{announce: "Welcome {user}"}]}
  coins: {when: {gift: {min_coins: 1}}, then: [{counter: {name: goal, add: coins}}]}
  goal: {when: {counter: {name: goal, every: 5000}}, then: [{station: lamp, action: dance}]}
  full: {when: {stage: {name: crowd, level: full}}, then: [{announce: Full house}]}
  clock: {when: {time: {every: 10m}}, then: [{station: claw, action: grab}]}
"""


def events(count: int = EVENTS, hours: float = HOURS, seed: int = 1) -> Iterator[m.Event]:
    """About what a busy LIVE of so long sends, in ``count`` messages."""
    dice, step = random.Random(seed), hours * 3600 / count
    viewers = [
        m.User(id=str(n), name=f"viewer.{n}", nickname=f"Viewer {n}", follower=n % 3 == 0) for n in range(VIEWERS)
    ]
    waiting: list[tuple[float, int, m.User, tuple[str, str, int], int, int]] = []
    likes = itertools.accumulate(iter(lambda: dice.randint(1, 15), 0))
    before, watching = 0, 200
    for n in range(count):
        at = BEGAN + n * step
        context: dict[str, Any] = {
            "id": f"e-{n}",
            "source": "tiktok/@ada.live",
            "time": stamp(at),
            "received": stamp(at),
            "account": "ada",
        }
        viewer = viewers[min(int(dice.expovariate(6 / VIEWERS)), VIEWERS - 1)]
        if waiting and waiting[0][0] <= at:
            _, streak, giver, gift, total, length = waiting.pop(0)
            yield _gift(context, giver, gift, total, f"s-{streak}", ended=total == length)
            if total < length:
                waiting.append((at + 0.4, streak, giver, gift, total + 1, length))
                waiting.sort(key=lambda w: w[:2])
            continue
        match dice.choices(range(7), (55, 15, 18, 4, 2, 1, 5))[0]:
            case 0:
                total = next(likes)
                yield m.LikeEvent(**context, data=m.Like(count=total - before, total=total))
                before = total
            case 1:
                yield m.JoinEvent(**context, data=m.Person(user=viewer))
            case 2:
                text = " ".join(dice.choices(WORDS, k=dice.randint(1, 5)))
                yield m.CommentEvent(**context, data=m.Comment(user=viewer, text=text, plain=text))
            case 3:
                if dice.random() < 0.05:
                    yield _gift(context, viewer, dice.choice(DEAR), 1, "", ended=True)
                else:
                    gift, length = dice.choices(GIFTS, (70, 20, 7, 3))[0], 1 + int(dice.expovariate(1 / 3))
                    waiting.append((at + 0.4, n, viewer, gift, 2, length + 1))
                    waiting.sort(key=lambda w: w[:2])
                    yield _gift(context, viewer, gift, 1, f"s-{n}", ended=False)
            case 4:
                yield m.FollowEvent(**context, data=m.Person(user=viewer))
            case 5:
                yield m.ShareEvent(**context, data=m.Person(user=viewer))
            case _:
                watching = max(20, watching + dice.randint(-15, 15))
                yield m.ViewersEvent(**context, data=m.Viewers(count=watching))


def _gift(
    context: dict[str, Any], user: m.User, gift: tuple[str, str, int], total: int, streak: str, *, ended: bool
) -> m.Event:
    gift_id, name, coins = gift
    data = m.Gift(
        user=user, gift_id=gift_id, name=name, count=1, total=total, coins=coins, streak=streak, ended=ended
    )
    return m.GiftEvent(**context, data=data)


def write(folder: Path, count: int = EVENTS, hours: float = HOURS) -> Path:
    """A venue, its rules, and the recording; returns the recording."""
    (folder / "stagewire.yaml").write_text(SETTINGS)
    (folder / "rules.yaml").write_text(RULES)
    path = folder / "ada.session.gz"
    with create(path, "ada", "tiktok/@ada.live", stamp(BEGAN), pseudonymous=False) as lines:
        for event in events(count, hours):
            lines.write(m.encode(event))
    return path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--hours", type=float, default=HOURS)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = write(Path(name), args.events, args.hours)
        began = time.perf_counter()
        recording, where = read(path), venue(Path(name))
        loaded = time.perf_counter()
        report = play(recording, where)
        took = time.perf_counter() - began
    commands = sum(s.ordered for s in report.stations.values())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{args.events} events in {args.hours:g} h, {commands} commands: {took:.1f} s "
        f"({loaded - began:.1f} s of it to read), {took / args.events * 1e6:.0f} us an event, {memory:.0f} MB"
    )


if __name__ == "__main__":
    main()
