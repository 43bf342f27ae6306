"""Practice TikTok's HTTP side: pages, room APIs, signing, and the door to the sockets."""

import asyncio
import json
import logging
import random
import time
from collections import Counter

from aiohttp import web

from gateway.errors import ServiceError
from gateway.practice.tiktok.acts import GIFTS, Gift
from gateway.practice.tiktok.crowd import Crowd, Rates
from gateway.practice.tiktok.room import Room, Watcher
from gateway.webcast import webcast_pb2 as pb

log = logging.getLogger(__name__)

SIGNATURE_LIFE = 30.0
"""Seconds in which a signed socket address must be used, as on the platform."""
HEARTBEAT = 5.0
"""Seconds between the heartbeats that clients are asked for."""
STOP_TIMEOUT = 0.5
"""Seconds for open sockets to end when the platform stops."""
STATUS_LIVE, STATUS_OFFLINE = 2, 4
"""``status`` of a room in the platform's JSON."""


class PracticeTikTok:
    """A LIVE platform on 127.0.0.1. ``port=0`` takes a free one; the addresses are known after ``start``.

    ``requests`` counts HTTP requests by kind (page, room_api, check_alive, room_info, gift_list, sign,
    socket), ``sign_keys`` keeps the API keys that were shown to the signing service.
    ``seed`` decides what crowds do; ids and times are always fresh. While ``refusal`` is set, sockets are
    refused with it, as the platform does with clients that it does not like (``DEVICE_BLOCKED``).
    """

    def __init__(self, port: int = 0, seed: int = 1, *, heartbeat: float = HEARTBEAT) -> None:
        self.port = port
        self.seed = seed
        self.heartbeat = heartbeat
        self.requests: Counter[str] = Counter()
        self.sign_keys: list[str] = []
        self.refusal = ""
        self.gifts: tuple[Gift, ...] = GIFTS
        self._rooms: dict[str, Room] = {}
        self._crowds: list[Crowd] = []
        self._signed: dict[str, float] = {}
        self._sockets: set[asyncio.Task[None]] = set()
        self._limited_until = 0.0
        self._limit_headers = True
        self._runner: web.AppRunner | None = None

    # -- for the one who plays -------------------------------------------------------------------

    @property
    def app_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def webcast_url(self) -> str:
        return self.app_url

    @property
    def sign_url(self) -> str:
        return self.app_url

    async def start(self) -> None:
        """Open the door. Raises ``ServiceError`` when the port is taken."""
        app = web.Application()
        app.router.add_get("/@{username}/live", self._page)
        app.router.add_get("/api-live/user/room/", self._room_api)
        app.router.add_get("/webcast/room/check_alive/", self._check_alive)
        app.router.add_get("/webcast/room/info/", self._room_info)
        app.router.add_get("/webcast/gift/list/", self._gift_list)
        app.router.add_get("/webcast/fetch", self._sign)
        app.router.add_get("/webcast/im/push/", self._socket)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_TIMEOUT)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        except OSError as e:
            await self._runner.cleanup()
            raise ServiceError(
                f"Practice TikTok cannot use port {self.port} of 127.0.0.1: {e.strerror}. "
                "Choose another one, or 0 for any that is free."
            ) from None
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop the crowds, cut the sockets, close the port. May be called twice."""
        for crowd in self._crowds:
            await crowd.stop()
        self._crowds.clear()
        for room in self._rooms.values():
            room.resume()
            room.abort()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._sockets:  # cut and cancelled by now, but not yet out of their last lines
            await asyncio.wait(self._sockets, timeout=STOP_TIMEOUT)

    def add_room(self, username: str, live: bool = True) -> Room:
        """An account that exists; whoever was not added is not found."""
        room = self._rooms[username.lower()] = Room(username, live=live)
        return room

    def add_crowd(self, room: Room, rates: Rates | None = None) -> Crowd:
        """Start invented viewers in a room; call on the loop. Same seed and name: same crowd."""
        crowd = Crowd(f"{self.seed}/{room.username}", rates or Rates(), self.gifts)
        self._crowds.append(crowd)
        crowd.start(room)
        return crowd

    def limit_signing(self, seconds: float, *, headers: bool = True) -> None:
        """Answer 429 at the signing service for so long; ``headers``: say in them when it ends."""
        self._limited_until = time.time() + seconds
        self._limit_headers = headers

    # -- the platform's pages and APIs -----------------------------------------------------------

    def _room(self, username: str) -> Room | None:
        return self._rooms.get(username.lower())

    def _room_by_id(self, room_id: str | None) -> Room | None:
        return next((r for r in self._rooms.values() if str(r.room_id) == room_id), None)

    async def _page(self, request: web.Request) -> web.Response:
        self.requests["page"] += 1
        room = self._room(request.match_info["username"])
        state: dict[str, object] = {}
        if room is not None:
            user = {
                "uniqueId": room.username,
                "roomId": str(room.room_id) if room.live else "",
                "status": STATUS_LIVE if room.live else STATUS_OFFLINE,
            }
            state["LiveRoom"] = {"liveRoomUserInfo": {"user": user}}
        script = json.dumps(state)
        return web.Response(
            content_type="text/html",
            text="<!DOCTYPE html><html><head><title>Practice LIVE</title>"
            f'<script id="SIGI_STATE" type="application/json">{script}</script></head></html>',
        )

    async def _room_api(self, request: web.Request) -> web.Response:
        self.requests["room_api"] += 1
        room = self._room(request.query.get("uniqueId", ""))
        if room is None:
            return web.json_response({"message": "user_not_found", "statusCode": 19881007, "data": {}})
        status = STATUS_LIVE if room.live else STATUS_OFFLINE
        user = {"uniqueId": room.username, "roomId": str(room.room_id), "status": status}
        live_room = {"status": status, "title": room.title}
        return web.json_response({"message": "", "statusCode": 0, "data": {"user": user, "liveRoom": live_room}})

    async def _check_alive(self, request: web.Request) -> web.Response:
        self.requests["check_alive"] += 1
        rooms = [(i, self._room_by_id(i)) for i in request.query.get("room_ids", "").split(",")]
        data = [{"room_id": int(i), "alive": room.live} for i, room in rooms if room is not None]
        return web.json_response({"data": data, "status_code": 0})

    async def _room_info(self, request: web.Request) -> web.Response:
        self.requests["room_info"] += 1
        room = self._room_by_id(request.query.get("room_id"))
        if room is None:
            return web.json_response({"data": {"prompts": ""}, "status_code": 4003110})
        data = {
            "id": room.room_id,
            "title": room.title,
            "status": STATUS_LIVE if room.live else STATUS_OFFLINE,
            "user_count": room.watching,
            "like_count": room.likes,
            "owner": {"display_id": room.username, "nickname": room.username},
        }
        return web.json_response({"data": data, "status_code": 0})

    async def _gift_list(self, _: web.Request) -> web.Response:
        self.requests["gift_list"] += 1
        gifts = [
            {"id": g.id, "name": g.name, "diamond_count": g.coins, "type": 1 if g.streak else 2, "combo": g.streak}
            for g in self.gifts
        ]
        return web.json_response({"data": {"gifts": gifts}, "status_code": 0})

    async def _sign(self, request: web.Request) -> web.Response:
        self.requests["sign"] += 1
        if key := request.headers.get("X-Api-Key"):
            self.sign_keys.append(key)
        if time.time() < self._limited_until:
            reset = {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(self._limited_until) + 1)}
            return web.json_response(
                {"code": 429, "message": "Too many practice connections."},
                status=429,
                headers=reset if self._limit_headers else {},
            )
        room = self._room_by_id(request.query.get("room_id"))
        signature = f"{random.getrandbits(64):016x}"
        self._forget_old_signatures()
        self._signed[signature] = time.monotonic()
        result = pb.FetchResult(
            messages=room.history() if room else [],
            cursor="practice-0",
            now=int(time.time() * 1000),
            internal_ext="internal_src:practice|first:1",
            route_params={"wrss": signature, "imprp": "practice"},
            heartbeat_duration=int(self.heartbeat * 1000),
            push_server=f"ws://127.0.0.1:{self.port}/webcast/im/push/",
            is_first=True,
        )
        return web.Response(
            body=result.SerializeToString(),
            content_type="application/protobuf",
            headers={"X-Set-TT-Cookie": f"ttwid=practice-{signature}; Path=/", "X-Agent-Id": "practice"},
        )

    def _forget_old_signatures(self) -> None:
        now = time.monotonic()
        self._signed = {s: t for s, t in self._signed.items() if now - t <= SIGNATURE_LIFE}

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        self.requests["socket"] += 1
        self._forget_old_signatures()
        signed = self._signed.pop(request.query.get("wrss", ""), None)
        if refusal := self.refusal or ("illegal secret key" if signed is None else ""):
            # The platform refuses with 200 and a reason in a header, not with an HTTP error.
            return web.Response(status=200, headers={"Handshake-Msg": refusal})
        room = self._room_by_id(request.query.get("room_id"))
        if room is None:
            return web.Response(status=400, headers={"Handshake-Msg": "room does not exist"})
        socket = web.WebSocketResponse(protocols=("echo-protocol",), compress=False)
        socket.headers["Handshake-Options"] = f"ping-interval={self.heartbeat}"
        await socket.prepare(request)
        serving = asyncio.create_task(room.serve(Watcher(socket, request)))
        self._sockets.add(serving)
        serving.add_done_callback(self._sockets.discard)
        await serving
        return socket
