"""The people screen and the audit log, for admins, for supervisors, and for people with hostile names."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.past import Venue, words
from tests.web.people import Hand
from tests.web.test_app import HOSTILE
from tests.web.test_people import WORDS
from web.people.people import People
from web.people.roles import Role


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    venue = Venue(tmp_path)
    yield venue
    venue.exports.close()


@pytest.fixture
def people(venue: Venue) -> People:
    return venue.parts.people


@pytest.fixture
def admin(venue: Venue) -> Hand:
    return Hand(venue.app, Role.ADMIN, "Siti")


def test_an_admin_adds_somebody_changes_them_and_removes_them(admin: Hand, people: People) -> None:
    added = admin.send("/system/people/add", name="Budi", role="operator", password=WORDS)
    assert added.headers["Location"] == "/system/people"
    assert "Budi may sign in now." in words(admin.get("/system/people").text)
    budi = people.check("Budi", WORDS)
    assert budi is not None
    admin.send(f"/system/people/{budi.id}/role", role="supervisor")
    assert people.one(budi.id).rank is Role.SUPERVISOR
    admin.send(f"/system/people/{budi.id}/password", password="quite other words")
    assert people.check("Budi", "quite other words")
    admin.send(f"/system/people/{budi.id}/remove")
    text = words(admin.get("/system/people").text)
    assert "Budi is out." in text
    assert [m.name for m in people.everyone()] == ["Siti"]
    gone = admin.send(f"/system/people/{budi.id}/remove")
    assert (gone.status_code, "There is no such person any more" in gone.text) == (400, True)
    short = admin.send("/system/people/add", name="Budi", role="operator", password="short")
    assert (short.status_code, "at least 10 characters" in short.text) == (400, True)
    assert admin.send("/system/people/add", name="X", role="king", password=WORDS).status_code == 400


def test_an_invitation_is_shown_once_as_a_code_and_as_a_link_and_can_be_made_void(
    admin: Hand, people: People
) -> None:
    made = admin.send("/system/people/invite", role="operator", uses="5", lasts="4", stays="24")
    assert made.status_code == 200
    link = re.search(r'value="http://localhost(/enter/[\w-]{22})"', made.text)
    assert link is not None
    assert "<svg viewBox=" in made.text
    assert "style=" not in made.text, "the page's policy would refuse it"
    (invitation,) = people.invitations().values()
    assert (invitation.uses, invitation.stays, invitation.by) == (5, 24 * 3600.0, "Siti")
    later = admin.get("/system/people").text
    assert link[1] not in later
    assert "5 more may come" in words(later)
    assert admin.get(link[1]).status_code == 200
    (digest,) = people.invitations()
    admin.send("/system/people/withdraw", invitation=digest)
    assert admin.get(link[1]).status_code == 410
    assert admin.send("/system/people/invite", role="operator", uses="500").status_code == 400


def test_a_supervisor_invites_viewers_and_operators_and_sees_nobody(venue: Venue, people: People) -> None:
    Hand(venue.app, Role.ADMIN, "Siti")
    people.invite(Role.ADMIN, by="Siti")
    hand = Hand(venue.app, Role.SUPERVISOR, "Rio")
    text = hand.get("/system/people").text
    assert "Siti" not in text
    assert re.findall(r'<option value="([a-z]+)"', text) == ["viewer", "operator"]
    assert hand.send("/system/people/invite", role="operator").status_code == 200
    for role in ("supervisor", "admin"):
        assert hand.send("/system/people/invite", role=role).status_code == 403
    of_admin = next(d for d, i in people.invitations().items() if i.role == "admin")
    assert hand.send("/system/people/withdraw", invitation=of_admin).status_code == 403
    assert of_admin in people.invitations()


def test_somebody_changes_their_own_password_and_only_their_other_phones_are_signed_out(
    venue: Venue, people: People
) -> None:
    siti = people.add("Siti", Role.ADMIN, WORDS)
    client = venue.app.test_client()

    def send(path: str, **form: str) -> int:
        found = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/me", follow_redirects=True).text)
        assert found is not None
        headers = {"Origin": "http://localhost", "X-CSRFToken": found[1]}
        return client.post(path, data=form, headers=headers).status_code

    assert send("/enter", name="Siti", password=WORDS) == 303
    other = people.begin(siti)
    assert send("/me/password", old="not this one", password="quite other words") == 400
    assert people.session(other)
    assert send("/me/password", old=WORDS, password="quite other words") == 303
    assert people.session(other) is None
    assert "in force" in client.get("/me").text
    assert people.check("Siti", "quite other words")


@pytest.mark.parametrize("name", [text for text in HOSTILE if text.strip()])
def test_hostile_names_of_people_stay_words_on_every_screen(venue: Venue, people: People, name: str) -> None:
    admin = Hand(venue.app, Role.ADMIN, "Siti")
    token = people.invite(Role.ADMIN, by=name, guest=name[:40])
    member = people.enter(token, name)
    hand = Hand(venue.app, Role.ADMIN, f"{name[:20]} two")
    hand.send("/system/people/invite", role="viewer")
    fresh = people.invite(Role.ADMIN, by=name)
    screens = [
        admin.get("/system/people").text,
        admin.get("/system/audit").text,
        admin.get("/system/audit", query_string={"who": name}).text,
        hand.get("/me").text,
        hand.get("/").text,
        venue.app.test_client().get(f"/enter/{fresh}").text,
        admin.send(f"/system/people/{member.id}/role", role="viewer", follow=name).text,
    ]
    for text in screens:
        for evil in ("<script>alert", "<img src=x", "<svg/onload", '"><svg/', "\u202e", "\x1b", "\x00"):
            assert evil not in text, evil
    assert "7*7" not in name or "{{7*7}}" in screens[0], "and is no template"


def test_the_log_tells_who_did_what_and_never_a_secret(venue: Venue, admin: Hand) -> None:
    stranger = venue.app.test_client()
    token = re.search(r'name="csrf-token" content="([^"]+)"', stranger.get("/enter").text)
    assert token is not None
    form = {"name": "Mallory", "password": "guessed wrongly", "csrf_token": token[1]}
    stranger.post("/enter", data=form, headers={"Origin": "http://localhost"})
    admin.send("/system/people/add", name="Budi", role="operator", password=WORDS)
    admin.press("/api/queue", {"do": "hop", "station": "drum"})
    text = words(admin.get("/system/audit").text)
    for said in (
        "Siti people.add",
        "name=Budi, role=operator",
        "Siti press.queue · refused (400)",
        "do=hop, station=drum",
        "somebody not signed in enter.sign_in · refused (401)",
        "name=Mallory",
        "127.0.0.1",
    ):
        assert said in text, said
    assert text.index("press.queue") < text.index("people.add") < text.index("enter.sign_in"), "the newest first"
    kept = (venue.parts.people.folder / "audit.jsonl").read_text()
    for secret in (WORDS, "guessed wrongly", token[1]):
        assert secret not in kept
    assert "Mallory" not in words(admin.get("/system/audit?who=Siti").text).replace("Mallory</option>", "")
    for odd in ("page=0", "page=x", "page=99999", "who=nobody"):
        assert admin.get(f"/system/audit?{odd}").status_code == 200
