"""Ledger, queue and buttons: every press reaches the gateway that is meant, and says what became of it."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from gateway.errors import BusError, PayloadError
from gateway.messages import (
    Announcement,
    Decided,
    GatewayInfo,
    Outcome,
    Reason,
    Response,
    RuleState,
    encode,
    stamp,
)
from gateway.topics import ONLINE
from tests.web import desk_scene, scene
from tests.web.past import live
from tests.web.peer import Peer, T, rows, until
from tests.web.people import OWN, signed_in
from web.app import create_app
from web.asking import ANSWER_S, makes_safe
from web.feed import MAX_SAID
from web.source import Source

pytestmark = pytest.mark.needs("mosquitto")


@pytest.fixture
def app(source: Source, tmp_path: Path) -> Flask:
    return create_app(live(source, tmp_path / "no-data"))


@pytest.fixture
def open_desk(source: Source, gateway: Peer) -> None:
    scene.open_gateway(gateway)
    desk_scene.open_desk(gateway)
    until(lambda: rows(source).get("ledger") and len(rows(source).get("station", {})) == 3, "the scene")


class Pressed:
    """A press under way: the page waits for the gateway in a thread of its own, as it does for a phone."""

    def __init__(self, app: Flask, path: str, **body: Any) -> None:
        def press() -> None:
            with signed_in(app) as client:
                self._answer = client.post(f"/api/{path}", json=body, headers=OWN)

        self._thread = threading.Thread(target=press)
        self._thread.start()

    @property
    def answer(self) -> TestResponse:
        self._thread.join(10)
        return self._answer


PRESSES: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("queue", {"do": "skip", "station": "drum", "command": "q1"}, "queue", {}),
    ("queue", {"do": "hold", "station": "drum", "command": "q1"}, "queue", {}),
    ("queue", {"do": "release", "station": "drum", "command": "q1"}, "queue", {}),
    ("queue", {"do": "first", "station": "drum", "command": "q1"}, "queue", {}),
    ("queue", {"do": "pause", "station": "lamp"}, "queue", {"command": ""}),
    ("queue", {"do": "resume"}, "queue", {}),
    ("ledger", {"gateway": "pi-1", "do": "pay", "run": "r1"}, "ledger", {"gateway": None}),
    ("ledger", {"gateway": "pi-1", "do": "forgive", "run": "r1"}, "ledger", {"gateway": None}),
    ("ledger", {"gateway": "pi-1", "do": "pay-all"}, "ledger", {"gateway": None}),
    ("button", {"gateway": "pi-1", "button": "confetti"}, "press", {"gateway": None}),
]


@pytest.mark.usefixtures("open_desk")
@pytest.mark.parametrize(("path", "body", "verb", "changed"), PRESSES)
def test_a_press_reaches_the_gateway_and_its_answer_comes_back(
    app: Flask, gateway: Peer, path: str, body: dict[str, Any], verb: str, changed: dict[str, Any]
) -> None:
    pressed = Pressed(app, path, **body)
    request = gateway.asked(verb)
    assert request.params == {k: v for k, v in (body | changed).items() if v is not None}
    assert request.by == "admin at 127.0.0.1"
    gateway.answer(verb, request, runs=3, fired=["confetti"])
    assert pressed.answer.status_code == 200
    assert pressed.answer.json is not None
    assert pressed.answer.json["result"]["runs"] == 3

    pressed = Pressed(app, path, **body)
    gateway.answer(verb, gateway.asked(verb), error="not armed: arm first; what is owed stays owed")
    assert pressed.answer.status_code == 409
    assert pressed.answer.json == {"error": "not armed: arm first; what is owed stays owed"}


@pytest.mark.usefixtures("open_desk")
def test_a_silent_gateway_is_said_to_be_silent_and_not_to_have_refused(app: Flask, gateway: Peer) -> None:
    start = time.monotonic()
    pressed = Pressed(app, "ledger", gateway="pi-1", do="pay", run="r1")
    gateway.asked("ledger")
    assert pressed.answer.status_code == 503
    assert pressed.answer.json == {"error": "gateway pi-1 did not answer within 2 s; look whether it was done"}
    assert time.monotonic() - start >= ANSWER_S


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("queue", {"do": "skip", "station": "harp", "command": "q1"}, "no gateway here has a station 'harp'"),
    ("queue", {"do": "skip"}, "say at which station to skip"),
    ("queue", {"do": "cancel", "station": "drum", "command": "q1"}, "cancel"),
    ("queue", {"do": "pause", "station": "../drum"}, "station"),
    ("ledger", {"gateway": "pi-1", "do": "list"}, "list"),
    ("ledger", {"gateway": "pi/1", "do": "pay-all"}, "gateway"),
    ("button", {"gateway": "pi-1", "button": "confetti", "by": "me"}, "by"),
]


@pytest.mark.usefixtures("open_desk")
@pytest.mark.parametrize(("path", "body", "words"), WRONG)
def test_a_press_that_means_nothing_is_refused_in_words_and_sends_nothing(
    app: Flask, gateway: Peer, path: str, body: dict[str, Any], words: str
) -> None:
    answer = Pressed(app, path, **body).answer
    assert answer.status_code == 400
    assert answer.json is not None
    assert words in answer.json["error"]
    assert not [m for m in gateway.heard if "/request/" in m.topic]


@pytest.mark.usefixtures("source")
def test_without_a_gateway_nothing_is_sent_and_that_is_said(app: Flask) -> None:
    answer = Pressed(app, "queue", do="pause").answer
    assert answer.status_code == 503
    assert answer.json == {"error": "no gateway answers: nothing was sent"}


@pytest.mark.usefixtures("open_desk")
def test_a_button_that_fired_nothing_says_why_in_the_rules_words(app: Flask, gateway: Peer) -> None:
    pressed = Pressed(app, "button", gateway="pi-1", button="confetti")
    gateway.answer("press", gateway.asked("press"), event="press/confetti/1", fired=[])
    asked = gateway.asked("trace")
    assert asked.params == {"event": "press/confetti/1"}
    reasons = [
        Reason(rule="confetti", outcome=Outcome.COOLDOWN, words="rests for another 1.2 s"),
        Reason(rule="rose", outcome=Outcome.NO_MATCH, words="another button"),
    ]
    decided = Decided(event="press/confetti/1", time=stamp(0), reasons=reasons)
    gateway.answer("trace", asked, decided=decided, commands=[], more=0)
    assert pressed.answer.status_code == 200
    assert pressed.answer.json is not None
    assert pressed.answer.json["why"] == ["rests for another 1.2 s"]


@pytest.mark.usefixtures("open_desk")
def test_a_button_whose_reasons_are_not_told_still_says_that_nothing_fired(app: Flask, gateway: Peer) -> None:
    pressed = Pressed(app, "button", gateway="pi-1", button="confetti")
    gateway.answer("press", gateway.asked("press"), event="press/confetti/1", fired=[])
    gateway.answer("trace", gateway.asked("trace"), error="the journal cannot be read")
    assert pressed.answer.json == {"result": {"event": "press/confetti/1", "fired": []}, "why": []}


@pytest.mark.parametrize(
    ("verb", "params", "safe"),
    [
        ("arm", {"armed": False}, True),
        ("arm", {"armed": True}, False),
        ("queue", {"do": "pause"}, True),
        ("queue", {"do": "hold"}, True),
        ("queue", {"do": "skip"}, True),
        ("queue", {"do": "resume"}, False),
        ("queue", {"do": "release"}, False),
        ("queue", {"do": "first"}, False),
        ("ledger", {"do": "pay"}, False),
        ("press", {"button": "confetti"}, False),
        ("stage", {"name": "crowd"}, False),
    ],
)
def test_only_what_keeps_machines_still_may_come_late(verb: str, params: dict[str, Any], safe: bool) -> None:
    assert makes_safe(verb, params) is safe


@pytest.mark.usefixtures("open_desk")
def test_of_two_gateways_the_one_with_the_station_is_asked_and_all_where_all_are_meant(
    source: Source, gateway: Peer
) -> None:
    gateway.say(T.gateway_availability("pi-2"), ONLINE)
    info = GatewayInfo(gateway="pi-2", version="0.1.0", started=stamp(0), config="c0ffee", stations=["harp"])
    gateway.say(T.gateway_info("pi-2"), info)
    until(lambda: "info" in rows(source)["gateway"].get("pi-2", {}), "the second gateway")
    with pytest.raises(PayloadError, match="say which gateway is meant: pi-1, pi-2"):
        source.ask("stage", {"name": "crowd"}, "a test")
    with pytest.raises(BusError, match="gateway pi-3 does not answer: nothing was sent"):
        source.ask("press", {"button": "x"}, "a test", "pi-3")
    answers: list[Response] = []
    ask = threading.Thread(
        target=lambda: answers.append(source.ask("queue", {"station": "harp", "do": "pause"}, "me"))
    )
    ask.start()
    gateway.answer("queue", gateway.asked("queue", "pi-2"), gateway="pi-2")
    ask.join(5)
    assert answers[0].ok
    assert not gateway.of(T.gateway_request("pi-1", "queue"))

    ask = threading.Thread(target=lambda: answers.extend(source.ask_all("queue", {"do": "pause"}, "me")))
    ask.start()
    gateway.answer("queue", gateway.asked("queue"))
    gateway.answer("queue", gateway.asked("queue", "pi-2"), error="no", gateway="pi-2")
    ask.join(5)
    assert [a.ok for a in answers[1:]] == [True, False]


@pytest.mark.usefixtures("open_desk")
def test_the_snapshot_tells_of_rules_ledger_queue_and_statistics(source: Source, gateway: Peer) -> None:
    scene.open_accounts(gateway)
    until(lambda: "top" in rows(source).get("account", {}).get("mira", {}), "the leaderboard")
    seen = rows(source)
    told = seen["rules"]["pi-1"]
    assert (told["running"], told["off"], told["more"]) == (2, 1, 0)
    assert told["broken"] == [{"rule": "bell-rings", "words": desk_scene.BROKEN}]
    assert told["buttons"] == ["confetti", "encore"]
    owed = seen["ledger"]["pi-1"]["owed"]
    assert [(o["run"], o["rule"]) for o in owed][:2] == [
        ("r1", "A dear gift fires the cannon"),
        ("r2", "A rose blinks the lamp"),
    ]
    assert [w["id"] for w in seen["queue"]["drum"]["waiting"]] == ["q1", "q2", "q3", "q4"]
    assert seen["station"]["lamp"]["paused"]
    assert seen["station"]["drum"]["stats"]["cycles"] == 1204
    assert seen["account"]["mira"]["top"]["places"][0] == {"place": 1, "who": "Liên", "score": 1420}
    assert b"id-Li" not in encode_all(source), "a viewer's id is nothing for a phone"


def encode_all(source: Source) -> bytes:
    return source.rows.changes(0)[1]


@pytest.mark.usefixtures("open_desk")
def test_a_debt_gets_its_rules_title_whichever_comes_first(source: Source, gateway: Peer) -> None:
    gateway.say(T.gateway_rules("pi-1"), desk_scene.rules(rules=[RuleState(rule="confetti", title="Boom")]))
    until(lambda: rows(source)["ledger"]["pi-1"]["owed"][0]["rule"] == "Boom", "the new title")
    assert rows(source)["ledger"]["pi-1"]["owed"][1]["rule"] == "rose"


@pytest.mark.usefixtures("open_desk")
def test_announcements_are_few_and_the_newest(source: Source, gateway: Peer) -> None:
    for n in range(MAX_SAID + 3):
        line = Announcement(text=f"line {n}", time=stamp(time.time()))
        gateway.say(T.gateway_announcement("pi-1"), encode(line), retain=False)
    newest = [f"line {n}" for n in range(3, MAX_SAID + 3)]
    until(lambda: [a["text"] for a in rows(source)["announcement"].values()] == newest, "the newest")


def test_five_hundred_rules_are_a_short_row(source: Source, gateway: Peer) -> None:
    many = [RuleState(rule=f"rule-{n}", title="x" * 12, broken="y" * 40 if n % 2 else "") for n in range(500)]
    gateway.say(T.gateway_rules("pi-1"), desk_scene.rules(rules=many))
    told = until(lambda: rows(source).get("rules", {}).get("pi-1"), "the rules")
    assert (told["running"], len(told["broken"]), told["more"]) == (250, 10, 240)
    assert len(encode_all(source)) < 4000
