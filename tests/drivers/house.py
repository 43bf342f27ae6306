"""An HTTP server on loopback that answers as a test wants, and a driver with one webhook that goes there."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from gateway.drivers.base import Outcome
from gateway.drivers.webhook import WebhookDriver
from gateway.messages import Param
from gateway.settings.models import Webhook
from tests.drivers.off_board import NONE, command

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def fine(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=204)


class House:
    """The other side: what it was asked, and how it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []  # method, path, body
        self.headers: dict[str, str] = {}
        self.left = asyncio.Event()  # who asked went away before the answer
        self.answer: Answer = fine
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path, await request.text()))
        self.headers = dict(request.headers)
        try:
            return await self.answer(request)
        except asyncio.CancelledError:
            self.left.set()
            raise

    async def hang(self, _request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError


@asynccontextmanager
async def open_house() -> AsyncIterator[House]:
    it = House()
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", it.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.SockSite(runner, it.socket).start()
    yield it
    await runner.cleanup()


class Desk:
    """An armed driver with one webhook, ``lamp``."""

    def __init__(self, folder: Path, url: str | None, **more: str) -> None:
        self.hook = Webhook(url=url, timeout="5s") if not more else Webhook(url=url, **more)  # type: ignore[arg-type]  # all are texts
        self.driver = WebhookDriver("webhook", {"lamp": self.hook}, folder)
        self.driver.arm(True)
        self.moved: list[float] = []

    async def call(self, params: dict[str, Param] | None = None, *, within: float = 5.0) -> Outcome:
        order = command("webhook", "lamp", params or NONE, within=within)
        return await self.driver.perform(order, self.moved.append)


def secret(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    (folder / name).chmod(0o600)
    return name
