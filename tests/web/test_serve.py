"""The page's process: streams, phones that vanish, and its end."""

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gateway.messages import Comment, CommentEvent
from gateway.settings.models import Settings, Web
from tests.broker import Mosquitto
from tests.web import scene
from tests.web.flood import Flood
from tests.web.peer import VENUE, Peer, T, until
from tests.web.phones import Phones, ask, vanish
from tests.web.process import RUN, Page
from web.serve import CONNECTIONS
from web.views.live import MAX_STREAMS

pytestmark = pytest.mark.needs("mosquitto")


@pytest.fixture
def page(broker: Mosquitto, tmp_path: Path) -> Iterator[Page]:
    with Page(broker.settings, tmp_path) as page:
        yield page


def listen(page: Page) -> http.client.HTTPResponse:
    """An open event stream."""
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=5)
    connection.request("GET", "/api/events", headers={"Cookie": page.cookie})
    answer = connection.getresponse()
    assert answer.status == 200
    return answer


def next_event(stream: http.client.HTTPResponse) -> dict[str, object]:
    while not (line := stream.readline()).startswith(b"data: "):
        assert line, "the stream ended"
    event: dict[str, object] = msgspec.json.decode(line[6:])
    return event


def test_a_stream_delivers_everything_then_changes_then_heartbeats(page: Page, gateway: Peer) -> None:
    stream = listen(page)
    assert next_event(stream)["full"]
    gateway.say(T.station_state("lamp"), scene.station("lamp"))
    event = next_event(stream)
    while "station" not in event["rows"]:  # type: ignore[operator]  # a decoded object
        event = next_event(stream)
    assert not event["full"]
    start = time.monotonic()
    while event["rows"]:
        event = next_event(stream)
    assert time.monotonic() - start < 2.5, "silence is never long enough for the page to think us gone"
    stream.close()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_process_ends_within_two_seconds_whoever_listens(page: Page, how: signal.Signals) -> None:
    streams = [listen(page) for _ in range(10)]
    assert page.stop(how) < 2.0
    assert page.process.returncode == 0, page.log.read_text()
    assert "Traceback" not in page.log.read_text()
    for stream in streams:
        stream.close()


def streams(page: Page) -> int:
    """How many phones hold one, as the page tells."""
    request = urllib.request.Request(f"{page.url}/api/system/page", headers={"Cookie": page.cookie})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return int(msgspec.json.decode(answer.read())["streams"])


def stop_pressed(page: Page, gateway: Peer, name: str) -> float:
    """Seconds until a stop was answered; it is on the bus by then, or soon."""
    start = time.monotonic()
    assert page.post("/api/estop/trip", {"id": name}) == 202
    took = time.monotonic() - start
    until(lambda: any(name.encode() in m.payload for m in gateway.of(T.estop_trip)), "the trip is on the bus")
    return took


def test_forty_phones_that_vanish_or_never_read_keep_neither_the_stop_nor_their_threads(
    page: Page, gateway: Peer
) -> None:
    with contextlib.ExitStack() as phones:
        for n in range(MAX_STREAMS):
            phone = phones.enter_context(socket.socket())  # and never reads a byte
            phone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            phone.connect(("127.0.0.1", page.port))
            phone.sendall(ask("/api/events", page.cookie))
            if n % 2:
                vanish(phone)
        until(lambda: streams(page) == MAX_STREAMS, "all streams are taken")
        assert stop_pressed(page, gateway, "press-0001") < 1.0

        wall = "x" * 4000

        def freed() -> bool:
            for i in range(60):  # fill what stands between the page and phones that do not read
                comment = Comment(user=scene.user("Noor"), text=f"{i} {wall}")
                scene.say_event(gateway, scene.event(CommentEvent, comment, f"w{i}-{time.monotonic()}"))
            return streams(page) == 0

        until(freed, "their threads are free again", timeout=30)
        assert page.memory_mb < 120  # each may lag by MAX_BEHIND and one answer, no more


def test_phones_beyond_the_cap_are_told_to_poll_and_a_free_stream_is_given_again(
    page: Page, gateway: Peer
) -> None:
    with Phones(page.port, page.cookie, MAX_STREAMS) as phones:
        until(lambda: phones.heard >= MAX_STREAMS, "all of them listen")
        assert page.get("/api/events") == 503
        gateway.say(T.station_state("lamp"), scene.station("lamp"))
        until(lambda: b'"lamp"' in _read(page, "/api/snapshot"), "who polls sees the same")
        before = phones.heard
        until(lambda: phones.heard > before + MAX_STREAMS, "and those who listen still hear")
    until(lambda: streams(page) == 0, "they went")
    listen(page).close()


def test_whoever_crowds_the_page_the_stop_is_answered_within_a_second(page: Page, gateway: Peer) -> None:
    half = b"POST /api/estop/trip HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000\r\n\r\n{"
    with contextlib.ExitStack() as crowd, Phones(page.port, page.cookie, MAX_STREAMS) as phones:
        until(lambda: phones.heard >= MAX_STREAMS, "all streams are taken")
        for n in range(24 + CONNECTIONS):
            idle = crowd.enter_context(socket.create_connection(("127.0.0.1", page.port), 10))
            if n < 24:
                idle.sendall(half)
        times = [stop_pressed(page, gateway, f"press-{n:04}") for n in range(5)]
        assert max(times) < 1.0, times
        before = phones.heard
        until(lambda: phones.heard > before + MAX_STREAMS, "nobody who listens was sent away")
        assert streams(page) == MAX_STREAMS


def test_a_flood_seen_by_fifty_phones_costs_less_than_a_core(page: Page, gateway: Peer, broker: Mosquitto) -> None:
    scene.open_gateway(gateway)
    with Phones(page.port, page.cookie, MAX_STREAMS) as phones, Flood(broker.settings, 1000) as flood:
        until(lambda: flood.sent > 500 and phones.heard > MAX_STREAMS, "it flows")
        start, worked, sent, heard = time.monotonic(), page.cpu_s, flood.sent, phones.heard
        while time.monotonic() - start < 3:  # what is measured is time; ten more phones poll meanwhile
            for _ in range(10):
                assert page.get("/api/snapshot") == 200
            flood.wait(0.9)
        lasted = time.monotonic() - start
        cores = (page.cpu_s - worked) / lasted
        updates = (phones.heard - heard) / MAX_STREAMS / lasted
        assert (flood.sent - sent) / lasted > 300, "the machine was too busy to flood anything"
        assert updates <= 11, "no phone is told more than ten times a second"
        assert cores <= 1.0
        assert page.memory_mb <= 120


def _read(page: Page, path: str) -> bytes:
    request = urllib.request.Request(f"{page.url}{path}", headers={"Cookie": page.cookie})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return bytes(answer.read())


def test_the_process_stays_small_and_keeps_no_body_that_it_does_not_want(page: Page, gateway: Peer) -> None:
    with socket.create_connection(("127.0.0.1", page.port), 5) as much:
        much.sendall(b"POST /enter HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2000000000\r\n\r\n")
        assert b" 413 " in much.recv(100), "refused before it is sent"
    scene.open_gateway(gateway)
    scene.open_accounts(gateway)
    streams = [listen(page) for _ in range(5)]
    for i in range(3000):
        comment = Comment(user=scene.user("Noor"), text=f"comment {i}")
        scene.say_event(gateway, scene.event(CommentEvent, comment, f"c{i}"))
    seen = ""
    while '"c2999"' not in seen:
        seen = msgspec.json.encode(next_event(streams[0])).decode()
    assert page.memory_mb <= 75  # 58 of them are Python and the libraries, before anybody came
    for stream in streams:
        stream.close()


def test_an_address_in_use_is_told_in_words(page: Page, broker: Mosquitto, tmp_path: Path) -> None:
    settings = Settings(venue=VENUE, broker=broker.settings, web=Web(port=page.port))
    argument = msgspec.json.encode(settings).decode()
    second = subprocess.run(
        [sys.executable, "-c", RUN, argument], cwd=tmp_path, capture_output=True, text=True, timeout=20
    )
    assert second.returncode == 1
    assert f"the page cannot use 127.0.0.1:{page.port}: Address already in use" in second.stderr
