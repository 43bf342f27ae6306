"""The page over HTTP, as a well-meaning and as an ill-meaning client sees it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.messages import Comment, CommentEvent, EstopTrip, StationInfo, decode
from tests.web import scene
from tests.web.past import live
from tests.web.peer import Peer, T, rows, until
from tests.web.people import OWN, signed_in
from web.app import create_app
from web.assets import Assets
from web.source import Source

pytestmark = pytest.mark.needs("mosquitto")
PRESSES: list[tuple[str, dict[str, Any]]] = [
    ("/api/estop/trip", {"id": "press-0001"}),
    ("/api/estop/reset", {"trip": "press-0001"}),
    ("/api/arm", {"armed": True}),
    ("/api/mode", {"mode": "paused"}),
    ("/api/queue", {"do": "skip", "station": "drum", "command": "c-1"}),
    ("/api/ledger", {"gateway": "pi-1", "do": "pay-all"}),
    ("/api/button", {"gateway": "pi-1", "button": "confetti"}),
]
HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "{{7*7}}${7*7}<%= 7*7 %>",
    "javascript:alert(1)",
    "\u202egnp.exe\u2066",
    "\n\ndata: {}\nevent: x\n\n",
    "\u2028\u2029\x00\x1b[31m",
    "a" * 4000,
]


@pytest.fixture
def app(source: Source, tmp_path: Path) -> Flask:
    return create_app(live(source, tmp_path / "no-data"), hosts=["venue.example"], streams=2)


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with signed_in(app) as client:
        yield client


def loaded(client: FlaskClient, address: str) -> dict[str, int]:
    """What a browser loads with a screen: address -> compressed bytes."""
    found = {}
    for file in set(re.findall(r'"(/static/[^"]+)"', client.get(address).text)):
        answer = client.get(file, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200, file
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Encoding"] == "gzip"
        found[file] = len(answer.data)
    return found


def test_the_page_loads_its_own_files_only_and_is_small(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "http" not in page.text.replace('http-equiv="', "").replace("http://www.w3.org/2000/svg", "")
    assert "<script>" not in page.text
    assert "style=" not in page.text
    assert len(loaded(client, "/")) >= 10
    assert sum(loaded(client, "/").values()) < 32_000


@pytest.mark.parametrize("address", ["/", "/api/snapshot", "/nowhere"])
def test_every_answer_carries_the_guards(client: FlaskClient, address: str) -> None:
    headers = client.get(address).headers
    assert "script-src 'self';" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in headers, "a cookie is given at the door, and stays"


@pytest.mark.parametrize("path", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "/etc/passwd", "page.html"])
def test_no_path_leads_out_of_the_pages_files(client: FlaskClient, path: str) -> None:
    assert client.get(f"/static/{Assets().version}/{path}").status_code == 404


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_words(source: Source, gateway: Peer, client: FlaskClient, text: str) -> None:
    scene.say_event(gateway, scene.event(CommentEvent, Comment(user=scene.user(text[:100]), text=text), "hostile"))
    until(lambda: rows(source).get("event"), "the comment")
    answer = client.get("/api/snapshot")
    assert answer.content_type == "application/json"
    assert answer.json is not None
    assert answer.json["rows"]["event"]["hostile"]["text"] == text
    stream = client.get("/api/events", buffered=False)
    chunks = iter(stream.iter_encoded())
    event = (next(chunks) + next(chunks)).decode()
    stream.close()
    assert event.count("\n\n") == 2, "one retry line, one event, whatever a viewer wrote"
    assert text not in client.get("/").text


@pytest.mark.parametrize(("address", "body"), PRESSES)
def test_a_press_from_elsewhere_is_refused_and_sends_nothing(
    client: FlaskClient, gateway: Peer, address: str, body: dict[str, Any]
) -> None:
    token = {"X-CSRFToken": client.environ_base["HTTP_X_CSRFTOKEN"]}
    for headers in (
        {},
        token,
        token | {"Origin": "http://evil.example"},
        token | {"Origin": "null"},
        token | {"Origin": "http://localhost:81"},
        token | OWN | {"Sec-Fetch-Site": "cross-site"},
        token | OWN | {"Sec-Fetch-Site": "same-site"},
    ):
        assert client.post(address, json=body, headers=headers).status_code == 403, headers
    assert client.post("/api/mode", json={"mode": "rehearsal"}, headers=OWN).status_code == 202
    until(lambda: gateway.of(T.mode), "the marker sent after them")
    assert len(gateway.heard) == 1, "nothing was sent before the marker"


def test_the_page_answers_only_under_its_own_names(client: FlaskClient) -> None:
    ours = ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "192.168.7.20:8080", "venue.example"]
    theirs = ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::1", ""]
    for host in ours + theirs:
        answer = client.get("/api/snapshot", headers={"Host": host})
        assert answer.status_code == (200 if host in ours else 400), host


def test_another_sites_page_cannot_take_the_event_streams(client: FlaskClient) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.get("/api/events", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("/api/estop/trip", b""),
        ("/api/estop/trip", b"{"),
        ("/api/estop/trip", b'{"id": "x"}'),
        ("/api/estop/trip", b'{"id": "<script>alert(1)</script>"}'),
        ("/api/arm", b'{"armed": "yes"}'),
        ("/api/mode", b'{"mode": "loud"}'),
        ("/api/estop/reset", b'{"trip": ""}'),
    ],
)
def test_a_malformed_press_is_told_what_is_wrong(client: FlaskClient, address: str, body: bytes) -> None:
    answer = client.post(address, data=body, headers=OWN)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"]


def test_a_press_that_is_too_long_is_refused(client: FlaskClient) -> None:
    assert client.post("/api/estop/trip", data=b"x" * 5000, headers=OWN).status_code == 413


def test_the_stop_button_stops_over_http(client: FlaskClient, gateway: Peer) -> None:
    answer = client.post("/api/estop/trip", json={"id": "press-0001"}, headers=OWN)
    assert answer.status_code == 202
    assert answer.json is not None
    assert answer.json["stop"]["phase"] == "pending"
    trip: EstopTrip = decode(until(lambda: gateway.of(T.estop_trip), "the trip")[-1].payload, EstopTrip)
    assert trip.by == "admin at 127.0.0.1"


def test_arming_without_a_gateway_says_so(client: FlaskClient) -> None:
    answer = client.post("/api/arm", json={"armed": True}, headers=OWN)
    assert (answer.status_code, answer.json) == (503, {"error": "no gateway answers: nothing was sent"})


def test_a_reset_of_a_stop_that_does_not_stand_is_refused(client: FlaskClient) -> None:
    assert client.post("/api/estop/reset", json={"trip": "old"}, headers=OWN).status_code == 400


def test_streams_beyond_the_cap_are_told_to_poll_and_a_closed_one_frees_its_place(client: FlaskClient) -> None:
    held = [client.get("/api/events", buffered=False) for _ in range(2)]
    full = client.get("/api/events")
    assert full.status_code == 503
    assert full.headers["Retry-After"]
    assert client.get("/api/snapshot").status_code == 200
    held[0].close()
    again = client.get("/api/events", buffered=False)
    assert again.status_code == 200
    for stream in (held[1], again):
        stream.close()


def test_a_poll_gets_only_what_changed_since_its_cursor(
    client: FlaskClient, source: Source, gateway: Peer
) -> None:
    first = client.get("/api/snapshot").json
    assert first is not None
    assert first["full"]
    gateway.say(T.station_info("lamp"), StationInfo(station="lamp", driver="arduino", actions={}))
    until(lambda: "lamp" in rows(source).get("station", {}), "the station")
    cursor = f"{first['instance']}.{first['version']}"
    delta = client.get(f"/api/snapshot?since={cursor}").json
    assert delta is not None
    assert not delta["full"]
    assert set(delta["rows"]["station"]) == {"lamp"}
    for nonsense in ("", "x", "1.2.3", f"{first['instance']}.-1", f"other.{first['version']}"):
        answer = client.get(f"/api/snapshot?since={nonsense}").json
        assert answer is not None
        assert answer["full"]
