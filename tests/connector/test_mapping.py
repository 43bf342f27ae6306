"""The same bytes give the same Event, whether TikTokLive's classes decode them or our own schema."""

import random
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import messages as m
from gateway.connector.sources.base import Stream
from gateway.connector.sources.mapping import METHODS, to_event
from gateway.practice.tiktok import frames
from gateway.practice.tiktok.acts import (
    GIFTS,
    Act,
    Battle,
    Chest,
    Comment,
    End,
    Follow,
    Likes,
    Question,
    Side,
    Subscribe,
    Tap,
    Viewer,
    Watching,
)
from gateway.practice.tiktok.crowd import Crowd
from gateway.practice.tiktok.rates import Rates
from gateway.webcast import webcast_pb2 as pb
from gateway.webcast.frame import MESSAGES
from tests.connector.conftest import viewer
from tests.connector.filling import fill

STREAM = Stream("ada", "tiktok/@ada.live", simulated=True)
NOW = 1_800_000_000.25
HOST, GUEST = Viewer(11, "Ada.Live", "Ada"), Viewer(12, "bo.live", "Bo")
SIDES = (Side(HOST, 30), Side(GUEST, 20))


def lean(envelope: pb.Envelope) -> Any:
    return MESSAGES[envelope.method].FromString(envelope.payload)


def stock(envelope: pb.Envelope) -> Any:
    from TikTokLive.events.proto_events import EVENT_MAPPINGS

    return EVENT_MAPPINGS[envelope.method]().parse(envelope.payload)


def event_of(act: Act, msg_id: int = 7, host: str = "") -> m.Event | None:
    envelope = frames.envelope(act, frames.Stamp(99, msg_id, 1_799_999_999_500, likes=70, watching=42))
    return to_event(STREAM, "99", envelope.method, lean(envelope), envelope.msg_id, NOW, host=host)


@pytest.mark.needs("tiktoklive")
def test_both_decoders_give_equal_events_for_everything_a_crowd_does() -> None:
    acts = [act for _, act in islice(Crowd("contract", Rates(gift=1), GIFTS).moments(), 300)]
    acts += [End(), Subscribe(viewer(1)), Tap(viewer(2), GIFTS[0], 3, priced=False), Tap(viewer(2), GIFTS[-1])]
    acts += [Tap(viewer(2), GIFTS[-1], to=GUEST), Question(viewer(3), "when?"), Chest(viewer(4), 100, 10)]
    acts += [Battle(5, "started", SIDES), Battle(5, "points", SIDES), Battle(5, "ended", SIDES)]
    kinds = set()
    for n, act in enumerate(acts, 1):
        envelope = frames.envelope(act, frames.Stamp(99, n, 1_799_999_999_500, likes=n, watching=n, visits=n))
        theirs, ours = (
            to_event(STREAM, "99", envelope.method, decode(envelope), n, NOW, host=str(HOST.id))
            for decode in (stock, lean)
        )
        assert ours == theirs
        assert ours is not None
        assert m.decode_event(m.encode(ours)) == ours
        kinds.add(envelope.method)
    assert kinds == METHODS == MESSAGES.keys()


def test_an_event_says_where_when_and_whether_it_is_practice() -> None:
    event = event_of(Comment(viewer(1), "hi"))
    assert isinstance(event, m.CommentEvent)
    assert (event.id, event.source, event.account, event.room) == ("99-7", "tiktok/@ada.live", "ada", "99")
    assert (event.time, event.received) == ("2027-01-15T07:59:59.500Z", "2027-01-15T08:00:00.250Z")
    assert event.simulated


def test_a_user_is_read_from_identity_and_badges() -> None:
    person = viewer(1, follower=True, moderator=True, subscriber=True, fan_level=12, gifter_level=24)
    event = event_of(Comment(person, "hi"))
    assert isinstance(event, m.CommentEvent)
    assert event.data.user == m.User(
        id=str(person.id),
        name="viewer.1",
        nickname="Viewer 1",
        follower=True,
        moderator=True,
        subscriber=True,
        fan_level=12,
        gifter_level=24,
    )
    follow = event_of(Follow(person))  # no identity here: badges only
    assert isinstance(follow, m.FollowEvent)
    assert follow.data.user is not None
    assert (follow.data.user.moderator, follow.data.user.fan_level) == (True, 12)


def test_a_streak_gift_tells_its_count_and_leaves_paying_to_the_streaks() -> None:
    event = event_of(Tap(viewer(1), GIFTS[0], 4, ended=True, group=55))
    assert isinstance(event, m.GiftEvent)
    assert (event.data.count, event.data.total, event.data.ended) == (0, 4, True)
    assert event.data.streak == f"{viewer(1).id}-{GIFTS[0].id}-55"
    assert (event.data.name, event.data.coins, event.data.gift_id) == ("Rose", 1, str(GIFTS[0].id))


def test_a_streak_gift_without_a_group_counts_once_at_its_end() -> None:
    assert event_of(Tap(viewer(1), GIFTS[0], 4)) is None
    event = event_of(Tap(viewer(1), GIFTS[0], 4, ended=True))
    assert isinstance(event, m.GiftEvent)
    assert (event.data.count, event.data.streak, event.data.ended) == (4, "", True)


def test_a_gift_that_is_no_streak_pays_at_once() -> None:
    event = event_of(Tap(viewer(1), GIFTS[-1]))
    assert isinstance(event, m.GiftEvent)
    assert (event.data.count, event.data.total, event.data.ended, event.data.streak) == (1, 1, True, "")


def test_an_unknown_price_is_none_and_never_a_guess() -> None:
    event = event_of(Tap(viewer(1), GIFTS[0], 2, group=5, priced=False))
    assert isinstance(event, m.GiftEvent)
    assert (event.data.coins, event.data.name, event.data.gift_id) == (None, "", str(GIFTS[0].id))


def gift_to(host: str = "", **fields: Any) -> str:
    message = pb.GiftMessage(gift_id=1, user=pb.User(id=7), repeat_count=1, **fields)
    event = to_event(STREAM, "99", "WebcastGiftMessage", message, 1, NOW, host=host)
    assert isinstance(event, m.GiftEvent)
    return event.data.to


def test_a_gift_to_another_host_of_a_group_live_says_to_whom() -> None:
    other, own = pb.User(id=12, display_id="bo.live", nickname="Bo"), pb.User(id=11, display_id="Ada.Live")
    assert gift_to(to_user=other) == "bo.live"
    assert gift_to(to_user=pb.User(id=12, nickname="Bo"), host="11") == "Bo"
    assert gift_to(monitor_info=pb.GiftMonitorInfo(anchor_id=11, to_user_id=12)) == "12"
    assert gift_to(to_user=own) == gift_to(to_user=own, host="11") == gift_to() == ""
    assert gift_to(to_user=own, monitor_info=pb.GiftMonitorInfo(anchor_id=11, to_user_id=11)) == ""
    event = event_of(Tap(viewer(1), GIFTS[-1], to=GUEST))
    assert isinstance(event, m.GiftEvent)
    assert event.data.to == "bo.live"


def test_a_gift_to_somebody_who_may_be_the_own_host_is_taken_for_the_own_hosts() -> None:
    assert gift_to(to_user=pb.User(id=12)) == gift_to(monitor_info=pb.GiftMonitorInfo(to_user_id=12)) == ""


def test_a_question_is_read_like_a_comment() -> None:
    event = event_of(Question(viewer(1), "Whéén?"))
    assert isinstance(event, m.QuestionEvent)
    assert (event.data.text, event.data.plain) == ("Whéén?", "when?".replace("ee", "e"))
    assert event.data.user is not None
    assert event.data.user.name == "viewer.1"
    assert event_of(Question(viewer(1), "")) is None


def test_a_treasure_chest_tells_who_gives_how_much_to_how_many_and_its_end_is_no_event() -> None:
    event = event_of(Chest(viewer(1), 100, 10))
    assert isinstance(event, m.EnvelopeEvent)
    assert event.data == m.Envelope(user=m.User(id=str(viewer(1).id), nickname="Viewer 1"), coins=100, people=10)
    assert event_of(Chest(viewer(1), 100, 10, gone=True)) is None


def test_a_battle_knows_its_phases_and_the_own_side_by_name_and_the_points_by_id() -> None:
    for phase in ("started", "points", "ended"):
        event = event_of(Battle(5, phase, SIDES), host="11" if phase == "points" else "")
        assert isinstance(event, m.BattleEvent)
        assert (event.data.battle, event.data.phase) == ("5", phase)
        assert event.data.sides == [m.Side(id="11", points=30, own=True), m.Side(id="12", points=20)]
    assert event_of(Battle(5, "invited", SIDES)) is None


def test_a_battle_of_thousands_of_sides_is_none() -> None:
    assert event_of(Battle(5, "points", tuple(Side(Viewer(n, "x"), n) for n in range(5000)))) is None


def test_likes_and_viewers_carry_the_rooms_own_counters() -> None:
    likes, watching = event_of(Likes(viewer(1), 5)), event_of(Watching(42))
    assert isinstance(likes, m.LikeEvent)
    assert isinstance(watching, m.ViewersEvent)
    assert (likes.data.count, likes.data.total, watching.data.count) == (5, 70, 42)


def test_a_social_message_of_another_sort_is_no_event() -> None:
    message = pb.SocialMessage(common=pb.Common(display_text=pb.DisplayText(key="pm_mt_guidance_social_action")))
    assert to_event(STREAM, "99", "WebcastSocialMessage", message, 1, NOW) is None


def test_a_word_in_another_messages_key_is_no_follow() -> None:
    message = pb.SocialMessage(common=pb.Common(display_text=pb.DisplayText(key="unfollow_hint")), action=0)
    assert to_event(STREAM, "99", "WebcastSocialMessage", message, 1, NOW) is None


def test_the_end_has_the_same_id_however_often_it_is_told() -> None:
    first, second = event_of(End(), 7), event_of(End(), 8)
    assert isinstance(first, m.LiveEvent)
    assert isinstance(second, m.LiveEvent)
    assert first.id == second.id == "99-ended"


def test_a_time_that_is_none_is_replaced_by_ours() -> None:
    for created in (0, -5, 2**62):
        message = pb.ChatMessage(common=pb.Common(msg_id=1, create_time=created), user=pb.User(id=1), content="hi")
        event = to_event(STREAM, "99", "WebcastChatMessage", message, 1, NOW)
        assert event is not None
        assert event.time == event.received


def test_messages_without_an_id_are_told_apart_and_a_copy_is_known_again() -> None:
    """Else all but the first were dropped as its copies, paid gifts among them."""

    def id_of(number: int, sent: int, received: float = NOW) -> str:
        gift = pb.GiftMessage(gift_id=1, repeat_count=number, user=pb.User(id=7), gift=pb.Gift(id=1, type=2))
        gift.common.create_time = sent
        event = to_event(STREAM, "99", "WebcastGiftMessage", gift, 0, received)
        assert event is not None
        assert m.decode_event(m.encode(event)) == event
        return event.id

    assert id_of(1, 1_799_999_999_500) == id_of(1, 1_799_999_999_500, NOW + 3)
    assert len({id_of(1, 1_799_999_999_500), id_of(2, 1_799_999_999_500), id_of(1, 1_799_999_999_501)}) == 3
    assert id_of(1, 0) != id_of(1, 0, NOW + 3)  # nothing tells them apart but when they came


@settings(deadline=None)
@given(st.sampled_from(sorted(METHODS)), st.integers(0, 2**32), st.text(max_size=20))
def test_any_field_values_make_an_event_that_follows_the_contract_or_none(
    method: str, seed: int, text: str
) -> None:
    rng = random.Random(seed)
    message = fill(MESSAGES[method](), rng, text)
    event = to_event(STREAM, "99", method, message, 5, NOW)
    if event is not None:
        assert m.decode_event(m.encode(event)) == event
