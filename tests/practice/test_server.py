"""Practice TikTok, seen with the eyes of the stock TikTokLive client and of plain HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType

from gateway.errors import ServiceError
from gateway.practice.tiktok.acts import GIFTS, Unknown, Viewer
from gateway.practice.tiktok.server import PracticeTikTok
from gateway.webcast import webcast_pb2 as pb

ADA = Viewer(6_800_000_000_000_000_123, "ada.otter", "Ada", follower=True, moderator=True, fan_level=3)


@pytest.fixture
async def tiktok() -> AsyncIterator[PracticeTikTok]:
    server = PracticeTikTok(heartbeat=0.05)
    await server.start()
    yield server
    await server.stop()


@pytest.mark.needs("tiktoklive")
async def test_the_stock_client_reads_every_act(tiktok: PracticeTikTok) -> None:
    from TikTokLive.client.client import TikTokLiveClient
    from TikTokLive.client.web.web_client import TikTokWebClient
    from TikTokLive.events import custom_events as custom
    from TikTokLive.events import proto_events as events

    from gateway.connector.sources.tiktok.client import set_addresses
    from gateway.settings.models import TikTok

    for event in events.EVENT_MAPPINGS.values():
        event().parse(b"")
    room = tiktok.add_room("stage.one")
    set_addresses(TikTok(app_url=tiktok.app_url, webcast_url=tiktok.webcast_url, sign_url=tiktok.sign_url))
    client = TikTokLiveClient("stage.one", web_kwargs={"httpx_kwargs": {"trust_env": False}})
    got: list[Any] = []

    async def keep(event: Any) -> None:
        got.append(event)

    for kind in (
        custom.ConnectEvent,
        custom.UnknownEvent,
        custom.LiveEndEvent,
        events.GiftEvent,
        events.CommentEvent,
        events.LikeEvent,
        events.SocialEvent,
        events.JoinEvent,
        events.SubNotifyEvent,
        events.RoomUserSeqEvent,
    ):
        client.add_listener(kind, keep)
    task = await client.start(fetch_room_info=True, fetch_gift_info=True)
    assert client.room_info["title"] == "Practice"
    assert [g["name"] for g in client.gift_info["gifts"]] == [g.name for g in GIFTS]
    async with asyncio.timeout(10):
        await room.until(watchers=1, heartbeats=3)
        room.gift(ADA, GIFTS[0], 2)
        room.comment(ADA, "hi 👋")
        room.like(ADA, 5)
        room.follow(ADA)
        room.share(ADA)
        room.join(ADA)
        room.subscribe(ADA)
        room.viewers(42)
        room.send(Unknown())
        await room.until(acks=11)
        assert [g.tap.count for g in room.acknowledged_gifts()] == [1, 2, 2]
        room.end()
        await task
        await room.until(watchers=0)
    await asyncio.sleep(0)
    names = [type(e).__name__ for e in got]
    assert names == (
        ["ConnectEvent"] + ["GiftEvent"] * 3 + ["CommentEvent", "LikeEvent", "SocialEvent", "SocialEvent"]
        + ["JoinEvent", "SubNotifyEvent", "RoomUserSeqEvent", "UnknownEvent", "LiveEndEvent"]
    )  # fmt: skip
    gifts = got[1:4]
    assert [(g.repeat_count, g.repeat_end, g.gift.name, g.gift.diamond_count) for g in gifts] == [
        (1, 0, "Rose", 1),
        (2, 0, "Rose", 1),
        (2, 1, "Rose", 1),
    ]
    assert len({g.group_id for g in gifts}) == 1
    assert gifts[0].user.unique_id == "ada.otter"
    assert gifts[0].user_identity.is_follower_of_anchor
    assert got[4].content == "hi 👋"
    assert (got[5].count, got[5].total) == (5, 5)
    assert got[10].total == 42
    assert room.entered == 1
    web: TikTokWebClient = client.web
    await web.close()
    await web.signer.client.aclose()


async def _signed(tiktok: PracticeTikTok, http: ClientSession, room_id: int) -> pb.FetchResult:
    async with http.get(f"{tiktok.sign_url}/webcast/fetch", params={"room_id": str(room_id)}) as reply:
        assert reply.status == 200
        assert "ttwid=" in reply.headers["X-Set-TT-Cookie"]
        return pb.FetchResult.FromString(await reply.read())


async def test_a_signature_opens_one_socket_once(tiktok: PracticeTikTok) -> None:
    room = tiktok.add_room("stage.one")
    async with ClientSession() as http:
        signed = await _signed(tiktok, http, room.room_id)
        query = {"wrss": signed.route_params["wrss"], "room_id": str(room.room_id)}
        async with http.ws_connect(signed.push_server, params=query) as socket:
            await room.until(watchers=1)
            room.comment(ADA, "seen")
            message = await socket.receive(timeout=5)
            assert message.type is WSMsgType.BINARY
        async with http.get(signed.push_server.replace("ws:", "http:"), params=query) as reply:
            assert (reply.status, reply.headers["Handshake-Msg"]) == (200, "illegal secret key")


async def test_a_newcomer_is_told_the_last_comments_as_history(tiktok: PracticeTikTok) -> None:
    room = tiktok.add_room("stage.one")
    for n in range(10):
        room.comment(ADA, str(n))
    async with ClientSession() as http:
        signed = await _signed(tiktok, http, room.room_id)
    texts = [pb.ChatMessage.FromString(e.payload).content for e in signed.messages if e.is_history]
    assert texts == ["4", "5", "6", "7", "8", "9"]


@pytest.mark.parametrize("headers", [True, False])
async def test_limited_signing_answers_429_and_may_say_until_when(tiktok: PracticeTikTok, headers: bool) -> None:
    tiktok.limit_signing(100, headers=headers)
    async with ClientSession() as http, http.get(f"{tiktok.sign_url}/webcast/fetch") as reply:
        assert reply.status == 429
        assert ("RateLimit-Reset" in reply.headers) is headers
        if headers:
            assert 99 < int(reply.headers["RateLimit-Reset"]) - time.time() < 102


async def test_two_accounts_on_one_port_do_not_hear_each_other(tiktok: PracticeTikTok) -> None:
    one, two = tiktok.add_room("one"), tiktok.add_room("two")
    assert one.room_id != two.room_id
    async with ClientSession() as http:
        signed = await _signed(tiktok, http, one.room_id)
        query = {"wrss": signed.route_params["wrss"], "room_id": str(one.room_id)}
        async with http.ws_connect(signed.push_server, params=query) as socket:
            await one.until(watchers=1)
            two.comment(ADA, "to two")
            one.comment(ADA, "to one")
            frame = pb.PushFrame.FromString((await socket.receive(timeout=5)).data)
    assert frame.payload_type == "msg"
    assert b"to two" not in frame.payload


async def test_a_port_in_use_is_named() -> None:
    first = PracticeTikTok()
    await first.start()
    with pytest.raises(ServiceError, match=f"cannot use port {first.port}"):
        await PracticeTikTok(first.port).start()
    await first.stop()
    await first.stop()
