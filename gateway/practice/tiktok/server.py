"""Practice TikTok's HTTP side: pages, room APIs, signing, and the door to the sockets."""

import asyncio
import json
import logging
from collections import Counter

from aiohttp import web

from gateway.practice.tiktok.acts import GIFTS, Gift
from gateway.practice.tiktok.crowd import Crowd
from gateway.practice.tiktok.door import STOP_TIMEOUT, Door
from gateway.practice.tiktok.rates import Rates
from gateway.practice.tiktok.room import Room
from gateway.practice.tiktok.signing import SigningService
from gateway.practice.tiktok.watcher import SocketWatcher

log = logging.getLogger(__name__)

HEARTBEAT = 5.0
"""Seconds between the heartbeats that clients are asked for."""
STATUS_LIVE, STATUS_OFFLINE = 2, 4
"""``status`` of a room in the platform's JSON."""
CAPTCHA = (
    '<!DOCTYPE html><html lang="en"><head><script id="slardar-config" type="application/json">{}</script></head>'
    '<body>Please wait... <p id="wci" class="_wafchallengeid"></p></body></html>'
)
"""What the platform shows instead of a page to whom it takes for a robot; its API then answers nothing."""


class PracticeTikTok:
    """A LIVE platform on 127.0.0.1. ``port=0`` takes a free one; the addresses are known after ``start``.
    The signing service has the next port, or any where that is taken.

    ``requests`` counts HTTP requests by kind (page, room_api, check_alive, room_info, gift_list, sign,
    socket), ``sign_keys`` keeps the API keys that were shown to the signing service.
    ``seed`` decides what crowds do; ids and times are always fresh.

    Its knobs, beside those of its rooms and of ``signing``:
    ``refusal``: sockets are refused with it, as the platform does with clients that it does not like
    (``DEVICE_BLOCKED``). ``captcha``: it takes everybody for a robot. ``api_silent``: it shows its pages, but its
    API says nothing, as to whom it begins to take for one. ``cuts_handshakes``: it drops the line in
    the middle of the socket's handshake.
    """

    def __init__(self, port: int = 0, seed: int = 1, *, heartbeat: float = HEARTBEAT) -> None:
        self.port = port
        self.seed = seed
        self.heartbeat = heartbeat
        self.requests: Counter[str] = Counter()
        self.refusal = ""
        self.captcha = self.api_silent = self.cuts_handshakes = False
        self.gifts: tuple[Gift, ...] = GIFTS
        self.signing = SigningService(self._room_by_id, self.requests, heartbeat)
        self._rooms: dict[str, Room] = {}
        self._crowds: list[Crowd] = []
        self._sockets: set[asyncio.Task[None]] = set()
        self._door: Door | None = None

    # -- for the one who plays -------------------------------------------------------------------

    @property
    def app_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def webcast_url(self) -> str:
        return self.app_url

    @property
    def sign_url(self) -> str:
        return self.signing.url

    @property
    def sign_keys(self) -> list[str]:
        return self.signing.keys

    async def start(self) -> None:
        """Open the doors. Raises ``ServiceError`` when the port is taken."""
        app = web.Application()
        app.router.add_get("/@{username}/live", self._page)
        app.router.add_get("/api-live/user/room/", self._room_api)
        app.router.add_get("/webcast/room/check_alive/", self._check_alive)
        app.router.add_get("/webcast/room/info/", self._room_info)
        app.router.add_get("/webcast/gift/list/", self._gift_list)
        app.router.add_get("/webcast/im/push/", self._socket)
        door = Door(app)
        await door.open(self.port)
        self._door = door
        self.port = door.port
        push_server = f"ws://127.0.0.1:{self.port}/webcast/im/push/"
        await self.signing.start(self.port + 1, push_server)

    async def stop(self) -> None:
        """Stop the crowds, cut the sockets, close the ports. May be called twice."""
        for crowd in self._crowds:
            await crowd.stop()
        self._crowds.clear()
        for room in self._rooms.values():
            room.resume()
            room.abort()
        await self.signing.stop()
        if self._door is not None:
            await self._door.close()
            self._door = None
        if self._sockets:  # cut and cancelled by now, but not yet out of their last lines
            await asyncio.wait(self._sockets, timeout=STOP_TIMEOUT)

    def add_room(self, username: str, live: bool = True) -> Room:
        """An account that exists; whoever was not added is not found."""
        room = self._rooms[username.lower()] = Room(username, live=live)
        return room

    def add_crowd(self, room: Room, rates: Rates | None = None) -> Crowd:
        """Start invented viewers in a room; call on the loop. Same seed and name: same crowd."""
        crowd = Crowd(f"{self.seed}/{room.username}", rates or Rates(), self.gifts, room.username)
        self._crowds.append(crowd)
        crowd.start(room)
        return crowd

    def limit_signing(self, seconds: float, *, headers: bool = True) -> None:
        """See ``SigningService.limit``."""
        self.signing.limit(seconds, headers=headers)

    # -- the platform's pages and APIs -----------------------------------------------------------

    def _room(self, username: str) -> Room | None:
        room = self._rooms.get(username.lower())
        return None if room is None or room.hidden else room

    def _room_by_id(self, room_id: str | None) -> Room | None:
        return next((r for r in self._rooms.values() if str(r.room_id) == room_id), None)

    async def _page(self, request: web.Request) -> web.Response:
        self.requests["page"] += 1
        if self.captcha:
            return web.Response(content_type="text/html", text=CAPTCHA)
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
        if self.captcha or self.api_silent:
            return web.Response()
        room = self._room(request.query.get("uniqueId", ""))
        if room is None:
            return web.json_response({"message": "user_not_found", "statusCode": 19881007, "data": {}})
        status = STATUS_LIVE if room.live else STATUS_OFFLINE
        user = {"uniqueId": room.username, "roomId": str(room.room_id), "status": status}
        live_room = {"status": status, "title": room.title}
        return web.json_response({"message": "", "statusCode": 0, "data": {"user": user, "liveRoom": live_room}})

    async def _check_alive(self, request: web.Request) -> web.Response:
        self.requests["check_alive"] += 1
        if self.captcha or self.api_silent:
            return web.json_response({"data": [], "status_code": 0})
        rooms = [(i, self._room_by_id(i)) for i in request.query.get("room_ids", "").split(",")]
        data = [{"room_id": int(i), "alive": room is not None and room.live} for i, room in rooms if i.isdecimal()]
        return web.json_response({"data": data, "status_code": 0})

    async def _room_info(self, request: web.Request) -> web.Response:
        self.requests["room_info"] += 1
        room = self._room_by_id(request.query.get("room_id"))
        if room is None:
            return web.json_response({"data": {"prompts": ""}, "status_code": 4003110})
        if room.age_restricted:
            words = "Request params error"
            return web.json_response({"data": {"message": words, "prompts": words}, "status_code": 10011})
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

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        self.requests["socket"] += 1
        signed = self.signing.redeem(request.query.get("wrss"))
        room = self._room_by_id(request.query.get("room_id"))
        if self.cuts_handshakes and request.transport is not None:
            request.transport.abort()
        if refusal := self.refusal or ("" if signed else "illegal secret key"):
            # The platform refuses with 200 and a reason in a header, not with an HTTP error.
            return web.Response(status=200, headers={"Handshake-Msg": refusal})
        if room is not None and room.private:
            return web.Response(status=200)
        if room is None:
            return web.Response(status=400, headers={"Handshake-Msg": "room does not exist"})
        socket = web.WebSocketResponse(protocols=("echo-protocol",), compress=False)
        socket.headers["Handshake-Options"] = f"ping-interval={self.heartbeat}"
        await socket.prepare(request)
        serving = asyncio.create_task(SocketWatcher(socket, request).watch(room))
        self._sockets.add(serving)
        serving.add_done_callback(self._sockets.discard)
        await serving
        return socket
