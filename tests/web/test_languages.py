"""The page in other languages: which one somebody gets, that nothing is forgotten, and what it costs."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

from gateway.messages import SessionSummary
from tests.web.past import Evenings, Venue, live, words
from tests.web.people import signed_in
from tests.web.pseudo import speak, unmarked
from tests.web.test_app import loaded
from web.app import create_app
from web.assets import STATIC
from web.languages import CODE, COOKIE, LANGUAGES, locale
from web.languages.catalogue import catalogue, one, path
from web.languages.update import extracted
from web.source import Source
from web.words import dated

PLACE = re.compile(r"%\(\w+\)[a-z]|%%|\{\w+\}")
SAID_BY_THE_SERVER = {"stop.js": 2}
"""Scripts that put texts of the server into the phone's language, and how many times: those are no literals."""
OTHERS = [code for code in LANGUAGES if code != CODE]


@pytest.fixture(scope="module")
def found() -> Catalog:
    return extracted()


def catalog_of(code: str) -> Catalog:
    with path(code).open("rb") as file:
        return read_po(file, locale=code)


def texts_of(said: object) -> tuple[str, ...]:
    return said if isinstance(said, tuple) else (str(said or ""),)


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_of_the_page_is_in_every_language(code: str, found: Catalog) -> None:
    kept = catalog_of(code)
    missing = [one(m) for m in found if m.id and not all(texts_of((kept.get(one(m)) or m).string))]
    assert missing == [], "`make words`, and translate them"
    assert [one(m) for m in kept if m.fuzzy and m.id] == [], "a guess is no translation"
    assert [one(m) for m in kept if m.id and m.id not in found] == [], "`make words`: nobody says these any more"


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_places_of_its_text(code: str) -> None:
    def places(text: str) -> list[str]:
        return sorted(PLACE.findall(text))

    for message in catalog_of(code):
        for text in filter(None, texts_of(message.string) if message.id else ()):
            assert places(text) == places(texts_of(message.id)[-1]), message.id


@pytest.mark.parametrize("script", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_what_is_marked_in_a_script_is_a_text_that_can_be_found(script: Path) -> None:
    code = script.read_text()
    if script.name != "t.js":
        unfound = re.findall(r'(?<![\w.$])t\((?!\s*")|(?<![\w.$])[tn]\(\s*"(?:[^"\\]|\\.)*"\s*\+', code)
        assert len(unfound) == SAID_BY_THE_SERVER.get(script.name, 0)


@pytest.mark.parametrize(
    ("header", "cookie", "expected"),
    [
        ("", None, "en"),
        ("id-ID,id;q=0.9,en;q=0.5", None, "id"),
        ("en-US,en;q=0.9,id;q=0.5", None, "en"),
        ("vi-VN", None, "en"),
        ("en", "id", "id"),
        ("id", "en", "en"),
        ("id", "xx", "id"),
    ],
)
def test_the_language_is_what_was_chosen_else_the_browsers_own(
    client: FlaskClient, header: str, cookie: str | None, expected: str
) -> None:
    if cookie is not None:
        client.set_cookie(COOKIE, cookie)
    page = client.get("/sessions", headers={"Accept-Language": header})
    assert f'<html lang="{expected}"' in page.text
    assert ("Sesi" in words(page.text)) == (expected == "id")


def test_the_switch_leads_back_to_where_one_was(client: FlaskClient) -> None:
    page = client.get("/sessions?sort=oldest").text
    link = re.search(r'<a href="(/language/id[^"]*)" lang="id"', page)
    assert link is not None
    answer = client.get(link.group(1).replace("&amp;", "&"))
    assert (answer.status_code, answer.location) == (303, "/sessions?sort=oldest")
    cookie = answer.headers["Set-Cookie"]
    assert "language=id" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert '<html lang="id"' in client.get(answer.location).text


@pytest.mark.parametrize(
    "place",
    ["//evil.example", "/\\evil.example", "https://evil.example/", "\\\\evil.example", "javascript:alert(1)",
     "evil", "/\t/evil.example", "/%0d%0aSet-Cookie: a=b", ""],
)  # fmt: skip
def test_the_switch_leads_to_no_other_site(client: FlaskClient, place: str) -> None:
    answer = client.get("/language/id", query_string={"next": place})
    assert answer.status_code == 303
    assert re.fullmatch(r"/(%250d%250a.*)?", answer.location) or answer.location.startswith("/%")
    assert client.get("/language/xx", query_string={"next": "/"}).status_code == 404


def test_numbers_days_and_lengths_are_written_as_the_language_writes_them(
    client: FlaskClient, saturday: SessionSummary, evenings: Evenings
) -> None:
    client.set_cookie(COOKIE, "id")
    text = words(client.get("/sessions").text)
    assert "Min 22 Nov 2026, 19:00" in text
    assert "@mira · 1 j 36 mnt 12 mnt tidak terdengar" in text
    assert "Koin 3.192 ≈ US$15,96 Gift 70 Puncak penonton 193" in text
    page = words(client.get(f"/sessions/{saturday.id}").text)
    assert "Meninjau @mira , Sab 21 Nov 2026, 19:00 Kembali ke live" in page
    compared = words(client.get(f"/sessions/compare?a={evenings[1].summary.id}&b={saturday.id}").text)
    assert "Koin 2.280 3.192 +912 Koin per jam 2.280,0 2.280,0 0" in compared


def test_a_month_has_its_name_in_the_language_of_the_request(venue: Venue) -> None:
    moment = datetime(2026, 8, 17, 19, 5, tzinfo=UTC)
    with venue.app.test_request_context(headers={"Accept-Language": "id"}):
        assert str(locale()) == "id"
        assert dated(moment, "%a %-d %B %Y, %H:%M") == "Sen 17 Agustus 2026, 19:05"
    assert dated(moment, "%a %-d %B %Y, %H:%M") == "Mon 17 August 2026, 19:05"


def test_words_of_the_server_come_in_the_language_of_who_asks(client: FlaskClient) -> None:
    asked = {"format": "csv", "account": "mira"}
    begun = client.post("/api/exports", json=asked, headers={"Origin": "http://localhost"}).json
    assert begun is not None
    for code, expected in (("id", "Ekspor itu tidak (lagi) ada."), ("en", "There is no such export")):
        client.set_cookie(COOKIE, code)
        answer = client.get(f"/api/exports/{'0' * 32}").json
        assert answer is not None
        assert answer["error"].startswith(expected)
    client.post(f"/api/exports/{begun['id']}/cancel", headers={"Origin": "http://localhost"})


def test_another_language_costs_one_small_script_and_english_none(client: FlaskClient) -> None:
    english = loaded(client, "/")
    client.set_cookie(COOKIE, "id")
    indonesian = loaded(client, "/")
    (more,) = {name.rpartition("/")[2] for name in indonesian} - {name.rpartition("/")[2] for name in english}
    assert more == "id.js"
    assert sum(indonesian.values()) < 75_000, "half of what a first load may be"


def test_a_plural_form_of_a_script_goes_by_the_name_that_browsers_give_it() -> None:
    assert b'"{count} gift":{"other":"{count} gift"}' in catalogue("id").script


# -- nothing is forgotten -----------------------------------------------------------------------------

NAMES = {"Stagewire", "hall", "admin", "mira", "club", "pub", "LIVE", "TikTok"}
"""Of the product, the languages and the evenings' invented people."""
UNITS = {"USD", "US", "ms", "Excel", "xlsx", "CSV", "zip", "JSON", "Asia", "Jakarta", "UTC"}


def screens(app: Flask) -> list[str]:
    """The address of every screen that needs no name of something in it."""
    found = {r.rule for r in app.url_map.iter_rules() if "GET" in (r.methods or ()) and not r.arguments}
    return sorted(rule for rule in found if not rule.startswith(("/api/", "/sw.js", "/manifest")))


@pytest.mark.needs("mosquitto")
def test_every_text_of_every_screen_is_marked(
    source: Source, evenings: Evenings, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(monkeypatch)
    app = create_app(live(source, evenings[0]))
    client = signed_in(app)
    client.set_cookie(COOKIE, "id")
    names = [e.summary.id for e in evenings[1:]]
    more = [
        f"/sessions/{names[1]}",
        f"/sessions/compare?a={names[0]}&b={names[1]}",
        "/sessions?practice=1",
        "/nowhere",
    ]
    forgotten = {}
    for address in [*screens(app), *more]:
        answer = client.get(address)
        if "html" in answer.content_type and answer.status_code != 302:
            said = unmarked(answer.text) - NAMES - UNITS
            forgotten[address] = sorted(
                word for word in said if not re.fullmatch("Sab|Jum|Min|Kam|Nov|November", word)
            )
    lines = [f"{address}: {' '.join(said)}" for address, said in forgotten.items() if said]
    assert lines == [], "\n".join(lines)
