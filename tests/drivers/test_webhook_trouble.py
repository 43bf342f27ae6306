"""Webhooks whose other side is slow, away, a stranger or breaks off: nothing is sent twice, or after a stop."""

import asyncio
import socket
import ssl
import subprocess
import sys
import threading
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from gateway.drivers import http_call
from gateway.drivers.base import Ending
from tests.drivers.house import Desk, House, fine, open_house
from tests.drivers.stage import until


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house() as it:
        yield it


async def test_a_redirect_is_told_and_not_followed(house: House, tmp_path: Path) -> None:
    async def elsewhere(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": "/new"})

    house.answer = elsewhere
    outcome = await Desk(tmp_path, f"{house.url}/old").call()
    assert outcome.ending is Ending.FAILED
    assert f"a redirect to {house.url}/new. It is not followed" in outcome.reason
    assert len(house.asked) == 1


async def test_who_does_not_answer_in_time_is_given_up_and_not_asked_again(house: House, tmp_path: Path) -> None:
    house.answer = house.hang
    outcome = await Desk(tmp_path, house.url, timeout="300ms").call()
    assert outcome.ending is Ending.FAILED
    assert "did not answer within 300ms; whether it was carried out there is not known" in outcome.reason
    async with asyncio.timeout(5):
        await house.left.wait()
    assert len(house.asked) == 1


async def test_who_breaks_off_in_the_middle_is_not_asked_again(house: House, tmp_path: Path) -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    house.answer = break_off
    outcome = await Desk(tmp_path, house.url).call()
    assert outcome.ending is Ending.FAILED
    assert "broke off without an answer; whether it was carried out there is not known" in outcome.reason
    assert len(house.asked) == 1


@pytest.mark.parametrize("begins", [b"", b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 500 No\r\n\r\n"])
async def test_an_answer_that_drips_is_cut_off_in_time(tmp_path: Path, begins: bytes) -> None:
    """Each byte comes long before any time-out of a socket."""
    gone = asyncio.Event()

    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(begins)
        try:
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            gone.set()
        finally:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        outcome = await Desk(tmp_path, f"http://127.0.0.1:{port}", timeout="300ms").call()
        assert outcome.ending is Ending.FAILED
        async with asyncio.timeout(5):
            await gone.wait()
    await until(lambda: not any(t.name.startswith("webhook") and _busy(t) for t in threading.enumerate()))


def _busy(thread: threading.Thread) -> bool:
    """It is inside a call, not waiting for the next one."""
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and any(f.filename == http_call.__file__ for f in traceback.extract_stack(frame))


class Tries:
    """Counts connections that are tried, and lets a test wait for the end of each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ended = 0
        create = socket.create_connection

        def counted(*args: object, **more: object) -> socket.socket:
            try:
                return create(*args, **more)  # type: ignore[arg-type]  # whatever http.client says
            finally:
                self.ended += 1

        monkeypatch.setattr(socket, "create_connection", counted)


async def test_who_is_not_there_is_tried_three_times_and_nothing_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = Tries(monkeypatch)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # and does not listen
        desk = Desk(tmp_path, f"http://127.0.0.1:{deaf.getsockname()[1]}")
        outcome = await desk.call()
    assert outcome.ending is Ending.FAILED
    assert outcome.reason.endswith("cannot be reached: Connection refused; nothing was sent")
    assert outcome.sent is None
    assert tries.ended == 3


async def test_who_comes_back_while_we_try_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries, asked = Tries(monkeypatch), list[str]()

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    with socket.socket() as late:
        late.bind(("127.0.0.1", 0))
        calling = asyncio.create_task(Desk(tmp_path, f"http://127.0.0.1:{late.getsockname()[1]}/on").call())
        await until(lambda: tries.ended == 1)
        await web.SockSite(runner, late).start()
        assert (await calling).ending is Ending.DONE
        assert asked == ["/on"]
        await runner.cleanup()


async def test_after_an_emergency_stop_nothing_leaves_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = Tries(monkeypatch)
    with socket.socket() as late:
        late.bind(("127.0.0.1", 0))
        desk = Desk(tmp_path, f"http://127.0.0.1:{late.getsockname()[1]}/on")
        calling = asyncio.create_task(desk.call())
        await until(lambda: tries.ended == 1)
        desk.driver.estop(7)
        late.listen()
        outcome = await calling
        assert (outcome.ending, outcome.kept_by) == (Ending.CANCELLED, "stop")
        await until(lambda: not any(t.name.startswith("webhook") and _busy(t) for t in threading.enumerate()))
        late.setblocking(False)
        with pytest.raises(BlockingIOError):
            late.accept()


async def test_an_emergency_stop_cuts_a_call_off_and_the_next_needs_reset_and_arming(
    house: House, tmp_path: Path
) -> None:
    house.answer = house.hang
    desk = Desk(tmp_path, house.url)
    calling = asyncio.create_task(desk.call())
    await until(lambda: house.asked)
    desk.driver.estop(7)
    assert desk.driver.health.stopped
    outcome = await calling
    assert (outcome.ending, outcome.kept_by) == (Ending.CANCELLED, "stop")
    assert "cannot be called back" in outcome.reason
    async with asyncio.timeout(5):
        await house.left.wait()
    house.answer = fine
    desk.driver.arm(True)  # not while it is stopped
    assert (await desk.call()).kept_by == "stop"
    desk.driver.reset_estop(7)
    assert (await desk.call()).kept_by == "disarmed"
    desk.driver.arm(True)
    assert (await desk.call()).ending is Ending.DONE


async def test_a_cancelled_command_hangs_up(house: House, tmp_path: Path) -> None:
    house.answer = house.hang
    calling = asyncio.create_task(Desk(tmp_path, house.url).call())
    await until(lambda: house.asked)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    async with asyncio.timeout(5):
        await house.left.wait()


async def test_what_does_not_speak_tls_is_not_trusted_and_hears_nothing(house: House, tmp_path: Path) -> None:
    outcome = await Desk(tmp_path, house.url.replace("http:", "https:")).call()
    assert outcome.ending is Ending.FAILED
    assert "cannot be trusted, so nothing was sent" in outcome.reason
    assert not house.asked


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem"
    try:
        subprocess.run(make.split(), cwd=tmp_path, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed (apt-get install openssl)")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    heard = bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read())
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        outcome = await Desk(tmp_path, f"https://localhost:{port}").call()
    assert outcome.ending is Ending.FAILED
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.reason
    assert not heard


async def test_what_could_not_be_reached_before_the_deadline_is_not_sent_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = Tries(monkeypatch)
    with socket.socket() as late:
        late.bind(("127.0.0.1", 0))
        desk = Desk(tmp_path, f"http://127.0.0.1:{late.getsockname()[1]}/on")
        calling = asyncio.create_task(desk.call(within=0.15))  # the second try comes after 0.2 s
        await until(lambda: tries.ended == 1)
        late.listen()
        outcome = await calling
        assert (outcome.ending, outcome.kept_by, outcome.sent) == (Ending.EXPIRED, "offline", None)
        connection, _ = late.accept()
        with connection:
            assert connection.recv(1) == b""


async def test_an_address_of_ipv6_needs_no_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = list[object]()

    def refuse(address: object, *_: object) -> socket.socket:
        tried.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", refuse)
    for url in ("http://[::1]/on", "https://[::1]/on"):
        assert (await Desk(tmp_path, url).call()).ending is Ending.FAILED
    assert set(tried) == {("::1", 80), ("::1", 443)}
