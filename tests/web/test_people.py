"""The list of people: kept safely, by several processes at once, and never without an admin."""

import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.errors import PeopleError, StorageError
from tests.web.peer import until
from web.people.book import IDLE_S, LONGEST_S, MOST_SESSIONS
from web.people.kept import FILE, SECRET
from web.people.people import SEEN_S, People
from web.people.roles import Role
from web.people.welcome import MOST_TRIES, Welcome

WORDS = "three good words"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def people(tmp_path: Path, clock: Clock) -> People:
    return People(tmp_path / "page", clock)


def names(people: People) -> list[str]:
    return [m.name for m in people.everyone()]


def test_a_person_is_known_by_name_and_password_in_any_way_of_typing_them(people: People) -> None:
    people.add("Josée", Role.ADMIN, "pâté de maison")
    for name in ("Josée", " josée ", "JOSÉE", "Jose\u0301e"):
        assert people.check(name, "pâté de maison"), name
    assert people.check("Josée", "pa\u0302te\u0301 de maison"), "another keyboard's way to write it"
    assert not people.check("Josée", "Pâté de maison")
    assert not people.check("Noor", "pâté de maison")
    assert not people.check("Josée", "")


def test_nothing_of_a_password_stands_in_the_file_and_nobody_else_may_read_it(people: People) -> None:
    people.add("Siti", Role.ADMIN, WORDS)
    token = people.invite(Role.VIEWER, by="Siti")
    people.secret()
    text = (people.folder / FILE).read_text()
    assert WORDS not in text
    assert token not in text
    assert "scrypt:" in text
    for file in people.folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE(people.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaa", "Annabella Long", "x" * 300])
def test_a_password_that_is_guessed_at_once_is_refused_in_words(people: People, password: str) -> None:
    with pytest.raises(PeopleError, match="password"):
        people.add("Annabella Long", Role.ADMIN, password)
    assert names(people) == []


@pytest.mark.parametrize("name", ["", "   ", "\u200b\u202e", "SITI", " siti", "Ｓｉｔｉ"])
def test_a_name_is_said_and_is_nobody_elses(people: People, name: str) -> None:
    people.guest("Siti", Role.ADMIN)
    with pytest.raises(PeopleError):
        people.guest(name, Role.VIEWER)
    assert names(people) == ["Siti"]


def test_the_last_admin_stays_whatever_is_tried(people: People) -> None:
    siti = people.add("Siti", Role.ADMIN, WORDS)
    people.guest("A guest who will be gone tomorrow", Role.ADMIN)
    with pytest.raises(PeopleError, match="nobody would be left"):
        people.remove(siti.id)
    with pytest.raises(PeopleError, match="nobody would be left"):
        people.set_role(siti.id, Role.SUPERVISOR)
    budi = people.add("Budi", Role.ADMIN, WORDS)
    people.remove(siti.id)
    assert people.one(budi.id).rank is Role.ADMIN
    with pytest.raises(PeopleError, match="no such person"):
        people.remove(siti.id)


def test_a_change_ends_every_session_of_the_one_it_changes_and_of_no_other(people: People) -> None:
    siti, budi = people.add("Siti", Role.ADMIN, WORDS), people.add("Budi", Role.OPERATOR, WORDS)
    hers = people.begin(siti)
    changes: list[Callable[[], None]] = [
        lambda: people.set_role(budi.id, Role.VIEWER),
        lambda: people.set_password(budi.id, "other good words"),
        lambda: people.remove(budi.id),
    ]
    for change in changes:
        his = [people.begin(people.one(budi.id)) for _ in range(2)]
        assert all(people.session(name) for name in his)
        change()
        assert not any(people.session(name) for name in his)
        assert people.session(hers)


def test_a_session_ends_after_half_a_day_of_rest_and_after_a_week_of_use(people: People, clock: Clock) -> None:
    siti = people.add("Siti", Role.ADMIN, WORDS)
    rested, used = people.begin(siti), people.begin(siti)
    begun = clock.now
    clock.now += IDLE_S - 1
    assert people.session(used)
    clock.now += 2
    assert people.session(used)
    assert not people.session(rested)
    while clock.now < begun + LONGEST_S - IDLE_S:
        clock.now += IDLE_S - 1
        assert people.session(used)
    clock.now = begun + LONGEST_S
    assert not people.session(used)


def test_who_signs_in_on_too_many_phones_leaves_the_one_used_longest_ago(people: People, clock: Clock) -> None:
    siti = people.add("Siti", Role.ADMIN, WORDS)
    begun = []
    for _ in range(MOST_SESSIONS + 1):
        clock.now += 1
        begun.append(people.begin(siti))
    assert [bool(people.session(name)) for name in begun] == [False] + [True] * MOST_SESSIONS


def test_an_invitation_lets_in_as_many_as_it_says_for_as_long_as_it_says(people: People, clock: Clock) -> None:
    token = people.invite(Role.OPERATOR, by="Siti", lasts=3600, uses=2, stays=7200)
    assert people.invitation("x" * 22) is None
    assert people.invitation(token)
    dewi = people.enter(token, "Dewi")
    name = people.begin(dewi)
    assert (dewi.rank, dewi.password) == (Role.OPERATOR, "")
    people.enter(token, "Noor")
    with pytest.raises(PeopleError, match="used up"):
        people.enter(token, "Budi")
    late = people.invite(Role.VIEWER, by="Siti", lasts=3600)
    clock.now += 3601
    assert people.invitation(late) is None
    with pytest.raises(PeopleError, match="time is over"):
        people.enter(late, "Budi")
    assert people.session(name)
    clock.now += 3600
    assert people.session(name) is None
    assert names(people) == []
    assert people.enter(people.invite(Role.VIEWER, by="Siti"), "dewi"), "the name is free again"


def test_who_is_out_comes_back_neither_by_their_own_link_nor_with_an_older_copy(people: People) -> None:
    people.add("Dewi", Role.ADMIN, WORDS)
    gone = people.add("Siti", Role.ADMIN, WORDS)
    own, other = people.invite(Role.ADMIN, by="Siti"), people.invite(Role.VIEWER, by="Dewi")
    people.remove(gone.id)
    assert people.invitation(own) is None
    assert people.invitation(other) is not None
    file = people.folder / FILE
    file.write_bytes(file.read_bytes()[:-20])
    assert {m.name for m in People(people.folder, people.clock).everyone()} == {"Dewi"}


def test_a_guest_who_signs_out_is_forgotten_and_one_with_a_password_is_not(people: People) -> None:
    siti, dewi = people.add("Siti", Role.ADMIN, WORDS), people.guest("Dewi", Role.VIEWER)
    phone, tablet = people.begin(dewi), people.begin(dewi)
    people.end(phone)
    assert names(people) == ["Siti", "Dewi"]
    people.end(tablet)
    people.end(people.begin(siti))
    assert names(people) == ["Siti"]


def test_it_is_seen_who_was_here_and_not_written_down_at_each_request(people: People, clock: Clock) -> None:
    siti = people.add("Siti", Role.ADMIN, WORDS)
    name = people.begin(siti)
    before = (people.folder / FILE).stat().st_mtime_ns
    clock.now += 5
    assert people.session(name)
    assert people.signed_in(siti.id) == (1, clock.now)
    assert (people.folder / FILE).stat().st_mtime_ns == before
    clock.now += SEEN_S
    assert people.session(name)
    until(lambda: People(people.folder, clock).signed_in(siti.id) == (1, clock.now), "another process knows it")


ADDS = """
import sys
from pathlib import Path
from web.people.people import People
from web.people.roles import Role
people = People(Path(sys.argv[1]))
for n in range(int(sys.argv[3])):
    people.guest(f"{sys.argv[2]} {n}", Role.VIEWER)
"""


def test_two_processes_and_four_threads_that_write_at_once_lose_nobody(people: People, tmp_path: Path) -> None:
    real = People(people.folder)
    others = [
        subprocess.Popen([sys.executable, "-c", ADDS, str(people.folder), name, "15"]) for name in ("one", "two")
    ]
    threads = [
        threading.Thread(target=lambda t=t: [real.guest(f"thread {t} {n}", Role.VIEWER) for n in range(10)])
        for t in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [other.wait(30) for other in others] == [0, 0]
    assert len(real.everyone()) == 2 * 15 + 4 * 10


def test_a_disk_that_takes_nothing_changes_nothing_and_is_told(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti = people.add("Siti", Role.ADMIN, WORDS)
    name = people.begin(siti)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(StorageError, match="No space left"):
            people.guest("Dewi", Role.VIEWER)
        assert people.session(name), "who is in stays in"
        assert names(people) == ["Siti"]
    people.guest("Dewi", Role.VIEWER)


def test_a_file_damaged_by_hand_is_told_and_the_copy_before_it_taken(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    people.add("Siti", Role.ADMIN, WORDS)
    people.guest("Dewi", Role.VIEWER)
    (people.folder / FILE).write_text("{")
    assert names(people) == ["Siti", "Dewi"]
    assert "is damaged" in caplog.text


def test_the_secret_of_cookies_is_made_once(people: People) -> None:
    assert people.secret() == People(people.folder).secret()
    assert len((people.folder / SECRET).read_bytes()) == 32


def test_the_first_admin_needs_the_code_and_ten_wrong_ones_end_it(people: People) -> None:
    welcome = Welcome(people)
    for _ in range(MOST_TRIES):
        with pytest.raises(PeopleError):
            welcome.admit("2222-2222", "Mallory", WORDS)
    with pytest.raises(PeopleError, match="over"):
        welcome.admit(welcome.code, "Mallory", WORDS)
    again = Welcome(people)
    assert again.code
    with pytest.raises(PeopleError, match="at least 10"):
        again.admit(again.code, "Siti", "short")
    code = again.code
    assert again.admit(code.lower().replace("-", " "), "Siti", WORDS).rank is Role.ADMIN
    with pytest.raises(PeopleError, match="over"):
        again.admit(code, "Mallory", WORDS)
    assert Welcome(people).code == "", "there is an admin now"
    assert names(people) == ["Siti"]
