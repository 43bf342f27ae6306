"""What the real TikTokLive client hears from the practice platform, as events on the bus."""

import asyncio
import gzip
import time
from collections.abc import Callable

import pytest

from gateway import messages as m
from gateway.connector.sources.make import settled_memory
from gateway.practice.tiktok import frames
from gateway.practice.tiktok.acts import GIFTS, Battle, Chest, Comment, Question, Side, Tap, Unknown, Viewer
from gateway.webcast import webcast_pb2 as pb
from gateway.webcast.frame import MAX_UNPACKED
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


async def test_questions_chests_battles_and_gifts_to_others_arrive_too(rig: Rig) -> None:
    room = await rig.live("ada")
    sides = (Side(Viewer(11, "ada.live"), 30), Side(Viewer(12, "bo.live"), 20))
    room.send(Question(viewer(1), "when?"), Chest(viewer(2), 100, 10), Tap(viewer(3), COMET, to=sides[1].host))
    for phase in ("started", "points", "ended"):
        room.send(Battle(5, phase, sides))
    await rig.bus.until(lambda: len(rig.bus.events("ada", m.BattleEvent)) == 3)
    assert [e.data.text for e in rig.bus.events("ada", m.QuestionEvent)] == ["when?"]
    assert [(e.data.coins, e.data.people) for e in rig.bus.events("ada", m.EnvelopeEvent)] == [(100, 10)]
    battles = [e.data for e in rig.bus.events("ada", m.BattleEvent)]
    assert [b.phase for b in battles] == ["started", "points", "ended"]
    assert all(
        [(s.id, s.points, s.own) for s in b.sides] == [("11", 30, True), ("12", 20, False)] for b in battles
    )


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
    assert source.decoder.unreadable == 1  # type: ignore[attr-defined]


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


async def test_a_frame_that_cannot_be_read_is_counted_and_costs_no_reconnect(rig: Rig) -> None:
    room = await rig.live("ada")
    broken = pb.PushFrame(
        payload_type="msg", headers=[pb.Header(key="compress_type", value="gzip")], payload=b"\x1f\x8b\x08\x00oops"
    )
    room.watchers[0].send(broken.SerializeToString())
    room.comment(viewer(1), "still here")
    await rig.bus.until(lambda: rig.bus.events("ada", m.CommentEvent))
    assert rig.connector.accounts["ada"]._source.decoder.unreadable == 1  # type: ignore[attr-defined]  # TikTokSource's
    assert rig.bus.events("ada", m.GapEvent) == []
    async with asyncio.timeout(10):
        await room.until(acks=1)
    assert room.acks == 1  # what was not read is not acknowledged


async def test_a_frame_is_acknowledged_only_when_its_events_are_said_to_be_safe(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await rig.live("ada")
    held: list[Callable[[], None]] = []
    monkeypatch.setattr(rig.connector.accounts["ada"], "on_frame", held.append)
    for n in range(3):
        room.comment(viewer(n), "hi")
    await rig.bus.until(lambda: len(rig.bus.events("ada", m.CommentEvent)) == 3)
    async with asyncio.timeout(10):
        await room.until(heartbeats=room.heartbeats + 3)  # long after they were read
        assert room.acks == 0
        held[1]()
        held[0]()
        await room.until(acks=2)
    room.abort()
    await rig.bus.until(lambda: rig.bus.events("ada", m.GapEvent))
    held[2]()  # safe too late: there is nobody to tell any more
    async with asyncio.timeout(10):
        await room.until(heartbeats=room.heartbeats + 2)
    assert room.acks == 2


async def test_an_event_that_fails_its_listener_ends_the_connection_as_what_it_is(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    room = await rig.live("ada")
    account = rig.connector.accounts["ada"]
    with monkeypatch.context() as patch:
        patch.setattr(account, "on_event", lambda _: 1 / 0)
        room.comment(viewer(1), "unlucky")
        await rig.bus.until(lambda: rig.bus.phases("ada")[-1] == "waiting")
    assert "ZeroDivisionError" in caplog.text
    await rig.bus.until(lambda: rig.bus.phases("ada")[-1] == "live")


async def test_a_flood_of_the_largest_frames_and_bombs_leaves_turns_to_the_others(rig: Rig) -> None:
    room = await rig.live("ada")
    now_ms = int(time.time() * 1000)
    long = "Ｌéd🔥" * 60
    floods = [
        frames.push(
            [
                frames.envelope(Comment(viewer(n), long), frames.Stamp(room.room_id, k * 1000 + n, now_ms))
                for n in range(900)
            ],
            k,
            now_ms,
        )
        for k in range(1, 5)
    ]
    bomb = pb.PushFrame(payload_type="msg", payload=gzip.compress(bytes(50 * MAX_UNPACKED))).SerializeToString()
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.thread_time()  # so that a busy machine is not taken for a busy loop
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)

    with settled_memory():  # as the program does
        watching = asyncio.create_task(watch())
        for flood in floods:
            room.send_raw(flood)
            room.send_raw(bomb)
        await rig.bus.until(lambda: sum(topic.endswith("/comment") for topic, *_ in rig.bus.published) == 3600)
        watching.cancel()
    assert longest < 0.05, longest
