"""Exports over HTTP: begun, followed, cancelled, fetched; one at a time, and no file but its own."""

import asyncio
import csv
import io
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.export.export import FOLDER
from gateway.messages import SessionSummary
from tests.web.evenings import FORMULA, long, two_evenings
from tests.web.past import Evenings, Venue
from tests.web.peer import until
from tests.web.people import OWN, signed_in

OTHERS = [
    {},
    {"Origin": "null"},
    {"Origin": "http://evil.example"},
    OWN | {"Sec-Fetch-Site": "cross-site"},
]


@pytest.fixture(scope="module")
def much(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("data")
    asyncio.run(long(data, 20_000))
    return data


@pytest.fixture
def slow(much: Path) -> Iterator[FlaskClient]:
    venue = Venue(much)
    yield signed_in(venue.app)
    venue.exports.close()


def begin(client: FlaskClient, **order: Any) -> dict[str, Any]:
    answer = client.post("/api/exports", json=order, headers=OWN)
    assert answer.status_code == 202, answer.text
    state: dict[str, Any] = answer.get_json()
    return state


def ended(client: FlaskClient, name: str) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        state: dict[str, Any] = client.get(f"/api/exports/{name}").get_json()
        return state if state["state"] != "running" else None

    state: dict[str, Any] = until(over, "the export ends", 30)
    return state


def fetched(client: FlaskClient, name: str) -> TestResponse:
    """The file, read to its end."""
    answer = client.get(f"/api/exports/{name}/file")
    answer.get_data()
    answer.close()
    return answer


def test_a_session_is_exported_as_a_workbook_and_saved_under_our_own_name(
    client: FlaskClient, evenings: Evenings, saturday: SessionSummary
) -> None:
    data = evenings[0]
    state = ended(client, begin(client, format="xlsx", session=saturday.id)["id"])
    assert state["state"] == "done", state
    assert state["done"] == state["total"] > 0
    answer = fetched(client, state["id"])
    assert answer.content_type == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={state['name']}"
    assert answer.headers["Cache-Control"] == "no-store" or "no-cache" in answer.headers["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        assert "xl/worksheets/sheet1.xml" in book.namelist()
        everything = b"".join(book.read(name) for name in book.namelist())
    assert b"<f>" not in everything, "no formula, whatever a viewer is called"
    assert len(answer.data) == state["size"]
    assert (data / FOLDER / state["name"]).is_file(), "it stays in the data folder"
    head = client.head(f"/api/exports/{state['id']}/file")
    assert (head.status_code, head.data) == (200, b"")
    head.close()


def test_the_lists_filter_is_what_is_exported(client: FlaskClient) -> None:
    order = {"format": "csv", "account": "mira", "from": "2026-11-20", "to": "2026-11-20"}
    state = ended(client, begin(client, **order)["id"])
    answer = fetched(client, state["id"])
    assert answer.content_type == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        sheets = {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}
    sessions = list(csv.DictReader(io.StringIO(sheets["sessions.csv"])))
    assert [(row["account"], row["practice"]) for row in sessions] == [("mira", "0")]
    assert sessions[0]["since"].startswith("2026-11-20")
    assert "'" + FORMULA.replace('"', '""') in sheets["contributions.csv"], "a formula has become a text"
    practice = ended(client, begin(client, format="json", practice=True)["id"])
    document = fetched(client, practice["id"]).get_json()
    assert {row["practice"] for row in document["sheets"]["sessions"]} == {True}


def test_every_event_is_exported_when_asked_for(
    client: FlaskClient, evenings: Evenings, saturday: SessionSummary
) -> None:
    state = ended(client, begin(client, format="json", session=saturday.id, rows=True)["id"])
    sheets = fetched(client, state["id"]).get_json()["sheets"]
    assert sum(row["kind"] == "comment" for row in sheets["events"]) == saturday.comments
    assert len(sheets["actions"]) == 28


def test_one_export_at_a_time_and_a_cancelled_one_leaves_nothing(slow: FlaskClient, much: Path) -> None:
    state = begin(slow, format="xlsx", rows=True)
    second = slow.post("/api/exports", json={"format": "csv"}, headers=OWN)
    assert second.status_code == 409
    assert "Another export is being made" in second.get_json()["error"]
    assert second.headers["Retry-After"]
    assert slow.get(f"/api/exports/{state['id']}/file").status_code == 404, "it is not whole yet"
    until(lambda: slow.get(f"/api/exports/{state['id']}").get_json()["done"], "it is on its way")
    assert slow.post(f"/api/exports/{state['id']}/cancel", headers=OWN).status_code == 202
    assert ended(slow, state["id"])["words"] == "Cancelled: nothing of it is left."
    assert list((much / FOLDER).iterdir()) == []
    assert slow.get(f"/api/exports/{state['id']}/file").status_code == 404
    again = ended(slow, begin(slow, format="csv")["id"])
    assert again["state"] == "done", "the next one may begin"
    (much / FOLDER / again["name"]).unlink()


def test_a_stop_is_pressed_while_an_export_runs_without_waiting_for_it(slow: FlaskClient) -> None:
    state = begin(slow, format="xlsx", rows=True)
    export = next(thread for thread in threading.enumerate() if thread.name == "export")
    slowest = 0.0
    while slow.get(f"/api/exports/{state['id']}").get_json()["state"] == "running":
        start = time.monotonic()
        assert slow.get("/api/snapshot").status_code == 200
        slowest = max(slowest, time.monotonic() - start)
        export.join(0.05)
    assert slowest < 0.5
    assert ended(slow, state["id"])["state"] == "done"


def test_the_end_of_the_page_ends_an_export_and_leaves_nothing(much: Path) -> None:
    before = set((much / FOLDER).iterdir()) if (much / FOLDER).exists() else set()
    venue = Venue(much)
    begin(signed_in(venue.app), format="xlsx", rows=True)
    start = time.monotonic()
    venue.exports.close()
    assert time.monotonic() - start < 1.5
    until(lambda: set((much / FOLDER).iterdir()) == before, "nothing of it is left")


@pytest.mark.parametrize("headers", OTHERS)
def test_an_export_from_elsewhere_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/api/exports", json={"format": "csv"}, headers=headers).status_code == 403
    assert client.post(f"/api/exports/{'0' * 32}/cancel", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"format": "exe"},
        {"format": "csv", "out": "/etc/passwd"},
        {"format": "csv", "session": "../../etc/passwd"},
        {"format": "csv", "from": "yesternight"},
        {"format": "csv", "from": "2026-11-22", "to": "2026-11-20"},
        {"format": "csv", "account": "x" * 100},
    ],
)
def test_an_order_that_cannot_be_meant_is_told_what_is_wrong(client: FlaskClient, order: dict[str, Any]) -> None:
    answer = client.post("/api/exports", json=order, headers=OWN)
    assert answer.status_code == 400
    assert answer.get_json()["error"]


def test_a_session_that_is_not_there_is_not_exported(client: FlaskClient) -> None:
    answer = client.post("/api/exports", json={"format": "csv", "session": "nothing"}, headers=OWN)
    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["0" * 32, "..", "..%2f..%2fstats.json", "stats.json", "x" * 300, "%00"])
def test_a_foreign_id_leads_to_no_file(client: FlaskClient, name: str) -> None:
    for part in ("", "/file"):
        assert client.get(f"/api/exports/{name}{part}").status_code in (404, 405), name
    assert client.post(f"/api/exports/{name}/cancel", headers=OWN).status_code in (404, 405)


def test_what_an_export_could_not_read_is_said_with_it(tmp_path: Path) -> None:
    asyncio.run(two_evenings(tmp_path))
    (tmp_path / "sessions-2026.json").write_text("{}")
    venue = Venue(tmp_path)
    client = signed_in(venue.app)
    state = ended(client, begin(client, format="csv")["id"])
    assert state["state"] == "done"
    assert "the copy before it" in state["words"]
    venue.exports.close()


def test_an_export_that_fails_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    asyncio.run(two_evenings(tmp_path))
    for path in tmp_path.glob("sessions-2026.json*"):
        path.unlink()
    (tmp_path / "sessions-2026.json").mkdir()
    venue = Venue(tmp_path)
    client = signed_in(venue.app)
    state = ended(client, begin(client, format="csv")["id"])
    assert state["state"] == "failed"
    assert state["words"].startswith("Not exported: ")
    assert "sessions-2026.json" in state["words"]
    assert list((tmp_path / FOLDER).iterdir()) == []
    assert "sessions-2026.json" in client.get("/sessions").text, "the list says so, too"
    one = client.get("/sessions/last")
    assert (one.status_code, 'id="stop"' in one.text) == (500, True), "the stop is in reach all the same"


def test_where_the_data_folder_cannot_be_written_files_are_temporary(tmp_path: Path) -> None:
    asyncio.run(two_evenings(tmp_path))
    (tmp_path / FOLDER).write_text("in the way")
    venue = Venue(tmp_path)
    client = signed_in(venue.app)
    state = ended(client, begin(client, format="csv")["id"])
    assert state["state"] == "done"
    path = venue.exports.file(state["id"])
    assert path is not None
    assert tmp_path not in path.parents
    assert fetched(client, state["id"]).status_code == 200
    venue.exports.close()
    assert not path.parent.exists()
    assert fetched(client, state["id"]).status_code == 404


def test_without_a_data_folder_an_export_says_so(tmp_path: Path) -> None:
    client = signed_in(Venue(tmp_path / "elsewhere").app)
    answer = client.post("/api/exports", json={"format": "csv"}, headers=OWN)
    assert answer.status_code == 404
    assert "There is no data folder" in answer.get_json()["error"]
