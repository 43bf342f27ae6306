"""Random rule books over the whole vocabulary, and random evenings for them. Hypothesis draws them."""

import random
from typing import Any

from hypothesis import strategies as st

from gateway import messages as m
from tests.rules.floor import FIRE, GLOW, HONK
from tests.rules.happenings import event, viewer

NAMES = ("Rose", "Lion")
WORDS = ("fire", "go", "tembak")
_numbers = st.sampled_from(["coins", "coins * 10", "n", "goal + 1", "mine * 2", "live_likes", "count - 2", "1"])
_lengths = st.sampled_from(["500ms", "1s", "3s", "10s"])
_texts = st.sampled_from(["{user}: {goal}", "{n} of {times}", "{stage_crowd} {timer_round} {live_viewers}"])
_comments = st.sampled_from([{how: word} for how in ("contains", "exact", "command", "regex") for word in WORDS])
_gifts = st.fixed_dictionaries(
    {"min_coins": st.just(1)},
    optional={"name": st.sampled_from(NAMES), "pay": st.sampled_from(["each", "start", "end"])},
)
_in_sequences: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"comment": _comments}),
    st.fixed_dictionaries({"gift": _gifts}),
    st.just({"follow": {}}),
)
_of_viewers = st.one_of(
    _in_sequences,
    st.fixed_dictionaries({"gift": _gifts}),
    st.fixed_dictionaries({"gift": _gifts}),
    st.just({"first": {}}),
    st.fixed_dictionaries(
        {
            "milestone": st.fixed_dictionaries(
                {"of": st.sampled_from(["likes", "coins"]), "every": st.integers(1, 40)}
            )
        }
    ),
    st.fixed_dictionaries({"like": st.fixed_dictionaries({"every": st.integers(1, 40)})}),
    st.fixed_dictionaries(
        {
            "sequence": st.fixed_dictionaries(
                {
                    "steps": st.lists(_in_sequences, min_size=2, max_size=3),
                    "within": _lengths,
                    "same_viewer": st.booleans(),
                }
            )
        }
    ),
    st.sampled_from(
        [{"counter": {"name": "goal", **on}} for on in ({"every": 3}, {"reaches": 5}, {"falls_to": 2})]
    ),
)
_of_nobody = st.sampled_from(
    [
        {"viewers": {"above": 30}},
        {"live": {"phase": "started"}},
        {"input": {"station": "cannon", "channel": "coin", "count": 2}},
        {"time": {"every": "7s"}},
        {"topic": {"topic": "door"}},
        {"button": {"name": "go"}},
        {"timer": {"name": "round"}},
        {"stage": {"name": "crowd", "level": "some", "going": "either"}},
        {"stage": {"name": "heat", "level": "hot"}},
    ]
)
_who = st.sampled_from(
    [
        {"chance": 50},
        {"so": "goal < 4"},
        {"stage": {"crowd": "some"}},
        {"station": {"cannon": "offline"}},
        {"hours": {"from": "09:00", "to": "21:14"}},
        {"any": [{"chance": 30}, {"so": "goal > 2"}]},
        {"not": {"so": "live_gifts > 5"}},
    ]
)
_whose = st.one_of(
    _who, st.sampled_from([{"follower": True}, {"top": 1}, {"users": ["v-1", "viewer.2"]}, {"fan_level": 2}])
)


def _steps(nobody: bool) -> st.SearchStrategy[list[dict[str, Any]]]:
    counters = ["goal"] if nobody else ["goal", "mine"]
    simple = st.one_of(
        st.sampled_from([FIRE, HONK, GLOW, {"wait": "1s"}, {"wait": "400ms"}, {"sound": "bell"}]),
        st.builds(lambda n: {**FIRE, "params": {"ms": n}}, _numbers),
        st.builds(lambda text: {"announce": text}, _texts),
        st.builds(lambda name, n: {"counter": {"name": name, "add": n}}, st.sampled_from(counters), _numbers),
        st.builds(lambda name: {"counter": {"name": name, "set": 0}}, st.sampled_from(counters)),
        st.builds(
            lambda do: {"timer": {"name": "round", **do}},
            st.sampled_from([{"start": "3s"}, {"extend": "n * 2", "most": "9s"}, {"stop": True}]),
        ),
    )
    flat = st.lists(simple, min_size=1, max_size=3)
    nested = st.one_of(
        simple,
        st.just({"wait": "done"}),
        st.builds(lambda a, b: {"parallel": [a, b]}, flat, flat),
        st.builds(
            lambda times, steps: {"repeat": {"times": times, "every": "1s", "jitter": 20, "steps": steps}},
            st.sampled_from([2, 3, "n", "coins"]),
            flat,
        ),
        st.builds(lambda steps: {"choose": [{"weight": 2, "steps": steps}, {"steps": []}]}, flat),
        st.builds(lambda a, b: {"fork": {"so": "goal > 2", "steps": a, "else": b}}, flat, flat),
    )
    return st.lists(nested, min_size=1, max_size=4)


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    nobody = draw(st.integers(0, 3)) == 3
    found: dict[str, Any] = {"when": draw(_of_nobody if nobody else _of_viewers), "then": draw(_steps(nobody))}
    optional: dict[str, st.SearchStrategy[Any]] = {
        "if": _who if nobody else _whose,
        "unless": _who if nobody else _whose,
        "else": _steps(nobody),
        "cooldown": _lengths,
        "group": st.just("big"),
        "combo": st.just({"count": 2, "within": "10s"}),
        "deadline": st.sampled_from(["2s", "30s"]),
    }
    if not nobody:
        optional |= {"user_cooldown": _lengths, "user_per_minute": st.integers(1, 5)}
    for word, strategy in optional.items():
        if draw(st.integers(0, 7)) == 5:
            found[word] = draw(strategy)
    if "else" in found and not found.keys() & {"if", "unless"}:
        found["if"] = draw(_who)
    found["mode"] = draw(st.sampled_from(["single", "restart", "queued", "parallel"]))
    if found["mode"] in ("queued", "parallel") and draw(st.booleans()):
        found["max"] = draw(st.integers(1, 4))
    return found


@st.composite
def books(draw: st.DrawFn) -> dict[str, Any]:
    """What a rules file says, as data."""
    return {
        "rules": {f"r{n}": draw(rules()) for n in range(draw(st.integers(3, 5)))},
        "counters": {"goal": {"max": 12, "reset": "live"}, "mine": {"per": "viewer"}},
        "timers": ["round"],
        "groups": {"big": {"cooldown": "4s"}},
        "stages": {
            "crowd": {
                "metric": "viewers",
                "levels": {"few": {}, "some": {"minimum": 30, "delay": "2s"}, "many": {"minimum": 80}},
            },
            "heat": {"counter": "goal", "levels": {"cold": {}, "hot": {"minimum": 4, "needs": "crowd/some"}}},
        },
    }


def happening(kind: str, number: int, size: int, who: int, now: float, *, stale: bool = False) -> m.Event:
    """The ``number``th event of an evening; ``size`` and ``who`` choose what it says."""
    user = viewer(who, follower=who % 2 == 0, fan_level=who)
    received = m.stamp(now - (3 if size == 7 else 0))
    common: dict[str, Any] = {"id": f"{kind}-{number}", "received": received, "stale": stale}
    common |= {"account": ("ayu", "rio")[who % 2], "simulated": who == 3}
    of_venue = common | {"account": "", "simulated": False}
    word = WORDS[size % 3]
    match kind:
        case "gift":
            data = m.Gift(
                user=user,
                gift_id=str(size % 2),
                name=NAMES[size % 2],
                count=size,
                total=size,
                coins=who,
                ended=size % 3 > 0,
            )
            return event(m.GiftEvent, data, **common)
        case "comment":
            return event(m.CommentEvent, m.Comment(user=user, text=word), **common)
        case "like":
            return event(m.LikeEvent, m.Like(user=user, count=size * 4), **common)
        case "follow":
            return event(m.FollowEvent, m.Person(user=user), **common)
        case "viewers":
            return event(m.ViewersEvent, m.Viewers(count=size * 12), **common)
        case "live":
            return event(m.LiveEvent, m.Live(phase="started"), room=f"room-{size}", **common)
        case "input":
            return event(m.InputEvent, m.Input(station="cannon", channel="coin", level=True), **of_venue)
        case "topic":
            return event(m.TopicEvent, m.TopicMessage(topic="door", payload=word), **of_venue)
    return event(m.PressEvent, m.Press(button="go"), **of_venue)


KINDS = (
    "gift",
    "gift",
    "gift",
    "comment",
    "comment",
    "like",
    "follow",
    "viewers",
    "live",
    "input",
    "topic",
    "press",
)
ENDINGS: list[tuple[m.Status, m.KeptBy]] = [
    (m.Status.DONE, ""),
    (m.Status.DONE, ""),
    (m.Status.CANCELLED, "stop"),
    (m.Status.REJECTED, "disarmed"),
    (m.Status.BLOCKED, "mode"),
    (m.Status.EXPIRED, "offline"),
    (m.Status.FAILED, "fault"),
    (m.Status.EXPIRED, "deadline"),
    (m.Status.DROPPED, "overflow"),
    (m.Status.CANCELLED, "person"),
    (m.Status.REJECTED, "limit"),
]
Step = tuple[Any, ...]


def make_evening(seed: int, length: int = 60) -> list[Step]:
    """Busy ones: mostly gifts and comments, their commands' endings, some time, and now and then a person."""
    dice = random.Random(seed)

    def step() -> Step:
        match dice.choices(("event", "ack", "wait", "halt", "pay", "forgive"), (50, 30, 14, 2, 5, 1))[0]:
            case "event":
                return "event", dice.choice(KINDS), dice.randrange(10), dice.randint(1, 3), dice.random() < 0.05
            case "ack":
                return "ack", dice.randrange(50), dice.choice(ENDINGS)
            case "wait":
                return "wait", dice.choice((0.0, 0.3, 1.0, 1.0, 4.0, 4.0, 30.0, 200.0, -90.0137))
            case "halt":
                return "halt", dice.random() < 0.7
            case word:
                return word, dice.randrange(10)

    return [step() for _ in range(length)]


seeds = st.integers(0, 2**32)
