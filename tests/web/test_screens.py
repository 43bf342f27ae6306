"""The header and the ways within System: what somebody may not see is not named to them."""

import re
from pathlib import Path

from tests.web.past import Venue
from tests.web.people import Hand
from web.people.roles import Role

WITHIN = re.compile(r'<nav class="tabs within".*?</nav>', re.DOTALL)
WAY = re.compile(r'<a href="([^"]+)"( aria-current="page")?>')


def ways(hand: Hand, path: str) -> list[tuple[str, bool]]:
    """The links within System on this screen, and whether each is where one is; none without them."""
    found = WITHIN.search(hand.get(path).text)
    return [(to, bool(here)) for to, here in WAY.findall(found[0])] if found else []


def test_within_system_everybody_is_shown_what_they_may_see_and_where_they_are(tmp_path: Path) -> None:
    app = Venue(tmp_path).app
    operator, supervisor, admin = (Hand(app, role) for role in (Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN))
    assert ways(operator, "/accounts") == [("/system", False), ("/accounts", True)]
    assert [to for to, _here in ways(supervisor, "/overlays")] == [
        "/system",
        "/accounts",
        "/system/people",
        "/overlays",
    ]
    assert [to for to, here in ways(admin, "/system/erase") if here] == ["/system/erase"]
    assert [to for to, here in ways(admin, "/settings/file?gateway=none") if here] == ["/settings"]


def test_elsewhere_and_on_ones_own_screen_there_are_no_ways_within(tmp_path: Path) -> None:
    app = Venue(tmp_path).app
    assert [ways(Hand(app), path) for path in ("/", "/rules", "/me")] == [[], [], []]
    own = Hand(app, Role.VIEWER).get("/me").text
    assert "/system" not in own
    assert 'aria-current="page"' not in own


def test_a_wrong_address_leads_back_to_live_and_a_wrong_session_to_the_others(tmp_path: Path) -> None:
    hand = Hand(Venue(tmp_path).app)
    assert "All sessions" not in hand.get("/nowhere").text
    assert "All sessions" in hand.get("/sessions/20990101-000000-00000000").text
