"""The demo from curtain to curtain."""

import asyncio
import contextlib
import logging
import os
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import click

from gateway.bus import Bus, Message
from gateway.demo import venue
from gateway.demo.boards import make_boards
from gateway.demo.children import Children, choose_port
from gateway.errors import ServiceError
from gateway.messages import GatewayState, decode
from gateway.practice.tiktok.rates import Rates
from gateway.practice.tiktok.server import PracticeTikTok
from gateway.service import until_signalled
from gateway.settings.load import Config
from gateway.topics import Topics
from web import FOLDER
from web.people import links

READY_S = 30.0
"""Seconds until the page must answer; a Raspberry Pi 3 needs a third of it."""
MOSQUITTO = """\
user root
listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
max_inflight_messages 0
max_queued_messages 0
persistence false
"""


def run_demo(*, seconds: float | None, boards: str, broker: str, host: str | None, rate: float) -> int:
    """Run until Ctrl-C or for so long; the process's exit status: 0 only if gifts arrived, boards
    acknowledged actions, and the page answered."""
    logging.getLogger().setLevel(logging.WARNING)
    folder = Path(tempfile.mkdtemp(prefix="stagewire-demo-"))
    try:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            return runner.run(_Demo(folder, boards, broker, host, rate).run(seconds))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Demo:
    def __init__(self, folder: Path, boards: str, broker: str, host: str | None, rate: float) -> None:
        self._folder, self._boards, self._broker, self._rate = folder, boards, broker, rate
        # Without a terminal nobody can scan a code with a phone: the page then stays on this machine.
        self._host = host or ("0.0.0.0" if sys.stdout.isatty() else "127.0.0.1")  # noqa: S104
        self._children = Children(folder)
        self._state: GatewayState | None = None

    async def run(self, seconds: float | None) -> int:
        signalled = asyncio.create_task(until_signalled())
        try:
            async with contextlib.AsyncExitStack() as stack:
                show = asyncio.create_task(self._show(stack, seconds))
                await asyncio.wait([show, signalled], return_when=asyncio.FIRST_COMPLETED)
                if not show.done():
                    click.echo("\nstopping ...")
                    show.cancel()
                    await asyncio.wait([show])
                if not show.cancelled():
                    await show
                self._memory()
                answered = await asyncio.to_thread(self._page_answers)
            return self._verdict(answered)
        finally:
            signalled.cancel()

    async def _show(self, stack: contextlib.AsyncExitStack, seconds: float | None) -> None:
        config = await self._start(stack)
        await self._until_ready()
        self._greet(config)
        bus = Bus(config.settings.broker, "stagewire-demo-summary", on_message=self._on_state)
        bus.subscribe(Topics(config.settings.venue).gateway_state(config.settings.gateway.id))
        await stack.enter_async_context(_task(bus.run()))
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds if seconds else None
        while end is None or loop.time() < end:
            await asyncio.sleep(1 if end is None else min(1.0, max(end - loop.time(), 0.01)))
            self._children.check()
            self._summary()

    async def _start(self, stack: contextlib.AsyncExitStack) -> Config:
        broker = await self._start_broker(stack)
        port, words = choose_port(8765)
        _tell(words)
        tiktok = PracticeTikTok(port)
        await tiktok.start()
        stack.push_async_callback(tiktok.stop)
        boards = make_boards(self._boards, venue.STATIONS)
        _tell(f"boards: {boards.words}")
        for board in boards.all.values():
            await board.start()
            stack.push_async_callback(board.stop)
        self._web_port, words = choose_port(8080, self._host)
        _tell(words)
        config = venue.write(
            self._folder,
            broker=broker,
            tiktok={"app_url": tiktok.app_url, "webcast_url": tiktok.webcast_url, "sign_url": tiktok.sign_url},
            web={"host": self._host, "port": self._web_port},
            ports={name: board.port for name, board in boards.all.items()},
        )
        for username in venue.ACCOUNTS.values():
            tiktok.add_crowd(tiktok.add_room(username), Rates().times(self._rate))
        stack.push_async_callback(self._children.stop)
        self._invitation = self._invite(config)
        for name in ("gateway", "connector", "web"):
            await self._children.start(name, sys.executable, "-m", "gateway.cli", name)
        return config

    def _invite(self, config: Config) -> str:
        """The way into the page for whoever sits here, as an admin, as often as they like."""
        from web.people.people import People
        from web.people.roles import Role

        people = People(config.base_dir / config.settings.gateway.data / FOLDER)
        whole_time = 7 * 24 * 3600.0
        token = people.invite(
            Role.ADMIN, by="stagewire demo", lasts=whole_time, uses=1000, stays=whole_time, guest="Demo"
        )
        return f"enter/{token}"

    async def _start_broker(self, stack: contextlib.AsyncExitStack) -> dict[str, Any]:
        port, words = choose_port(1883)
        _tell(words)
        program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        if program is None and self._broker == "mosquitto":
            raise ServiceError("mosquitto is not installed: sudo apt-get install mosquitto")
        if program is None or self._broker == "embedded":
            _tell("broker: embedded, MQTT 3.1.1 (a venue wants mosquitto)")
            from gateway.practice.broker import EmbeddedBroker  # half a second of imports, seldom needed

            embedded = EmbeddedBroker(port)
            await embedded.start()
            stack.push_async_callback(embedded.stop)
            return {"port": port, "protocol": "v3.1.1"}
        (self._folder / "mosquitto.conf").write_text(MOSQUITTO.format(port=port))
        broker = Children(self._folder)
        stack.push_async_callback(broker.stop)
        await broker.start("mosquitto", program, "-c", "mosquitto.conf")
        return {"port": port}

    async def _until_ready(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READY_S):
                while not await asyncio.to_thread(self._page_answers):
                    self._children.check()
                    await asyncio.sleep(0.1)
                return
        raise ServiceError(f"the page did not answer within {READY_S:.0f} s. {self._children.last_words('web')}")

    def _page_answers(self) -> bool:
        url = f"{self._here()}api/snapshot"  # which tells strangers of the stop
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own page
            return bool(answer.status == 200)
        return False

    def _here(self) -> str:
        host = "127.0.0.1" if self._host == "0.0.0.0" else self._host  # noqa: S104
        return f"http://{host}:{self._web_port}/"

    def _greet(self, config: Config) -> None:
        phone = links.lan_address() if self._host == "0.0.0.0" else None  # noqa: S104
        click.echo(f"\n  The page:  {self._here()}{self._invitation}")
        if phone:
            url = f"http://{phone}:{self._web_port}/{self._invitation}"
            click.echo(f"  A phone on this network (--host 127.0.0.1 keeps others out):  {url}\n")
            click.echo(links.code_in_terminal(url))
        venue, broker = config.settings.venue, config.settings.broker
        click.echo(f"  Its rules, in force three seconds after you save them:  {self._folder / 'rules.yaml'}")
        click.echo(f"  All that is said:  mosquitto_sub -v -p {broker.port} -t 'stagewire/1/{venue}/#'")
        click.echo("  Practice viewers send practice gifts; nothing leaves this machine. Ctrl-C ends it all.\n")

    def _on_state(self, message: Message) -> None:
        self._state = decode(message.payload, GatewayState)

    def _summary(self) -> None:
        s = self._state
        if s is None or not s.events:
            click.echo("waiting for the gateway ..." if s is None else "the connector joins the practice LIVE ...")
            return
        p50 = f"{s.latency_p50_ms:.1f} ms" if s.latency_p50_ms is not None else "-"
        click.echo(
            f"events {s.events:>6}   gifts {s.gifts:>5}   actions done {s.actions:>5}   not done {s.not_done:>4}"
            f"   waiting {s.queue:>3}   gift to motion p50 {p50}"
        )

    def _memory(self) -> None:
        sizes = self._children.memory_mb()
        if sizes:
            click.echo("memory: " + ", ".join(f"{name} {mb:.0f} MB" for name, mb in sizes.items()))

    def _verdict(self, answered: bool) -> int:
        s = self._state
        wrong = []
        if s is None or not s.gifts:
            wrong.append("no gift arrived")
        if s is None or not s.actions:
            wrong.append("no board acknowledged an action")
        if not answered:
            wrong.append("the page did not answer")
        if wrong:
            click.secho(f"Not as it should be: {', '.join(wrong)}.", fg="red", err=True)
        return 1 if wrong else 0


@contextlib.asynccontextmanager
async def _task(work: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _tell(words: str) -> None:
    if words:
        click.echo(f"  {words}")
