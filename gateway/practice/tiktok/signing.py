"""The practice platform's signing service: a server of its own, as in life, with troubles of its own."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Literal, assert_never

from aiohttp import web

from gateway.practice.tiktok.door import Door
from gateway.practice.tiktok.room import Room
from gateway.webcast import webcast_pb2 as pb

SIGNATURE_LIFE = 30.0
"""Seconds in which a signed socket address must be used, as on the platform."""

Trouble = Literal["", "hangs", "empty", "no-cookies", "error", "garbage", "key"]
"""``hangs``: takes the request and never answers. ``empty``: answers nothing. ``no-cookies``: forgets them, as
when the platform has seen through it. ``error``: answers 500. ``garbage``: answers what is no protobuf.
``key``: does not accept the key that it is shown, 401."""


class SigningService:
    """``keys`` are the API keys that were shown to it; ``trouble`` is what is wrong with it now.

    ``heartbeat``: seconds between the heartbeats that clients are asked for.
    """

    def __init__(
        self, find_room: Callable[[str | None], Room | None], requests: Counter[str], heartbeat: float
    ) -> None:
        self.keys: list[str] = []
        self.trouble: Trouble = ""
        self._find_room = find_room
        self._requests = requests
        self._heartbeat = heartbeat
        self._signed: dict[str, float] = {}
        self._limited_until = 0.0
        self._limit_headers = True
        self._push_server = ""
        self._closing = asyncio.Event()
        self._door: Door | None = None

    @property
    def url(self) -> str:
        return self._door.url if self._door is not None else ""

    async def start(self, port: int, push_server: str) -> None:
        """Listen on ``port``, or on a free one where that is taken; a second time where it did before.

        ``push_server``: the address of the sockets.
        """
        self._closing.clear()
        self._push_server = push_server
        app = web.Application()
        app.router.add_get("/webcast/fetch", self._fetch)
        before = self._door.port if self._door is not None else port
        self._door = Door(app)
        await self._door.open(before, or_any=True)

    async def stop(self) -> None:
        self._closing.set()
        if self._door is not None:
            await self._door.close()

    async def go_down(self) -> None:
        """Refuse connections, until ``come_up``."""
        assert self._door is not None
        await self._door.shut()

    async def come_up(self) -> None:
        """Listen again on the same port."""
        assert self._door is not None
        await self._door.reopen()

    def limit(self, seconds: float, *, headers: bool = True) -> None:
        """Answer 429 for so long; ``headers``: say in them when it ends. 0 ends it at once."""
        self._limited_until = time.time() + seconds
        self._limit_headers = headers

    def redeem(self, signature: str | None) -> bool:
        """Whether it is one of ours, fresh, and not used before."""
        self._forget_old()
        return self._signed.pop(signature or "", None) is not None

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        self._requests["sign"] += 1
        if key := request.headers.get("X-Api-Key"):
            self.keys.append(key)
        if time.time() < self._limited_until:
            reset = {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(self._limited_until) + 1)}
            return web.json_response(
                {"code": 429, "message": "Too many practice connections."},
                status=429,
                headers=reset if self._limit_headers else {},
            )
        signature = f"{random.getrandbits(64):016x}"
        cookies = {"X-Set-TT-Cookie": f"ttwid=practice-{signature}; Path=/", "X-Agent-Id": "practice"}
        match self.trouble:
            case "":
                body = self._sign(signature, request.query.get("room_id"))
            case "hangs":
                await self._closing.wait()
                body = b""
            case "empty":
                body = b""
            case "no-cookies":
                body, cookies = self._sign(signature, request.query.get("room_id")), {}
            case "error":
                return web.json_response({"code": 500, "message": "Practice trouble."}, status=500)
            case "key":
                return web.json_response({"code": 401, "message": "Practice key trouble."}, status=401)
            case "garbage":
                body = b"\x0a\xff\xff\xff\x07garbage"
            case _:
                assert_never(self.trouble)
        return web.Response(body=body, content_type="application/protobuf", headers=cookies)

    def _sign(self, signature: str, room_id: str | None) -> bytes:
        room = self._find_room(room_id)
        self._forget_old()
        self._signed[signature] = time.monotonic()
        history = room.history() if room else []
        if room is not None and room.closes_in_handshake:
            room.go_live()
        return pb.FetchResult(
            messages=history,
            cursor="practice-0",
            now=int(time.time() * 1000),
            internal_ext="internal_src:practice|first:1",
            route_params={"wrss": signature, "imprp": "practice"},
            heartbeat_duration=int(self._heartbeat * 1000),
            push_server=self._push_server,
            is_first=True,
        ).SerializeToString()

    def _forget_old(self) -> None:
        now = time.monotonic()
        self._signed = {s: t for s, t in self._signed.items() if now - t <= SIGNATURE_LIFE}
