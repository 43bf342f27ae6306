"""TikFinity's messages as they were seen, and what becomes of them."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import messages as m
from gateway.connector.sources.base import Refused, Stream
from gateway.connector.sources.tikfinity import SAME_LIVE, TikFinitySource
from tests.connector.conftest import HURRIED
from tests.connector.relaying import Sink

VIEWER = {
    "userId": "6800000000000000001",
    "uniqueId": "ada.otter",
    "nickname": "Ada",
    "followRole": 1,
    "userBadges": [{"type": "privilege", "level": 21, "badgeSceneType": 8}],
    "isModerator": False,
    "isSubscriber": False,
    "gifterLevel": 21,
    "teamMemberLevel": 0,
    "msgId": "7500000000000000007",
    "createTime": "1749859560559",
    "tikfinityUserId": 1000001,
    "tikfinityUsername": "ada.live",
}
GIFT = {
    "giftId": 5655,
    "repeatCount": 1,
    "groupId": "1749859560141",
    "repeatEnd": False,
    "gift": {"gift_id": 5655, "repeat_count": 1, "repeat_end": 0, "gift_type": 1},
    "describe": "sent Rose",
    "giftType": 1,
    "diamondCount": 1,
    "giftName": "Rose",
    "receiverUserId": "6800000000000000002",
    **VIEWER,
}


class Program:
    """What is said is heard at once, by one source."""

    def __init__(self) -> None:
        stream = Stream("ada", "tikfinity/@ada.live")
        self.source, self.sink = TikFinitySource(stream, "ada.live", "ws://127.0.0.1", HURRIED), Sink()

    def say(self, event: str, data: dict[str, Any]) -> Any:
        """The event that it becomes, None for none."""
        before = len(self.sink.events)
        self.source._take(json.dumps({"event": event, "data": data}), self.sink)
        return self.sink.events[-1] if len(self.sink.events) > before else None


def test_a_streak_gift_as_it_was_recorded() -> None:
    program = Program()
    event = program.say("gift", GIFT)
    assert event.id == "tikfinity-7500000000000000007"
    assert event.time == "2025-06-14T00:06:00.559Z"
    assert event.room == program.sink.rooms[0]
    assert event.data == m.Gift(
        user=m.User(id="6800000000000000001", name="ada.otter", nickname="Ada", follower=True, gifter_level=21),
        gift_id="5655",
        name="Rose",
        count=0,
        total=1,
        coins=1,
        streak="6800000000000000001-5655-1749859560141",
        ended=False,
    )
    assert program.say("gift", GIFT | {"repeatEnd": True, "repeatCount": 4}).data.ended


def test_a_gift_that_is_no_streak_counts_at_once_though_it_says_that_it_has_not_ended() -> None:
    event = Program().say("gift", GIFT | {"giftType": 2, "giftId": 15585, "diamondCount": 100})
    assert (event.data.count, event.data.ended, event.data.streak, event.data.coins) == (1, True, "", 100)


def test_a_room_that_is_told_makes_the_same_ids_as_other_sources_do() -> None:
    program = Program()
    event = program.say("gift", GIFT | {"roomId": "7515580000000000000"})
    assert (event.room, event.id) == ("7515580000000000000", "7515580000000000000-7500000000000000007")
    again = program.say("gift", GIFT | {"roomId": "7515590000000000000"})
    assert program.sink.rooms == ["7515580000000000000", "7515590000000000000"]
    assert again.room == "7515590000000000000"


def test_an_id_is_the_same_for_whoever_hears_it_and_whenever() -> None:
    assert (
        Program().say("chat", VIEWER | {"comment": "hi"}).id
        == Program().say("chat", VIEWER | {"comment": "hi"}).id
    )


def test_events_without_an_id_get_one_that_nothing_else_has() -> None:
    program = Program()
    events = [program.say("roomUser", {"viewerCount": 7, "topViewers": []}) for _ in range(50)]
    assert len({e.id for e in events}) == 50
    assert events[0].data.count == 7


def test_a_viewer_one_level_down_is_found_too() -> None:
    nested = {"comment": "hi", "user": VIEWER, "common": {"msgId": "5"}}
    event = Program().say("chat", nested)
    assert (event.data.user.name, event.id) == ("ada.otter", "tikfinity-5")


def test_a_follow_is_told_once() -> None:
    program = Program()
    assert program.say("social", VIEWER) is None
    assert isinstance(program.say("follow", VIEWER), m.FollowEvent)


def test_questions_and_chests_are_heard() -> None:
    program = Program()
    question = program.say("questionNew", VIEWER | {"questionText": "How old is it?"})
    assert (question.data.text, question.data.user.name) == ("How old is it?", "ada.otter")
    chest = program.say("envelope", VIEWER | {"coins": 20, "canOpen": 5})
    assert (chest.data.coins, chest.data.people, chest.data.user.id) == (20, 5, "6800000000000000001")


def test_the_end_of_a_live_nobody_heard_of_is_no_event() -> None:
    program = Program()
    assert program.say("streamEnd", {"action": 3}) is None
    assert program.sink.rooms == []


def test_after_a_very_long_silence_it_is_another_live(monkeypatch: pytest.MonkeyPatch) -> None:
    program, now = Program(), time.time()
    monkeypatch.setattr("time.time", lambda: now)
    program.say("gift", GIFT)
    now += SAME_LIVE - 1
    program.say("gift", GIFT | {"msgId": "2"})
    assert len(program.sink.rooms) == 1
    now += SAME_LIVE + 1
    program.say("gift", GIFT | {"msgId": "3"})
    assert len(set(program.sink.rooms)) == 2


def test_whose_live_it_is_is_checked_where_it_is_said() -> None:
    with pytest.raises(Refused, match="@bo"):
        Program().say("gift", GIFT | {"tikfinityUsername": "bo"})
    silent = {k: v for k, v in GIFT.items() if k != "tikfinityUsername"}
    assert Program().say("gift", silent) is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(GIFT)), inner, max_size=3),
    max_leaves=6,
)
KINDS = [
    "gift",
    "chat",
    "like",
    "member",
    "follow",
    "subscribe",
    "roomUser",
    "questionNew",
    "envelope",
    "streamEnd",
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from([*GIFT, "user", "roomId", "comment"]), JSON))
def test_whatever_is_said_becomes_an_event_of_the_contract_or_none(kind: str, changes: dict[str, Any]) -> None:
    program = Program()
    try:
        event = program.say(kind, GIFT | {"comment": "hi", "questionText": "hi"} | changes)
    except Refused:  # it said that the LIVE is somebody else's
        return
    assert event is None or m.decode_event(m.encode(event)) == event
