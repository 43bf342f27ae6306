"""TikTokLive's own client with a listener for each of our kinds of event, as its documentation shows it.

``python -m tests.bench.stock_listener APP_URL WEBCAST_URL SIGN_URL USERNAME`` prints ``live``, then the text of
every question it hears.
"""

import asyncio
import sys
import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from TikTokLive import TikTokLiveClient
    from TikTokLive import events as e
    from TikTokLive.client.web.web_settings import WebDefaults

KINDS = (
    e.GiftEvent,
    e.CommentEvent,
    e.LikeEvent,
    e.FollowEvent,
    e.ShareEvent,
    e.JoinEvent,
    e.SubNotifyEvent,
    e.RoomUserSeqEvent,
    e.EnvelopeEvent,
    e.LinkMicBattleEvent,
    e.LinkMicArmiesEvent,
    e.ControlEvent,
)


async def listen(app_url: str, webcast_url: str, sign_url: str, username: str) -> None:
    WebDefaults.tiktok_app_url, WebDefaults.tiktok_sign_url = app_url, sign_url
    WebDefaults.tiktok_webcast_url = f"{webcast_url}/webcast"
    for kind in e.proto_events.EVENT_MAPPINGS.values():
        kind().parse(b"")  # what it builds at the first use of a class is not what we compare
    client: Any = TikTokLiveClient(f"@{username}")
    heard = 0

    async def on_event(_: Any) -> None:
        nonlocal heard
        heard += 1

    async def on_question(event: Any) -> None:
        print(event.data.content, flush=True)

    async def on_connect(_: Any) -> None:
        print("live", flush=True)

    for kind in KINDS:
        client.add_listener(kind, on_event)
    client.add_listener(e.QuestionNewEvent, on_question)
    client.add_listener(e.ConnectEvent, on_connect)
    await (await client.start(fetch_live_check=False))


if __name__ == "__main__":
    asyncio.run(listen(*sys.argv[1:5]))
