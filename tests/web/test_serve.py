"""The page's process: streams, phones that vanish, and its end."""

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gateway.messages import Comment, CommentEvent
from gateway.settings.models import Settings, Web
from tests.broker import Mosquitto
from tests.web import scene
from tests.web.peer import VENUE, Peer, T, until
from tests.web.process import RUN, Page
from web.views.live import MAX_STREAMS

pytestmark = pytest.mark.needs("mosquitto")


@pytest.fixture
def page(broker: Mosquitto, tmp_path: Path) -> Iterator[Page]:
    with Page(broker.settings, tmp_path) as page:
        yield page


def listen(page: Page) -> http.client.HTTPResponse:
    """An open event stream."""
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=5)
    connection.request("GET", "/api/events")
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


def test_forty_phones_that_vanish_never_keep_the_stop_button_and_free_their_threads(
    page: Page, gateway: Peer
) -> None:
    phones = contextlib.ExitStack()
    for _ in range(MAX_STREAMS):
        phone = phones.enter_context(socket.socket())  # and never reads a byte
        phone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        phone.connect(("127.0.0.1", page.port))
        phone.sendall(b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    with phones:
        _they_never_keep_the_stop_button(page, gateway)


def _they_never_keep_the_stop_button(page: Page, gateway: Peer) -> None:
    until(lambda: page.get("/api/events") == 503, "all streams are taken")
    start = time.monotonic()
    assert page.post("/api/estop/trip", {"id": "press-0001"}) == 202
    assert time.monotonic() - start < 1.0
    until(lambda: gateway.of(T.estop_trip), "the trip is on the bus")

    wall = "x" * 4000

    def freed() -> bool:
        for i in range(60):  # fill what stands between the page and phones that do not read
            comment = Comment(user=scene.user("Noor"), text=f"{i} {wall}")
            scene.say_event(gateway, scene.event(CommentEvent, comment, f"w{i}-{time.monotonic()}"))
        return _free(page)

    until(freed, "their threads are free again", timeout=30)
    assert page.memory_mb < 120  # each may lag by MAX_BEHIND and one answer, no more


def _free(page: Page) -> bool:
    """Is a stream to be had? (Asked and let go.)"""
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=5)
    connection.request("GET", "/api/events")
    answer = connection.getresponse()
    connection.close()
    return answer.status == 200


def test_the_process_stays_small(page: Page, gateway: Peer) -> None:
    scene.open_gateway(gateway)
    scene.open_accounts(gateway)
    streams = [listen(page) for _ in range(5)]
    for i in range(3000):
        comment = Comment(user=scene.user("Noor"), text=f"comment {i}")
        scene.say_event(gateway, scene.event(CommentEvent, comment, f"c{i}"))
    seen = ""
    while '"c2999"' not in seen:
        seen = msgspec.json.encode(next_event(streams[0])).decode()
    assert page.memory_mb <= 50
    for stream in streams:
        stream.close()


def test_an_address_in_use_is_told_in_words(page: Page, broker: Mosquitto) -> None:
    settings = Settings(venue=VENUE, broker=broker.settings, web=Web(port=page.port))
    argument = msgspec.json.encode(settings).decode()
    second = subprocess.run([sys.executable, "-c", RUN, argument], capture_output=True, text=True, timeout=20)
    assert second.returncode == 1
    assert f"the page cannot use 127.0.0.1:{page.port}: Address already in use" in second.stderr
