"""Nothing keeps anybody from stopping the machines: no sign-in, no limit, no disk; all else has limits."""

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.web.past import Venue, live
from tests.web.peer import Peer, T, until
from tests.web.people import OWN, Hand
from web.app import create_app
from web.people import crowd
from web.people.audit import KEPT, Audit, Line
from web.people.roles import Role
from web.source import Source

LINE = Line(
    at=1.0, who="Siti", role="admin", address="192.0.2.1", did="press.mode", what="mode=paused", status=202
)


@pytest.mark.needs("mosquitto")
def test_a_stranger_stops_the_machines_with_every_limit_reached_and_no_disk_for_the_log(
    source: Source, gateway: Peer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "page" / "audit.jsonl").mkdir(parents=True)  # nothing can be written there, not even by root
    app = create_app(live(source, tmp_path))
    stranger = app.test_client()
    statuses = [stranger.post("/api/mode", json={"mode": "live"}, headers=OWN).status_code for _ in range(70)]
    assert (statuses[0], statuses[-1]) == (401, 429)
    for n in range(80):
        stopped = stranger.post("/api/estop/trip", json={"id": f"press-{n:04}"}, headers=OWN)
        assert stopped.status_code == 202
    trip = until(lambda: gateway.of(T.estop_trip), "the trip")[0]
    assert b"somebody not signed in at 127.0.0.1" in trip.payload
    assert not gateway.of(T.mode)
    until(lambda: "is not written down" in caplog.text, "the log says that it is not kept")
    evil = {"Origin": "http://evil.example"}
    assert stranger.post("/api/estop/trip", json={"id": "press-9999"}, headers=evil).status_code == 403


def test_passwords_are_tried_five_times_a_minute_from_one_address_and_no_more(tmp_path: Path) -> None:
    app = Venue(tmp_path).app
    app.view_functions["enter.sign_in"] = lambda: "a try"
    hand, other = Hand(app), Hand(app)  # another cookie is not another one who tries
    tried = [who.send("/enter", name="Siti", password="x") for who in (hand, other) * 3]
    assert [answer.status_code for answer in tried] == [200] * 5 + [429]
    assert "Too many tries from here" in tried[-1].text
    elsewhere = hand.client.post("/enter", headers=OWN, environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 200
    assert hand.get("/enter").status_code == 200, "to look is no try"


def test_a_burst_of_presses_is_a_thumb_and_more_is_told_to_wait_one_person_at_a_time(tmp_path: Path) -> None:
    app = Venue(tmp_path).app
    app.view_functions["press.queue"] = lambda: "pressed"
    busy, calm = Hand(app, Role.OPERATOR), Hand(app, Role.OPERATOR)
    statuses = [busy.press("/api/queue", {}).status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    refused = busy.press("/api/queue", {})
    assert refused.json == {"error": "That was too often: wait a minute. The stop always works."}
    assert calm.press("/api/queue", {}).status_code == 200


def test_whatever_hangs_behind_screens_threads_stay_for_the_stop_and_the_rest_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "PATIENCE_S", 0.01)
    app = Venue(tmp_path).app
    go, inside = threading.Event(), threading.Semaphore(0)

    def hangs() -> str:
        inside.release()
        assert go.wait(20)
        return "at last"

    app.view_functions |= {"sessions.index": hangs, "press.trip": lambda: "stopped"}
    hands = [Hand(app) for _ in range(crowd.MOST)]
    with ThreadPoolExecutor(crowd.MOST) as threads:
        waiting = [threads.submit(hand.get, "/sessions") for hand in hands]
        assert all(inside.acquire(timeout=20) for _ in hands)
        refused = hands[0].get("/sessions")
        stopped = app.test_client().post("/api/estop/trip", headers=OWN)
        seen = hands[0].get("/api/snapshot").status_code
        go.set()
        assert {answer.result().text for answer in waiting} == {"at last"}
    assert (refused.status_code, stopped.text, seen) == (503, "stopped", 200)
    assert "busy" in refused.text
    assert hands[0].get("/sessions").status_code == 200


def test_a_password_of_ones_own_is_not_tried_for_ever_by_who_took_the_phone(tmp_path: Path) -> None:
    app = Venue(tmp_path).app
    app.view_functions["people.own_password"] = lambda: "a try"
    hand = Hand(app)
    assert [hand.send("/me/password", old="x").status_code for _ in range(6)] == [200] * 5 + [429]


def test_who_takes_a_backup_away_stands_in_the_log_and_who_looks_does_not(tmp_path: Path) -> None:
    app = Venue(tmp_path).app
    app.view_functions |= {"backups.file": lambda name: name, "backups.index": lambda: "a list"}
    hand = Hand(app)
    hand.get("/system/backups")
    hand.get("/api/backups/stagewire-hall.tar.gz")
    audit: Audit = app.extensions["audit"]
    audit.settle()
    assert [(line.did, line.what) for line in audit.lines()] == [("backups.file", "name=stagewire-hall.tar.gz")]


def test_who_was_forgotten_is_not_remembered_by_the_log(tmp_path: Path) -> None:
    app = Venue(tmp_path).app
    app.view_functions["backups.erase"] = lambda: "erased"
    Hand(app).press("/api/erase", {"do": "erase", "viewer": "77", "confirm": "viewer.77"})
    audit: Audit = app.extensions["audit"]
    audit.settle()
    assert [line.what for line in audit.lines()] == ["do=erase"]


def test_a_phone_that_polls_is_never_told_to_wait(tmp_path: Path) -> None:
    hand = Hand(Venue(tmp_path).app, Role.VIEWER)
    assert {hand.get("/api/snapshot").status_code for _ in range(700)} == {200}


def test_files_that_browsers_keep_carry_no_cookie_and_depend_on_none(tmp_path: Path) -> None:
    hand = Hand(Venue(tmp_path).app)
    path = hand.get("/").text.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = hand.get(path)
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_a_script_that_holds_the_stop_down_pushes_nothing_out_of_the_log(tmp_path: Path) -> None:
    app = Venue(tmp_path).app
    app.view_functions["press.trip"] = lambda: "stopped"
    audit: Audit = app.extensions["audit"]
    now = 1_800_000_000.0
    audit.clock = lambda: now
    for address in ("192.0.2.1", "192.0.2.2"):
        for _ in range(100):
            app.test_client().post("/api/estop/trip", headers=OWN, environ_overrides={"REMOTE_ADDR": address})
            now += 0.1
    audit.settle()
    assert [line.address for line in audit.lines()] == ["192.0.2.2", "192.0.2.1"]


def test_the_log_is_bounded_and_its_newest_lines_stay(tmp_path: Path) -> None:
    audit = Audit(tmp_path, largest=2000)
    for n in range(200):
        audit.write(Line(**{f: getattr(LINE, f) for f in LINE.__struct_fields__} | {"at": float(n)}))
        audit.settle()
    files = sorted(tmp_path.iterdir())
    assert len(files) <= KEPT + 1
    assert sum(file.stat().st_size for file in files) < (KEPT + 1) * 2200
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    told = [line.at for line in audit.lines()]
    assert told == [float(n) for n in range(199, 199 - len(told), -1)]
    with audit.path.open("ab") as file:
        file.write(b'{"at": 1')  # the power went
    assert [line.at for line in audit.lines()] == told


def test_a_log_on_a_disk_that_hangs_holds_up_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "audit.jsonl")  # to open it waits for ever: nobody reads
    audit = Audit(tmp_path)
    for _ in range(3000):
        audit.write(LINE)
    audit.settle(timeout=0.01)
