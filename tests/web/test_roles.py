"""Every route of the page and every role: the table decides, before a view is reached."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web.past import Venue, live
from tests.web.people import OWN, Hand, signed_in
from web.app import create_app
from web.people.roles import ANYONE, LEAST, Role, check
from web.source import Source

REACHED = "the view was reached"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The page with every view replaced: what stands before them is what is asked about, and nobody wants all of
    them to happen."""
    app = Venue(tmp_path_factory.mktemp("data")).app
    app.config["TESTING"] = True
    app.view_functions = {name: lambda **_: REACHED for name in app.view_functions}
    return app


@pytest.fixture(scope="module")
def people(app: Flask) -> dict[Role | None, FlaskClient]:
    return {None: app.test_client(), **{role: signed_in(app, role) for role in Role}}


def doors(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Endpoint, method and address of every route."""
    at = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        values = {
            name: 1 if "Integer" in type(rule._converters[name]).__name__ else "x" for name in rule.arguments
        }
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, at.build(rule.endpoint, values, method)


def test_every_route_lets_in_who_may_and_nobody_else(app: Flask, people: dict[Role | None, FlaskClient]) -> None:
    asked = 0
    for endpoint, method, path in doors(app):
        least = LEAST[endpoint]
        for role, client in people.items():
            answer = client.open(path, method=method, headers=OWN)
            asked += 1
            where = f"{method} {path} ({endpoint}) by {role}"
            if least is not ANYONE and role is None:
                screen = method == "GET" and not path.startswith("/api/")
                assert answer.status_code == (303 if screen else 401), where
                assert not screen or answer.headers["Location"].startswith("/enter"), where
            elif least is not ANYONE and role is not None and role < least:
                assert answer.status_code == 403, where
                assert least.word in answer.text, f"{where}: said which role is needed"
            elif role is not None or method == "GET" or endpoint == "press.trip":
                assert (answer.status_code, answer.text) == (200, REACHED), where
    assert asked > 5 * 40


def test_every_press_but_the_stop_needs_the_token_of_its_own_session(
    app: Flask, people: dict[Role | None, FlaskClient]
) -> None:
    presses = [door for door in doors(app) if door[1] != "GET"]
    theirs = people[Role.VIEWER].environ_base["HTTP_X_CSRFTOKEN"]
    for n, (endpoint, method, path) in enumerate(presses):
        for token in ("", "nonsense", theirs):
            answer = people[Role.ADMIN].open(
                path,
                method=method,
                headers=OWN | {"X-CSRFToken": token},
                environ_overrides={"REMOTE_ADDR": f"192.0.2.{n + 1}"},  # nobody tries the door too often
            )
            expected = 200 if endpoint == "press.trip" else 403
            assert answer.status_code == expected, f"{method} {path} ({endpoint}) with {token!r}"
            assert expected == 200 or "load it again" in answer.text
    assert len(presses) > 15


def test_a_table_that_forgets_a_view_or_names_none_serves_no_page() -> None:
    check(LEAST)
    for wrong in ({*LEAST, "rules.new"}, LEAST.keys() - {"press.reset"}):
        with pytest.raises(LookupError, match=r"rules\.new|press\.reset"):
            check(wrong)


@pytest.mark.needs("mosquitto")
def test_what_may_let_something_move_needs_a_supervisor_and_what_makes_safe_an_operator(
    source: Source, tmp_path: Path
) -> None:
    app = create_app(live(source, tmp_path))
    operator, supervisor = Hand(app, Role.OPERATOR), Hand(app, Role.SUPERVISOR)
    cases: list[tuple[str, dict[str, Any], int]] = [
        ("/api/arm", {"armed": True}, 503),  # no gateway answers here
        ("/api/mode", {"mode": "live"}, 202),
    ]
    for path, body, done in cases:
        assert operator.press(path, body).status_code == 403
        assert supervisor.press(path, body).status_code == done
    assert operator.press("/api/arm", {"armed": False}).status_code == 503
    assert operator.press("/api/mode", {"mode": "paused"}).status_code == 202
    assert operator.press("/api/estop/reset", {"trip": "x"}).status_code == 403
