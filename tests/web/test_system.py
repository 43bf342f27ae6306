"""The system screen: what gateways and the page tell of themselves, who may see it, and what a zip never holds."""

import io
import json
import logging
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask

from gateway.errors import BusError
from gateway.messages import Comment, CommentEvent
from gateway.settings.models import Account, Settings
from tests.web import scene
from tests.web.past import live, words
from tests.web.peer import VENUE, Peer, rows, until
from tests.web.people import Hand
from web.app import create_app
from web.errands import Busy, Errands
from web.parts import Parts
from web.people.roles import Role
from web.source import Source

pytestmark = pytest.mark.needs("mosquitto")
SEEN = {
    "where": "gateway/journal/writer.py:243",
    "level": "WARNING",
    "words": "journal: goes on after 4 s",
    "detail": "",
    "count": 12,
    "first": "2026-11-22T17:14:53.224Z",
    "last": "2026-11-22T18:14:53.224Z",
}


@pytest.fixture
def parts(source: Source, gateway: Peer, tmp_path: Path) -> Parts:
    scene.open_gateway(gateway)
    scene.open_accounts(gateway)
    until(lambda: rows(source).get("gateway", {}).get("pi-1", {}).get("state"), "the gateway is seen")
    settings = Settings(venue=VENUE, accounts={"mira": Account(username="mira.on.air")})
    return live(source, tmp_path, settings)


@pytest.fixture
def app(parts: Parts) -> Flask:
    return create_app(parts)


@pytest.fixture
def admin(app: Flask) -> Hand:
    return Hand(app)


class Later:
    """A request of the page, made while the test plays the gateway."""

    def __init__(self, ask: Any) -> None:
        self._thread = threading.Thread(target=lambda: setattr(self, "answer", ask()), daemon=True)
        self._thread.start()

    def get(self) -> Any:
        self._thread.join(10)
        return self.answer  # type: ignore[attr-defined]  # set by the thread


def test_an_operator_sees_health_and_only_an_admin_the_rest(app: Flask) -> None:
    operator, admin = Hand(app, Role.OPERATOR), Hand(app)
    told = words(operator.get("/system").text)
    assert "Health" in told
    assert "Diagnostics" not in told
    assert "Warnings and errors" not in told
    assert operator.get("/api/system/page").status_code == 200
    for path in ("/api/system/errors", "/api/system/diagnostics", "/system/backups", "/system/erase"):
        assert operator.get(path).status_code == 403, path
    assert operator.press("/api/system/profile", {"gateway": "pi-1"}).status_code == 403
    told = words(admin.get("/system").text)
    assert "Warnings and errors" in told
    assert "Backups" in told
    assert Hand(app, Role.VIEWER).get("/system").status_code == 403


def test_the_page_tells_its_memory_streams_and_machine(admin: Hand) -> None:
    told = admin.get("/api/system/page").json
    assert told is not None
    assert 10 < told["memory_mb"] < 1000
    assert (told["streams"], told["most_streams"]) == (0, 40)
    assert told["machine"]["clock"] in ("synchronised", "not synchronised")
    with admin.get("/api/events", buffered=False) as _:
        during = admin.get("/api/system/page").json
    assert during is not None
    assert during["streams"] == 1


def test_errors_of_gateway_and_page_stand_side_by_side_and_are_cleared(
    admin: Hand, parts: Parts, gateway: Peer
) -> None:
    with parts.condition.errors.watching():
        logging.getLogger("web.test").error("the page stumbled")
        asked = Later(lambda: admin.get("/api/system/errors"))
        gateway.answer("errors", gateway.asked("errors"), errors=[SEEN], more=0)
        own, other = asked.get().json["programs"]
        assert own["errors"][0]["words"] == "the page stumbled"
        assert (other["of"], other["errors"]) == ("pi-1", [SEEN])
        assert admin.press("/api/system/errors/clear", {"of": "page"}).status_code == 200
        cleared = Later(lambda: admin.press("/api/system/errors/clear", {"of": "pi-1"}))
        request = gateway.asked("errors")
        assert request.params == {"do": "clear"}
        gateway.answer("errors", request)
        assert cleared.get().status_code == 200
        assert [e["words"] for e in msgspec.to_builtins(parts.condition.errors.seen())] == []


def test_a_gateway_that_does_not_answer_hides_nobody_elses_errors(admin: Hand, gateway: Peer) -> None:
    own, other = admin.get("/api/system/errors").json["programs"]  # type: ignore[index]  # JSON
    assert own["why"] == ""
    assert "did not answer within 2 s" in other["why"]


def test_a_profile_is_an_errand_that_is_followed_to_its_end(admin: Hand, gateway: Peer) -> None:
    begun = admin.press("/api/system/profile", {"gateway": "pi-1", "seconds": 3})
    assert begun.status_code == 202
    assert begun.json is not None
    name = begun.json["id"]
    request = gateway.asked("profile")
    assert request.params == {"seconds": 3}
    refused = admin.press("/api/system/profile", {"gateway": "pi-1", "seconds": 3})
    assert refused.status_code == 409
    assert "one thing at a time" in refused.text
    assert admin.get(f"/api/system/errands/{name}").json["state"] == "running"  # type: ignore[index]  # JSON
    gateway.answer("profile", request, calls=7, own=[], all=[])

    def ended() -> Any:
        told = admin.get(f"/api/system/errands/{name}").json
        return told if told is not None and told["state"] != "running" else None

    assert until(ended, "the errand ends")["result"]["calls"] == 7
    assert admin.press("/api/system/profile", {"gateway": "pi-1", "seconds": 31}).status_code == 400
    assert admin.get("/api/system/errands/nonsense").status_code == 404


def test_an_errand_that_fails_says_why_and_leaves_room_for_the_next() -> None:
    errands, go = Errands(), threading.Event()

    def work() -> None:
        go.wait(10)
        raise BusError("gateway pi-1 does not answer: nothing was sent")

    first = errands.begin("backup", work)
    with pytest.raises(Busy):
        errands.begin("erase", work)
    go.set()
    until(lambda: errands.one(first.id) is not None and errands.one(first.id).state == "failed", "it failed")  # type: ignore[union-attr]  # just looked
    ended = errands.one(first.id)
    assert ended is not None
    assert ended.words == "gateway pi-1 does not answer: nothing was sent"
    second = errands.begin("check", lambda: 42)
    until(lambda: errands.one(second.id).result == 42, "the next is done")  # type: ignore[union-attr]  # just begun


def test_the_zip_holds_every_part_and_no_name_of_anybody(app: Flask, parts: Parts, gateway: Peer) -> None:
    admin = Hand(app, name="Philippa Quast")
    hostile = scene.user("Ottoline Marsh")
    scene.say_event(gateway, scene.event(CommentEvent, Comment(user=hostile, text="my pin is 7733"), "c-1"))
    until(lambda: "c-1" in rows(parts.source).get("event", {}), "the comment is seen")
    stop = threading.Event()
    player = threading.Thread(target=_play, args=(gateway, stop), daemon=True)
    player.start()
    with parts.condition.errors.watching():
        logging.getLogger("web.test").warning("Ottoline Marsh said it, Philippa Quast from 192.168.7.9 read it")
        answer = admin.get("/api/system/diagnostics")
    stop.set()
    player.join(10)
    assert answer.content_type == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as z:
        told = {name: z.read(name).decode() for name in z.namelist()}
    assert {"README.txt", "venue.json", "page/about.json", "page/log.txt", "page/errors.json"} <= told.keys()
    assert {f"pi-1/{part}" for part in ("about.json", "settings.json", "traces.json", "log.txt")} <= told.keys()
    assert json.loads(told["pi-1/about.json"]) == {"stagewire": "0.1.0", "long": "x" * 30_000}
    assert '"latency_p50_ms"' in told["venue.json"]
    everything = "\n".join(told.values())
    for name in ("Ottoline", "Marsh", "Philippa", "Quast", "mira.on.air", "7733", "192.168.7.9"):
        assert name not in everything, name


def _play(gateway: Peer, stop: threading.Event) -> None:
    """Diagnostics in two pieces, as a gateway gives them."""
    long = json.dumps({"stagewire": "0.1.0", "long": "x" * 30_000})
    while not stop.is_set():
        try:
            request = gateway.asked("diagnostics")
        except AssertionError:
            return
        part, offset = request.params["part"], int(request.params["offset"])
        text = {"about": long, "log": "read by Philippa Quast\n"}.get(str(part), "{}")
        after: dict[str, Any] = {"next": 20_000} if offset == 0 and len(text) > 20_000 else {}
        gateway.answer("diagnostics", request, text=text[offset : offset + 20_000], **after)
        if part == "log":
            return


def test_a_gateway_that_knows_no_diagnostics_is_told_as_that(admin: Hand, gateway: Peer) -> None:
    asked = Later(lambda: admin.get("/api/system/diagnostics"))
    gateway.answer("diagnostics", gateway.asked("diagnostics"), error="unknown request 'diagnostics'")
    with zipfile.ZipFile(io.BytesIO(asked.get().data)) as z:
        assert "unknown request 'diagnostics'" in z.read("pi-1/not-complete.txt").decode()


@pytest.fixture(autouse=True)
def _no_errors_left() -> Iterator[None]:
    yield
    assert logging.getLogger().handlers == [
        h for h in logging.getLogger().handlers if "Seen" not in type(h).__name__
    ]
