"""TikTokLive's client with what it lacks. Where it must be handled with care, a comment says why."""

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache, partial
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
from TikTokLive.client.client import TikTokLiveClient
from TikTokLive.client.errors import TikTokLiveError, UserOfflineError
from TikTokLive.client.logger import TikTokLiveLogHandler
from TikTokLive.client.web.routes.fetch_is_live import MissingRoomIdInResponse
from TikTokLive.client.web.web_settings import WebDefaults
from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.legacy.client import WebSocketClientProtocol

from gateway.connector.sources.tiktok.signing import Signing
from gateway.settings.models import TikTok

log = logging.getLogger(__name__)

HTTP_TIMEOUT = 10.0
"""Seconds for one request to TikTok or the signing service; the library sets none for the latter."""
CLOSE_TIMEOUT = 1.0
"""Seconds for the socket's closing handshake; a dead line never answers it."""
TURN = 0.005
"""Seconds for which one account may decode while others wait."""

Take = Callable[[bytes], Awaitable[None]]
"""Takes the bytes of one frame; the next is read when it returns."""

_logger = TikTokLiveLogHandler.get_logger()
_logger.handlers.clear()  # its own handler writes to stderr past everybody's logging settings
_logger.propagate = True
logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs every request at INFO


class Socket(WebSocketClientProtocol):
    """Hands each frame to ``take`` as it comes, and none to TikTokLive: its decoder costs a hundred times ours.

    TikTokLive goes on waiting for a frame, and so learns of the connection's end.
    """

    def __init__(self, *args: Any, take: Take, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._take = take
        self.heard = time.time()
        """When any bytes came last, in seconds since 1970."""
        self.heard_at = self.loop.time()
        """The same by the loop's clock, which nobody sets."""
        self._turn = self.heard_at
        self._outgoing: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self.heard, self.heard_at = time.time(), self.loop.time()
        super().data_received(data)

    async def read_message(self) -> None:
        """Reads to the end of the connection; the next message for TikTokLive is what it returns."""
        while (frame := await super().read_message()) is not None:
            await self._take(frame.encode() if isinstance(frame, str) else frame)
            if self.turn_is_over:
                await self.next_turn()

    @property
    def turn_is_over(self) -> bool:
        """Reading and decoding what has come never waits by itself: the other accounts have waited long enough."""
        return self.loop.time() - max(self._turn, self.heard_at) > TURN

    async def next_turn(self) -> None:
        await asyncio.sleep(0)
        self._turn = self.loop.time()

    def push(self, frame: bytes) -> None:
        """Send without waiting, with what else this turn of the loop sends; nothing on a closed connection."""
        if not self._outgoing:
            self.loop.call_soon(self._send_out)
        self._outgoing.append(frame)

    def _send_out(self) -> None:
        frames, self._outgoing = self._outgoing, []
        if self.open:
            packets = (Frame(Opcode.BINARY, f).serialize(mask=True, extensions=self.extensions) for f in frames)
            self.transport.write(b"".join(packets))


class Client(TikTokLiveClient):  # type: ignore[misc]  # the library is untyped for us
    """One connection to one account's LIVE. ``on_live`` is called once, with what the signing service already
    knew of it, then ``take`` with every frame.

    TikTokLive's emitter is not used: it loses exceptions, and does not tell which message is history.
    """

    def __init__(self, username: str, signing: Signing, on_live: Callable[[Any], None], take: Take) -> None:
        options = {"timeout": HTTP_TIMEOUT, "verify": _tls(), "trust_env": not _is_local()}
        super().__init__(
            username,
            web_kwargs={"httpx_kwargs": dict(options)},
            ws_kwargs={
                "create_protocol": partial(Socket, take=self._take),
                "open_timeout": HTTP_TIMEOUT,
                "close_timeout": CLOSE_TIMEOUT,
            },
        )
        self._on_live = on_live
        self._take_frame = take
        self._open = asyncio.Event()
        # In place of the library's own, which has no time-out and does not verify certificates.
        sdk = self.web.signer.sdk_client
        key = {"X-Api-Key": signing.key} if signing.key else {}
        sdk.set_async_httpx_client(
            httpx.AsyncClient(
                base_url=WebDefaults.tiktok_sign_url,
                headers={**sdk._headers, **key},
                event_hooks={"response": [signing.on_response]},
                timeout=HTTP_TIMEOUT,
                verify=_tls(),
                trust_env=not _is_local(),
            )
        )

    async def _parse_webcast_response(self, webcast_response: Any) -> AsyncIterator[Any]:
        self._on_live(webcast_response)
        self._open.set()
        none: tuple[Any, ...] = ()
        for event in none:  # the library wants a generator of events for its emitter
            yield event

    async def _take(self, frame: bytes) -> None:
        if not self._open.is_set():  # the first may come before TikTokLive says that it is connected
            await self._open.wait()
        await self._take_frame(frame)

    @property
    def socket(self) -> Socket | None:
        """The open socket; None before it opened and after it closed."""
        return cast("Socket | None", self._ws.ws)

    async def find_room(self) -> str:
        """The room in which the account is live now. Raises the library's and httpx's errors.

        The library's ``is_live`` and ``start`` ask the same, but swallow a cancellation on the way.
        """
        try:
            room = await self.web.fetch_room_id_from_html(self.unique_id)
        except UserOfflineError:
            raise
        except (TikTokLiveError, LookupError, ValueError, TypeError) as e:
            log.debug("%s: its page tells no room (%s); asking the API", self.unique_id, e)
            room = await self.web.fetch_room_id_from_api(self.unique_id)
        alive = await self.web.fetch_is_live.fetch_is_live_room_ids(int(room))
        if not alive:  # it speaks of no room to whom it takes for a robot
            raise MissingRoomIdInResponse
        if True not in alive:
            raise UserOfflineError
        return str(room)

    async def open(self, room: str) -> asyncio.Task[None]:
        """Sign and connect. Ends or raises when the connection does. Raises what the library does."""
        # Not ``connect``: cancelling that raises RuntimeError.
        task = await self.start(room_id=int(room), fetch_live_check=False)
        return cast("asyncio.Task[None]", task)

    async def hang_up(self, task: asyncio.Task[None] | None, *, politely: bool) -> None:
        """End everything the connection began. The library's own ``close`` cancels all tasks of the loop."""
        self._open.set()
        socket = self.socket
        if socket is not None:
            if politely:
                with contextlib.suppress(WebSocketException, OSError):
                    await socket.close()
            socket.transport.abort()
        for t in (task, self._ws._ping_loop):  # after a broken line the library leaves the latter running
            if t is not None:
                t.cancel()
                await asyncio.wait([t])
                if not t.cancelled():
                    t.exception()  # looked at, so that asyncio does not complain of an unseen one
        await self.web.close()
        await self.web.signer.client.aclose()


def set_addresses(addresses: TikTok) -> None:
    """Where the platform is; for the whole process, as the library keeps them in a global."""
    if addresses.app_url:
        WebDefaults.tiktok_app_url = addresses.app_url.rstrip("/")
    if addresses.webcast_url:
        WebDefaults.tiktok_webcast_url = addresses.webcast_url.rstrip("/") + "/webcast"
    if addresses.sign_url:
        WebDefaults.tiktok_sign_url = addresses.sign_url.rstrip("/")


def _is_local() -> bool:
    """A proxy from the environment is for TikTok, not for a platform on this machine."""
    return urlsplit(WebDefaults.tiktok_app_url).hostname in ("127.0.0.1", "::1", "localhost")


@cache
def _tls() -> ssl.SSLContext:
    """One for the process: making it costs 20 ms and a megabyte."""
    return httpx.create_ssl_context()
