"""What the real TikTokLive client hears from the practice platform, as events on the bus."""

import asyncio
import time

import pytest

from gateway import messages as m
from gateway.practice.tiktok.acts import GIFTS, Comment, Tap, Unknown
from gateway.webcast import webcast_pb2 as pb
from tests.connector.conftest import Rig, viewer

pytestmark = pytest.mark.needs("tiktoklive")

ROSE, COMET = GIFTS[0], GIFTS[-1]


async def test_every_kind_of_event_arrives_with_its_fields(rig: Rig) -> None:
    began = time.time()
    room = await rig.live("ada")
    person = viewer(1, follower=True, moderator=True, fan_level=3, gifter_level=8)
    room.gift(person, COMET)
    room.comment(person, "hello 👋")
    room.like(person, 5)
    room.follow(person)
    room.share(person)
    room.join(person)
    room.subscribe(person)
    room.viewers(42)
    await rig.bus.until(lambda: rig.bus.events("ada", m.ViewersEvent) and rig.bus.states("ada")[-1].viewers)
    events = rig.bus.everything("ada")
    started, gift, comment, like, follow, share, join, subscribe, viewers = events
    assert isinstance(started, m.LiveEvent)
    assert started.data.phase == "started"
    assert isinstance(gift, m.GiftEvent)
    user = gift.data.user
    assert (user.id, user.name, user.follower, user.moderator) == (str(person.id), "viewer.1", True, True)
    assert (user.fan_level, user.gifter_level) == (3, 8)
    assert (gift.data.name, gift.data.coins, gift.data.count, gift.data.ended) == ("Comet", 10000, 1, True)
    assert isinstance(comment, m.CommentEvent)
    assert comment.data.text == "hello 👋"
    assert isinstance(like, m.LikeEvent)
    assert (like.data.count, like.data.total) == (5, 5)
    assert isinstance(viewers, m.ViewersEvent)
    assert viewers.data.count == 42
    for event, kind in ((follow, "follow"), (share, "share"), (join, "join"), (subscribe, "subscribe")):
        assert isinstance(event, m.EVENT_CLASSES[kind])
        assert isinstance(event.data, m.Person)
        assert event.data.user is not None
        assert event.data.user.id == str(person.id)
    for event in events:
        assert (event.room, event.account, event.simulated) == (str(room.room_id), "ada", True)
        assert event.id.startswith(f"{room.room_id}-")
        assert began - 0.001 <= m.seconds(event.received) <= time.time()
    assert (rig.bus.states("ada")[-1].viewers, rig.bus.states("ada")[-1].phase) == (42, "live")
    qos = {topic.rpartition("/")[2]: qos for topic, _, qos, _ in rig.bus.published}
    assert (qos["like"], qos["join"], qos["viewers"], qos["gift"], qos["comment"], qos["follow"]) == (
        0,
        0,
        0,
        1,
        1,
        1,
    )
    assert not any(retain for topic, _, _, retain in rig.bus.published if "/event/" in topic)


@pytest.mark.parametrize("cuts", [[1, 2, 3, 4, 5], [5], [2, 2, 5], [1, 4, 3, 5, 2], [3, 3, 1, 1]])
async def test_a_streak_of_five_pays_exactly_five_however_it_is_cut_and_doubled(rig: Rig, cuts: list[int]) -> None:
    room = await rig.live("ada")
    for n in cuts:
        (msg_id,) = room.send(Tap(viewer(1), ROSE, n, group=77))
        room.send(Tap(viewer(1), ROSE, n, group=77), msg_id=msg_id)  # the same message again
    room.send(Tap(viewer(1), ROSE, 5, ended=True, group=77))
    room.send(Tap(viewer(1), ROSE, 5, ended=True, group=77))
    room.comment(viewer(2), "last")
    await rig.bus.until(lambda: rig.bus.events("ada", m.CommentEvent))
    gifts = rig.bus.events("ada", m.GiftEvent)
    assert sum(g.data.count for g in gifts) == 5
    assert [g.data.ended for g in gifts].count(True) == 1
    assert gifts[-1].data.total == 5
    assert len({g.data.streak for g in gifts}) == 1
    assert len({g.id for g in gifts}) == len(gifts)


async def test_a_streak_whose_end_never_comes_is_closed_by_the_timer(rig: Rig) -> None:
    room = await rig.live("ada")
    streak = room.streak(viewer(1), ROSE)
    streak.tap()
    streak.tap(2)
    await rig.bus.until(lambda: any(g.data.ended for g in rig.bus.events("ada", m.GiftEvent)))
    gifts = rig.bus.events("ada", m.GiftEvent)
    assert [(g.data.count, g.data.total, g.data.ended) for g in gifts] == [
        (1, 1, False),
        (2, 3, False),
        (0, 3, True),
    ]


async def test_streaks_of_two_viewers_and_two_gifts_do_not_mix(rig: Rig) -> None:
    room = await rig.live("ada")
    streaks = [room.streak(viewer(n), gift) for n in (1, 2) for gift in GIFTS[:2]]
    for times, streak in enumerate(streaks, 1):
        streak.tap(times)
    for streak in reversed(streaks):
        streak.tap()
        streak.end()
    await rig.bus.until(lambda: sum(g.data.ended for g in rig.bus.events("ada", m.GiftEvent)) == 4)
    paid: dict[tuple[str, str], int] = {}
    for gift in rig.bus.events("ada", m.GiftEvent):
        key = (gift.data.user.name, gift.data.name)
        paid[key] = paid.get(key, 0) + gift.data.count
    assert list(paid.values()) == [2, 3, 4, 5]


async def test_history_is_dropped_at_the_start_and_in_between(rig: Rig) -> None:
    room = rig.room("ada")
    room.comment(viewer(1), "before anyone came")
    rig.start("ada")
    await rig.bus.until(lambda: "live" in rig.bus.phases("ada"))
    room.send_history()
    room.comment(viewer(1), "now")
    await rig.bus.until(lambda: rig.bus.events("ada", m.CommentEvent))
    assert [c.data.text for c in rig.bus.events("ada", m.CommentEvent)] == ["now"]


async def test_a_message_seen_before_a_reconnect_does_not_count_again_after_it(rig: Rig) -> None:
    room = await rig.live("ada")
    (msg_id,) = room.send(Tap(viewer(1), COMET))
    await rig.bus.until(lambda: rig.bus.events("ada", m.GiftEvent))
    room.abort()
    await rig.bus.until(lambda: rig.bus.events("ada", m.GapEvent))
    room.send(Tap(viewer(1), COMET), msg_id=msg_id)
    room.comment(viewer(1), "after")
    await rig.bus.until(lambda: rig.bus.events("ada", m.CommentEvent))
    assert len(rig.bus.events("ada", m.GiftEvent)) == 1


async def test_unknown_and_unreadable_messages_are_counted_and_disturb_nothing(rig: Rig) -> None:
    room = await rig.live("ada")
    source = rig.connector.accounts["ada"]._source
    room.send(Unknown(), Unknown("WebcastChatMessage", b"\x1a\x02\xff\xff"), Comment(viewer(1), "fine"))
    await rig.bus.until(lambda: rig.bus.events("ada", m.CommentEvent))
    assert [c.data.text for c in rig.bus.events("ada", m.CommentEvent)] == ["fine"]
    assert source.unknown == {"WebcastSomethingNewMessage": 1}  # type: ignore[attr-defined]  # TikTokSource's own
    assert source.unreadable == 1  # type: ignore[attr-defined]


async def test_likes_of_a_busy_second_are_merged_and_gifts_are_not(rig: Rig) -> None:
    room = await rig.live("ada")
    for n in range(40):
        room.like(viewer(n), 2)
        room.gift(viewer(n), COMET)
    await rig.bus.until(lambda: sum(e.data.count for e in rig.bus.events("ada", m.LikeEvent)) == 80)
    assert len(rig.bus.events("ada", m.LikeEvent)) <= 3
    assert len(rig.bus.events("ada", m.GiftEvent)) == 40


async def test_received_is_when_the_bytes_came_not_when_they_were_decoded(rig: Rig) -> None:
    room = await rig.live("ada")
    for n in range(200):
        room.comment(viewer(n), "flood")
    last_sent = time.time()
    await rig.bus.until(lambda: len(rig.bus.events("ada", m.CommentEvent)) == 200)
    decoded = time.time() - last_sent
    delays = [m.seconds(e.received) - last_sent for e in rig.bus.events("ada", m.CommentEvent)]
    assert max(delays) < decoded / 2, (max(delays), decoded)


async def test_every_envelope_is_acknowledged_and_heartbeats_are_sent(rig: Rig) -> None:
    room = await rig.live("ada")
    for n in range(5):
        room.comment(viewer(n), "hi")
    async with asyncio.timeout(10):
        await room.until(acks=5, heartbeats=3)
    assert room.acks == 5
    assert room.entered == 1


async def test_a_frame_that_is_not_gzip_ends_the_connection_not_the_account(rig: Rig) -> None:
    room = await rig.live("ada")
    broken = pb.PushFrame(
        payload_type="msg", headers=[pb.Header(key="compress_type", value="gzip")], payload=b"\x1f\x8b\x08\x00oops"
    )
    room.watchers[0].send(broken.SerializeToString())
    await rig.bus.until(lambda: rig.bus.events("ada", m.GapEvent))
    room.comment(viewer(1), "still here")
    await rig.bus.until(lambda: rig.bus.events("ada", m.CommentEvent))
