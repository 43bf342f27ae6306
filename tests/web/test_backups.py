"""Backups on the page: those in the folder and no other file; what a gateway is asked; who may."""

import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from gateway.keeping.backup import make_backup
from gateway.settings.load import Config
from tests import records
from tests.keeping.furnished import furnish
from tests.web import scene
from tests.web.past import live, words
from tests.web.peer import Peer, rows, until
from tests.web.people import Hand
from web.app import create_app
from web.people.roles import Role
from web.source import Source

pytestmark = pytest.mark.needs("mosquitto")
VIEWER = "7012345678901234567"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "venue").mkdir()
    config = furnish(tmp_path / "venue")
    make_backup(config, clock=lambda: records.NOON)
    make_backup(config, clock=lambda: records.NOON + 3600, passphrase="four words are enough")
    return config


@pytest.fixture
def app(source: Source, gateway: Peer, config: Config) -> Flask:
    scene.open_gateway(gateway)
    until(lambda: rows(source).get("gateway", {}).get("pi-1", {}).get("info"), "the gateway is seen")
    return create_app(replace(live(source, config.base_dir / "data", config.settings), base_dir=config.base_dir))


@pytest.fixture
def admin(app: Flask) -> Hand:
    return Hand(app)


def names(config: Config) -> list[str]:
    return sorted((path.name for path in (config.base_dir / "backups").glob("*.tar.gz")), reverse=True)


def ended(admin: Hand, begun: Any) -> dict[str, Any]:
    """The errand's end."""
    assert begun.status_code == 202, begun.text

    def look() -> Any:
        told = admin.get(f"/api/system/errands/{begun.json['id']}").json
        return told if told is not None and told["state"] != "running" else None

    told: dict[str, Any] = until(look, "the errand ends")
    return told


def test_the_list_says_what_is_in_each(admin: Hand, config: Config) -> None:
    told = words(admin.get("/system/backups").text)
    assert "Sun 22 Nov 2026, 12:00" in told
    assert "2 months of the journal, 1 session, settings, rules · no secrets in it" in told
    assert "secrets sealed in it" in told
    assert told.index("13:00") < told.index("12:00"), "the newest first"
    assert "the newest 3 are kept" in told


def test_one_that_is_damaged_is_told_as_that(admin: Hand, config: Config) -> None:
    newest, oldest = names(config)
    path = config.base_dir / "backups" / newest
    path.write_bytes(b"not a backup")
    assert "It cannot be read: " in words(admin.get("/system/backups").text)
    checked = ended(admin, admin.press(f"/api/backups/{newest}/check"))
    assert checked["state"] == "failed"
    assert "it is no backup" in checked["words"]
    whole = ended(admin, admin.press(f"/api/backups/{oldest}/check"))
    assert whole["state"] == "done"
    assert whole["result"]["files"] > 5


def test_a_backup_is_fetched_whole_and_no_other_file_is(admin: Hand, config: Config, tmp_path: Path) -> None:
    name = names(config)[-1]
    with admin.get(f"/api/backups/{name}") as answer:
        assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
        fetched = tmp_path / "fetched.tar.gz"
        fetched.write_bytes(answer.data)
    with tarfile.open(fetched) as tar:
        assert tar.getnames()[0] == "manifest.json"
    (config.base_dir / "backups" / "diary.tar.gz").write_bytes(b"x")
    for other in (
        "diary.tar.gz",
        "..%2Fstagewire.yaml",
        "%2Fetc%2Fpasswd",
        "stagewire-club-20261122T120000Z.tar.gz",
    ):
        assert admin.get(f"/api/backups/{other}").status_code == 404, other
        assert admin.press(f"/api/backups/{other}/delete").status_code == 404, other
    assert (config.base_dir / "stagewire.yaml").exists()


def test_one_that_is_deleted_is_gone_and_the_others_stay(admin: Hand, config: Config) -> None:
    newest, oldest = names(config)
    assert admin.press(f"/api/backups/{oldest}/delete").status_code == 200
    assert names(config) == [newest]
    assert admin.press(f"/api/backups/{oldest}/delete").status_code == 404


def test_the_gateway_makes_one_and_says_what_was_left_out(admin: Hand, gateway: Peer) -> None:
    begun = admin.press("/api/backups", {})
    request = gateway.asked("backup")
    assert request.by == "admin at 127.0.0.1"
    gateway.answer("backup", request, file="/x/stagewire-hall.tar.gz", size=5, left_out=["a: b"])
    assert ended(admin, begun)["result"]["left_out"] == ["a: b"]


def test_a_restore_needs_the_venues_name_and_says_why_it_was_refused(
    admin: Hand, gateway: Peer, config: Config
) -> None:
    name = names(config)[0]
    refused = admin.press(f"/api/backups/{name}/restore", {"confirm": "another hall"})
    assert refused.status_code == 400
    assert "nothing was restored" in refused.text
    begun = admin.press(f"/api/backups/{name}/restore", {"confirm": "hall"})
    request = gateway.asked("restore")
    assert request.params == {"do": "now", "file": name}
    gateway.answer("restore", request, error="it is damaged or cut short")
    assert ended(admin, begun)["words"] == "it is damaged or cut short"


def test_retention_is_shown_first_and_applied_when_it_is_said(admin: Hand, gateway: Peer) -> None:
    begun = admin.press("/api/retention", {})
    request = gateway.asked("retention")
    assert request.params == {"apply": False, "force": False}
    gateway.answer("retention", request, months=[], keep_days=90)
    assert ended(admin, begun)["result"]["keep_days"] == 90
    begun = admin.press("/api/retention", {"apply": True})
    request = gateway.asked("retention")
    assert request.params["apply"] is True
    gateway.answer("retention", request, error="the newest record is 400 days old")
    assert ended(admin, begun)["words"] == "the newest record is 400 days old"


def erase(admin: Hand, confirm: str) -> Any:
    return admin.press("/api/erase", {"do": "erase", "viewer": VIEWER, "confirm": confirm, "backups": True})


def test_a_viewer_is_erased_when_their_own_name_was_typed(admin: Hand, gateway: Peer) -> None:
    begun = erase(admin, "nadia.quill")
    request = gateway.asked("erase")
    assert request.params == {"viewer": "nadia.quill", "do": "who"}
    gateway.answer("erase", request, people=[{"id": VIEWER, "called": ["nadia.quill"], "last": ""}])
    request = gateway.asked("erase")
    assert request.params == {"viewer": VIEWER, "do": "erase", "backups": True}
    gateway.answer("erase", request, places=0, left=[])
    assert ended(admin, begun)["result"]["places"] == 0


def test_with_another_name_nobody_is_erased(admin: Hand, gateway: Peer) -> None:
    begun = erase(admin, "otto.quist")
    gateway.answer("erase", gateway.asked("erase"), people=[{"id": "7", "called": ["otto.quist"], "last": ""}])
    assert ended(admin, begun)["words"] == "“otto.quist” is no name of this viewer: nothing was erased."
    assert "nothing was erased" in ended(admin, erase(admin, " "))["words"]
    asked = [message for message in gateway.heard if b'"do":"erase"' in message.payload]
    assert asked == []


def test_only_an_admin_comes_near(app: Flask, config: Config) -> None:
    supervisor = Hand(app, Role.SUPERVISOR)
    name = names(config)[0]
    for path in ("/system/backups", "/system/erase", f"/api/backups/{name}"):
        assert supervisor.get(path).status_code == 403, path
    for path in ("/api/backups", f"/api/backups/{name}/delete", f"/api/backups/{name}/restore", "/api/retention"):
        assert supervisor.press(path).status_code == 403, path
    assert erase(supervisor, "nadia.quill").status_code == 403
    assert len(names(config)) == 2
