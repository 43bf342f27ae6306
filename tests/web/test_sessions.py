"""History over HTTP: the list, one session, two side by side; for people who mean well and people who do not."""

import asyncio
import hashlib
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gateway.messages import SessionSummary
from tests.web.evenings import EVIL, FORMULA, many
from tests.web.past import Evenings, Venue, words
from tests.web.people import OWN, signed_in
from tests.web.test_app import loaded
from web.assets import STATIC

ROOT = Path(__file__).parents[2]


def listed(client: FlaskClient, query: str = "") -> list[str]:
    """The ids in the list, as they stand."""
    page = client.get(f"/sessions{query}")
    assert page.status_code == 200
    return re.findall(r'<h3><a href="/sessions/([a-z0-9-]+)">', page.text)


def test_the_list_is_newest_first_and_honest_about_what_was_not_heard(client: FlaskClient) -> None:
    text = words(client.get("/sessions").text)
    assert "Sessions 3" in text
    order = [text.index(day) for day in ("Sun 22 Nov 2026, 19:00", "Sat 21 Nov 2026, 19:00", "Fri 20 Nov 2026")]
    assert order == sorted(order)
    assert "@mira · 1 h 36 min 12 min not heard" in text
    assert "Coins 3,192 ≈ $15.96 Gifts 70 Peak viewers 193" in text
    assert "@club · still running" in text


def test_filters_and_sorting_are_plain_parameters(client: FlaskClient, saturday: SessionSummary) -> None:
    everyone = listed(client)
    assert len(everyone) == 3
    assert listed(client, "?sort=oldest") == everyone[::-1]
    assert listed(client, "?sort=coins")[0] == saturday.id
    assert len(listed(client, "?account=mira")) == 2
    assert listed(client, "?from=2026-11-21&to=2026-11-21") == [saturday.id]
    assert listed(client, "?account=nobody") == []
    assert len(listed(client, "?practice=1")) == 1
    assert "No real viewers, no real gifts" in client.get("/sessions?practice=1").text
    assert len(listed(client, "?sort=sideways&page=minus")) == 3, "what is not understood is as usual"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?from=yesternight", "is no day"),
        ("?from=2026-11-22&to=2026-11-20", "2026-11-22 is after 2026-11-20"),
        ("?to=2026-13-01", "is no day"),
    ],
)
def test_a_day_that_is_none_is_told_in_words_on_the_screen(client: FlaskClient, query: str, said: str) -> None:
    page = client.get(f"/sessions{query}")
    assert page.status_code == 200
    assert said in page.text


def test_a_long_list_has_pages_that_keep_the_filter(tmp_path: Path) -> None:
    asyncio.run(many(tmp_path, 60))
    client = signed_in(Venue(tmp_path).app)
    seen = [listed(client, f"?sort=oldest&page={page}") for page in (1, 2, 3)]
    assert [len(page) for page in seen] == [25, 25, 10]
    assert len({name for page in seen for name in page}) == 60
    assert "/sessions?sort=oldest&amp;page=2" in client.get("/sessions?sort=oldest").text
    assert listed(client, "?sort=oldest&page=99") == seen[2], "beyond the end is the end"


def test_a_session_shows_its_cards_under_a_banner_that_says_reviewing(
    client: FlaskClient, saturday: SessionSummary
) -> None:
    page = client.get(f"/sessions/{saturday.id}").text
    text = words(page)
    assert "Reviewing @mira , Sat 21 Nov 2026, 19:00 Back to live" in text
    assert "Length 1 h 36 min from 19:00 to 20:36" in text
    assert "12 min not heard." in text
    assert "Gift to motion 20 ms median" in text
    assert "bell Cycles 21 7 not done Success 75 %" in text
    assert "99 within 20 ms" in text
    assert re.search(r"Confetti 28 2,800", text)
    assert re.search(r"1 Budi @budi\.practice 1,600", text)
    assert 'id="stop"' in page, "the stop is in reach on every screen"


def test_the_leaderboard_is_asked_for_in_the_address(client: FlaskClient, saturday: SessionSummary) -> None:
    def board(query: str) -> str:
        page = client.get(f"/sessions/{saturday.id}{query}").text
        return words(page[page.index('id="leaderboard"') : page.index('id="h-gifts"')])

    assert "1 Budi" in board("")
    likes = board("?by=comments&top=2")
    assert "Comments" in likes
    assert not re.search(r" 3 \w+ @", likes)
    assert "Nobody has a place" in board("?by=coins&minimum=1000000")
    assert "1 Budi" in board("?by=nonsense&top=-4&minimum=x")


def test_a_running_session_opens_in_the_same_screen_and_says_that_it_runs(client: FlaskClient) -> None:
    name = listed(client, "?account=club")[0]
    text = words(client.get(f"/sessions/{name}").text)
    assert "Reviewing a session that still runs" in text
    assert "See it live" in text
    assert "Peak viewers 31" in text
    assert client.get(f"/api/sessions/{name}/buckets").json["buckets"]  # type: ignore[index]  # a 200


def test_last_and_a_unique_beginning_lead_to_a_session(client: FlaskClient, saturday: SessionSummary) -> None:
    for words_for_it in ("last", saturday.id[:10]):
        answer = client.get(f"/sessions/{words_for_it}")
        assert answer.status_code == 302
        assert client.get(answer.location).status_code == 200


def test_two_sessions_are_compared_by_the_hour(client: FlaskClient, evenings: Evenings) -> None:
    _, friday, saturday = evenings
    page = client.get(f"/sessions/compare?a={friday.summary.id}&b={saturday.summary.id}")
    text = words(page.text)
    assert "1.0 h and 1.4 h" in text
    assert "Coins 2,280 3,192 +912 Coins per hour 2,280.0 2,280.0 0" in text
    assert "Peak viewers 129 193 +64 Viewers" in text, "viewers are not summed, so not by the hour either"
    assert "Confetti 20 28 +8" in text
    back = words(client.get(f"/sessions/compare?a={saturday.summary.id}&b={friday.summary.id}").text)
    assert "Coins 3,192 2,280 −912" in back
    assert "Choose the session" in client.get(f"/sessions/compare?a={friday.summary.id}").text
    assert client.get(f"/sessions/compare?a={friday.summary.id}&b=nothing").status_code == 404


def test_hostile_names_stand_in_every_cell_as_text(client: FlaskClient, evenings: Evenings) -> None:
    _, friday, saturday = evenings
    a, b = friday.summary.id, saturday.summary.id
    for address in (f"/sessions/{b}", f"/sessions/compare?a={a}&b={b}"):
        page = client.get(address).text
        assert EVIL not in page
        assert page.count("&lt;/script&gt;&lt;img src=x onerror=&#34;window.hurt=1&#34;&gt;") >= 2
        assert FORMULA.replace('"', "&#34;") in page
    found = client.get(f"/api/sessions/{b}/events?text=onerror")
    assert found.content_type == "application/json"
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    for text in (EVIL, "{{7*7}}", "' OR 1=1 --", "\x00\u202e"):
        for address in (f"/sessions?account={text}&from={text}&sort={text}", f"/sessions/compare?a={text}"):
            page = client.get(address.replace("#", "%23")).text
            assert EVIL not in page
            assert "{{7*7}}" in page or "49" not in words(page)


@pytest.mark.parametrize(
    "name",
    ["nothing", "..", "../stats", "..%2f..%2fetc%2fpasswd", "%2e%2e", "a" * 500, "20261121%00", "*", "%25", "con"],
)
def test_an_id_that_is_none_leads_nowhere_and_keeps_the_stop_in_reach(client: FlaskClient, name: str) -> None:
    for part in ("", "/buckets", "/ledger", "/correlation", "/events"):
        address = f"/api/sessions/{name}{part}" if part else f"/sessions/{name}"
        answer = client.get(address, follow_redirects=False)
        assert answer.status_code in (404, 308), address
        assert "Traceback" not in answer.text
    if client.get(f"/sessions/{name}").status_code == 404:
        assert 'id="stop"' in client.get(f"/sessions/{name}").text


def test_head_and_foreign_verbs_change_nothing(client: FlaskClient, saturday: SessionSummary) -> None:
    for address in ("/sessions", f"/sessions/{saturday.id}", f"/api/sessions/{saturday.id}/buckets"):
        head = client.head(address)
        assert (head.status_code, head.data) == (200, b"")
        assert client.post(address, headers=OWN).status_code == 405
        assert client.post(address).status_code == 403
        assert client.delete(address, headers=OWN).status_code == 405


def test_every_screen_is_guarded_and_loads_its_own_files_only(
    client: FlaskClient, saturday: SessionSummary
) -> None:
    for address in ("/sessions", f"/sessions/{saturday.id}", f"/sessions/compare?a={saturday.id}", "/sessions/x"):
        page = client.get(address)
        assert "require-trusted-types-for 'script'" in page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"
        assert "<script>" not in page.text
        assert "style=" not in page.text
        assert not re.search(r'(src|href|action)="(https?:)?//', page.text)


def test_plots_are_loaded_where_there_are_plots_and_everything_stays_small(
    client: FlaskClient, saturday: SessionSummary
) -> None:
    def has_plots(address: str) -> bool:
        return any(file.endswith("/uplot.js") for file in loaded(client, address))

    assert not has_plots("/")
    assert not has_plots("/sessions")
    assert has_plots(f"/sessions/{saturday.id}")
    assert sum(loaded(client, f"/sessions/{saturday.id}").values()) < 60_000


def test_another_sites_page_cannot_read_history(client: FlaskClient, saturday: SessionSummary) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.get(f"/api/sessions/{saturday.id}/events", headers=headers).status_code == 403


def test_a_data_folder_that_is_not_here_is_said_in_words(tmp_path: Path) -> None:
    client = signed_in(Venue(tmp_path / "elsewhere").app)
    page = client.get("/sessions")
    assert page.status_code == 200
    assert "There is no data folder" in page.text
    assert "where `stagewire gateway` runs" in page.text
    assert client.get("/sessions/last").status_code == 404
    assert client.get("/").status_code == 200
    kept = [path.name for path in (tmp_path / "elsewhere").iterdir()]
    assert kept == ["page"], "beside the page's own people, looking makes nothing"


def test_an_empty_data_folder_has_no_session_yet(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()  # a gateway has been here
    page = signed_in(Venue(tmp_path).app).get("/sessions")
    assert "No session has been kept yet" in page.text


def test_what_others_wrote_is_what_they_published() -> None:
    decision = (ROOT / "docs/decisions/0022-plots.md").read_text()
    for name in ("uplot.js", "uplot.css"):
        digest = hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest()
        assert f"`{digest}`" in decision, name
    assert "Permission is hereby granted" in (STATIC / "vendor/uplot.LICENSE.txt").read_text()
