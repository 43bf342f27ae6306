"""Overlays: an address that shows one thing, to whoever has it, until it is removed."""

import stat
from pathlib import Path

import pytest
from flask import Flask

from gateway.messages import (
    Leaderboard,
    Place,
    QueueItem,
    QueueState,
    RulesState,
    StageState,
    Status,
    stamp,
)
from gateway.settings.models import Broker
from gateway.topics import OFFLINE
from tests.records import NOON
from tests.web import scene
from tests.web.past import live
from tests.web.peer import VENUE, Peer, T, rows, until
from tests.web.people import Hand
from web.app import create_app
from web.overlays import MOST, Overlays
from web.source import Source

SECRET_COUNTER = "takings"


@pytest.fixture
def kept(tmp_path: Path) -> Overlays:
    return Overlays(tmp_path / "page", clock=lambda: NOON)


def test_a_token_is_told_once_and_only_its_digest_is_kept(kept: Overlays, tmp_path: Path) -> None:
    made, token = kept.make("queue", "Left corner", "", False)
    file = tmp_path / "page" / "overlays.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made.digest in file.read_text()
    assert token not in file.read_text()
    assert len(token) >= 22, "128 bits"
    again = Overlays(tmp_path / "page", clock=lambda: NOON).of("queue", token)
    assert again is not None
    assert again.id == made.id


def test_a_token_opens_its_own_kind_only_and_nothing_once_it_is_revoked(kept: Overlays) -> None:
    made, token = kept.make("queue", "Left corner", "", False)
    assert kept.of("goal", token) is None
    assert kept.of("queue", token + "x") is None
    assert kept.of("queue", "") is None
    assert kept.of("queue", token) is not None
    assert kept.revoke(made.id)
    assert kept.of("queue", token) is None
    assert not kept.revoke(made.id)


def test_when_it_was_last_used_is_kept_to_the_hour(tmp_path: Path) -> None:
    now = [NOON]
    kept = Overlays(tmp_path, clock=lambda: now[0])
    _, token = kept.make("queue", "Left corner", "", False)
    used = []
    for passed in (10.0, 1800.0, 4000.0):
        now[0] = NOON + passed
        assert kept.of("queue", token) is not None
        used.append(kept.all()[0].used)
    assert used == [stamp(NOON + 10), stamp(NOON + 10), stamp(NOON + 4000)]


def test_a_removed_one_does_not_come_back_with_a_damaged_file(kept: Overlays, tmp_path: Path) -> None:
    made, token = kept.make("queue", "Left corner", "", False)
    kept.make("goal", "Right corner", "counter:hearts", False)
    kept.revoke(made.id)
    (tmp_path / "page" / "overlays.json").write_text('{"crc')
    again = Overlays(tmp_path / "page")
    assert again.of("queue", token) is None


def test_there_are_so_many_and_no_more(source_alone: Source, tmp_path: Path) -> None:
    hand = Hand(create_app(live(source_alone, tmp_path)))
    order = {"kind": "queue", "name": "Corner"}
    for _ in range(MOST):
        assert hand.press("/api/overlays", order).status_code == 200
    refused = hand.press("/api/overlays", order)
    assert refused.status_code == 400
    assert "remove one" in refused.json["error"]  # type: ignore[index]


@pytest.fixture
def source_alone() -> Source:
    """A page whose broker is nowhere."""
    return Source(VENUE, Broker())


@pytest.mark.parametrize(
    "order",
    [
        {"kind": "everything", "name": "x"},
        {"kind": "queue", "name": " \u202e "},
        {"kind": "queue", "name": "x", "of": "no-such-station"},
        {"kind": "goal", "name": "x", "of": ""},
        {"kind": "goal", "name": "x", "of": "counter:../../etc/passwd"},
        {"name": "x"},
    ],
)
def test_an_order_of_what_is_not_there_is_refused_in_words(
    source_alone: Source, tmp_path: Path, order: dict[str, str]
) -> None:
    answer = Hand(create_app(live(source_alone, tmp_path))).press("/api/overlays", order)
    assert answer.status_code == 400
    assert answer.json["error"]  # type: ignore[index]
    assert not (tmp_path / "page" / "overlays.json").exists()


def test_an_address_that_is_not_valid_says_so_in_a_line(source_alone: Source, tmp_path: Path) -> None:
    client = create_app(live(source_alone, tmp_path)).test_client()
    for path in (
        "/overlay/queue",
        "/overlay/queue?token=x",
        "/overlay/queue/data?token=",
        "/overlay/nonsense?token=x",
    ):
        answer = client.get(path)
        assert answer.status_code == 403, path
        assert "make a new one" in answer.text
        assert "<" not in answer.text


def test_an_overlay_of_a_page_without_a_broker_says_that_nothing_is_fresh(
    source_alone: Source, tmp_path: Path
) -> None:
    app = create_app(live(source_alone, tmp_path))
    made = Hand(app).press("/api/overlays", {"kind": "queue", "name": "Corner"}).json
    assert made is not None
    shown = app.test_client().get(made["path"].replace("/queue?", "/queue/data?")).json
    assert shown == {"fresh": False, "lines": [], "more": 0, "value": None, "target": None}


# -- of a venue at work ------------------------------------------------------------------------------


@pytest.fixture
def app(source: Source, gateway: Peer, tmp_path: Path) -> Flask:
    scene.open_gateway(gateway)
    scene.open_accounts(gateway)
    app = create_app(live(source, tmp_path))
    until(lambda: len(rows(source).get("station", {})) == 3, "the stations")
    return app


def look(app: Flask, kind: str, of: str = "", nameless: bool = False) -> dict[str, object]:
    """What a new overlay shows to a stranger without cookies."""
    hand = Hand(app)
    made = hand.press("/api/overlays", {"kind": kind, "name": kind, "of": of, "nameless": nameless}).json
    assert made is not None
    assert "path" in made, made
    answer = app.test_client().get(made["path"].replace(f"/{kind}?", f"/{kind}/data?"))
    assert answer.status_code == 200
    assert isinstance(answer.json, dict)
    return answer.json


def waits(name: str, user: str, held: bool = False, ago: float = 5) -> QueueItem:
    return QueueItem(
        id=name, action="beat", user=user, rule="boom", since=stamp(NOON - ago), expires_at=stamp(NOON), held=held
    )


@pytest.mark.needs("mosquitto")
def test_a_queue_shows_who_is_next_and_nobody_who_is_held(app: Flask, source: Source, gateway: Peer) -> None:
    gateway.say(
        T.station_queue("drum"),
        QueueState(station="drum", waiting=[waits("c1", "Noor"), waits("c2", "Budi", held=True)], more=4),
    )
    gateway.say(T.station_queue("lamp"), QueueState(station="lamp", waiting=[waits("c3", "Liên" * 20, ago=9)]))
    until(lambda: len(rows(source).get("queue", {})) == 2, "both queues")
    shown = look(app, "queue")
    assert shown["lines"] == [
        {"key": "c3", "who": ("Liên" * 20)[:24], "what": "Lamp beat"},
        {"key": "c1", "who": "Noor", "what": "Drum beat"},
    ]
    assert shown["more"] == 4
    assert look(app, "queue", "lamp")["lines"] == shown["lines"][:1]
    assert look(app, "queue", "drum", nameless=True)["lines"] == [{"key": "c1", "what": "Drum beat"}]


@pytest.mark.needs("mosquitto")
def test_a_goal_shows_its_counter_and_no_other(app: Flask, source: Source, gateway: Peer) -> None:
    state = RulesState(
        gateway="pi-1",
        fingerprint="c0ffee",
        loaded=stamp(NOON),
        counters={"hearts": 640.0, SECRET_COUNTER: 99.0},
        stages=[StageState(stage="party", level="warm", since=stamp(NOON), metric=30.0, next="hot", needs=80.0)],
    )
    gateway.say(T.gateway_rules("pi-1"), state)
    until(lambda: rows(source).get("rules"), "the rules")
    shown = look(app, "goal", "counter:hearts")
    assert (shown["value"], shown["target"], shown["lines"]) == (640.0, None, [])
    assert "99" not in str(shown)
    stage = look(app, "goal", "stage:party")
    assert (stage["value"], stage["target"]) == (30.0, 80.0)


@pytest.mark.needs("mosquitto")
def test_a_leaderboard_shows_places_of_the_account_that_is_live(app: Flask, source: Source, gateway: Peer) -> None:
    places = [
        Place(place=1, score=900, viewer="v-1", name="dewi", nickname="\u202eDewi"),
        Place(place=2, score=4, viewer="v-2"),
    ]
    gateway.say(
        T.account_leaderboard("mira", "session"), Leaderboard(account="mira", board="session", places=places)
    )
    until(lambda: rows(source)["account"]["mira"].get("top"), "the leaderboard")
    shown = look(app, "leaderboard")
    assert shown["lines"] == [
        {"key": "0", "place": 1, "who": "Dewi", "figure": 900},
        {"key": "1", "place": 2, "figure": 4},
    ]
    assert "v-1" not in str(shown), "the key of a viewer stays here"
    nameless = look(app, "leaderboard", "mira", nameless=True)
    assert "Dewi" not in str(nameless)
    assert look(app, "leaderboard", "club")["lines"] == []


@pytest.mark.needs("mosquitto")
def test_the_last_action_is_the_last_that_moved_something(app: Flask, source: Source, gateway: Peer) -> None:
    scene.act(gateway, "a1", "drum", "beat", Status.DONE, user="Noor", rule="boom", latency_ms=4.1)
    scene.act(gateway, "a2", "lamp", "flash", Status.BLOCKED, user="Tomás", rule="rose", reason="resting")
    until(lambda: len(rows(source).get("action", {})) == 2, "both actions")
    assert look(app, "action")["lines"] == [{"key": "a1", "who": "Noor", "what": "Drum beat"}]
    assert look(app, "action", "lamp")["lines"] == []


@pytest.mark.needs("mosquitto")
def test_without_a_gateway_nothing_is_fresh(app: Flask, source: Source, gateway: Peer) -> None:
    assert look(app, "queue")["fresh"] is True
    gateway.say(T.gateway_availability("pi-1"), OFFLINE)
    until(lambda: not rows(source)["gateway"]["pi-1"]["availability"]["online"], "the gateway goes")
    assert look(app, "queue")["fresh"] is False
