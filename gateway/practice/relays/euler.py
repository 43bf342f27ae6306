"""Practice Euler Stream: practice rooms, heard through its WebSocket as its documentation describes it."""

import json
import time
from collections.abc import Iterable

from aiohttp import web
from google.protobuf.json_format import MessageToDict

from gateway.practice.relays.relay import Relay, RelayServer
from gateway.practice.tiktok.room import Room
from gateway.webcast import webcast_pb2 as pb
from gateway.webcast.frame import MESSAGES

STREAM_END, INVALID_OPTIONS, INVALID_AUTH, NOT_LIVE = 4005, 4400, 4401, 4404
"""Close codes."""
STREAM_ENDED = 3
"""ControlMessage.action."""


class PracticeEuler(RelayServer):
    """On 127.0.0.1. ``rooms`` are the accounts by @name; ``key`` the only API key it takes, None for any.

    While ``refusal`` is set, connections are closed with that code; ``status`` answers with that HTTP status
    instead of opening. ``keys`` are the keys that were shown, ``connections`` how many clients came, ``raw``
    whether those who were let in asked for raw frames.
    """

    def __init__(self, key: str | None = None) -> None:
        super().__init__()
        self.rooms: dict[str, Room] = {}
        self.key = key
        self.refusal = self.status = 0
        self.keys: list[str | None] = []
        self.connections = 0
        self.raw: list[bool] = []

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        self.connections += 1
        self.keys.append(request.query.get("apiKey"))
        if self.status:
            return web.Response(status=self.status)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        room = self.rooms.get(request.query.get("uniqueId", "").lower())
        if refusal := self.refusal or self._refusal(request, room):
            # As the real one may: it repeats what it was given.
            await socket.close(code=refusal, message=f"refused {request.query.get('apiKey')}".encode())
            return socket
        assert room is not None
        raw = request.query.get("features.rawMessages") == "true"
        self.raw.append(raw)
        relay = Relay(socket, request, lambda push, result: self._translate(relay, push, result, raw=raw))
        relay.say(_bundle({"type": "workerInfo", "data": {"webSocketId": "1", "schemaVersion": "v2"}}))
        relay.say(_bundle({"type": "roomInfo", "data": {"id": str(room.room_id), "raw": {"title": room.title}}}))
        await self._serve(relay, room)
        return socket

    def _refusal(self, request: web.Request, room: Room | None) -> int:
        if not request.query.get("uniqueId"):
            return INVALID_OPTIONS
        if self.key is not None and request.query.get("apiKey") != self.key:
            return INVALID_AUTH
        return 0 if room is not None and room.live else NOT_LIVE

    def _translate(
        self, relay: Relay, push: pb.PushFrame, result: pb.FetchResult, *, raw: bool
    ) -> Iterable[str | bytes]:
        if raw:
            push.payload = result.SerializeToString()  # it unpacks them, to save its clients the work
            del push.headers[:]
            yield push.SerializeToString()
        else:
            yield _bundle(*(_message(e) for e in result.messages if e.method in MESSAGES))
        if any(_ends(e) for e in result.messages):
            relay.close_with(STREAM_END)


def _message(envelope: pb.Envelope) -> dict[str, object]:
    message = MESSAGES[envelope.method].FromString(envelope.payload)
    return {"type": envelope.method, "data": MessageToDict(message)}


def _bundle(*messages: dict[str, object]) -> str:
    return json.dumps({"timestamp": int(time.time() * 1000), "messages": messages})


def _ends(envelope: pb.Envelope) -> bool:
    if envelope.method != "WebcastControlMessage":
        return False
    return pb.ControlMessage.FromString(envelope.payload).action == STREAM_ENDED
