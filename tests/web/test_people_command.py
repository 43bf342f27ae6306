"""``stagewire people``, while the page runs; and what a backup takes of the people."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli_people import people as command
from gateway.keeping.archive import Archive
from gateway.keeping.backup import make_backup
from gateway.keeping.inventory import venue_of
from gateway.keeping.restore import restore
from tests.web.people import Hand
from tests.web.test_people import WORDS
from web.app import create_app
from web.parts import build
from web.people.people import People
from web.people.roles import Role

SECRET = "a passphrase for the box"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "stagewire.yaml"
    file.write_text("venue: hall\nweb: {host: 0.0.0.0}\n")
    return file


def run(settings: Path, *words: str, status: int = 0) -> str:
    done: Result = CliRunner().invoke(command, [*words, "-c", str(settings)])
    assert done.exit_code == status, done.output
    return done.output


def test_somebody_is_added_changed_and_removed_from_the_command_line(settings: Path) -> None:
    assert "Nobody may use the page of hall yet" in run(settings, "list")
    assert "Siti may sign in as admin" in run(settings, "add", "Siti", "--password", WORDS)
    assert "at least 10 characters" in run(settings, "add", "Budi", "--password", "short", status=1)
    run(settings, "add", "Budi", "--role", "operator", "--password", WORDS)
    run(settings, "role", "budi", "supervisor")
    run(settings, "password", "Budi", "--password", "quite other words")
    people = People(settings.parent / "data" / "page")
    assert people.check("Budi", "quite other words")
    assert re.search(r"^supervisor +Budi", run(settings, "list"), re.MULTILINE)
    assert "nobody would be left" in run(settings, "remove", "Siti", status=1)
    run(settings, "remove", "BUDI")
    assert "nobody called 'Budi'" in run(settings, "remove", "Budi", status=1)


def test_an_invitation_of_the_command_line_opens_the_page_that_runs(settings: Path) -> None:
    loaded = venue_of(settings)
    app = create_app(build(loaded.settings, settings.parent))
    said = run(settings, "invite", "--role", "viewer", "--for", "30m", "--address", "http://10.0.0.7:8080/")
    link = re.search(r"^http://10\.0\.0\.7:8080(/enter/\S+)$", said, re.MULTILINE)
    assert link is not None
    assert "█" in said
    assert "the console invited you as viewer" in app.test_client().get(link[1]).text
    assert "no length of time" in run(settings, "invite", "--for", "soon", status=1)
    hand = Hand(app, Role.OPERATOR, "Dewi")
    assert hand.get("/me").status_code == 200
    run(settings, "remove", "Dewi")
    assert hand.get("/me").status_code == 303


def test_a_backup_takes_people_only_under_a_passphrase_and_never_the_secret_of_cookies(
    settings: Path, tmp_path: Path
) -> None:
    run(settings, "add", "Siti", "--password", WORDS)
    page = settings.parent / "data" / "page"
    secret = People(page).secret()
    (page / "audit.jsonl").write_text("{}\n")
    config = venue_of(settings)
    plain = make_backup(config, tmp_path / "plain.tar.gz")
    sealed = make_backup(config, tmp_path / "sealed.tar.gz", passphrase=SECRET)
    for made in (plain, sealed):
        names = {part.path for part in made.manifest.files}
        assert {n for n in names if n.startswith("data/page/")} == {"data/page/audit.jsonl"}
        with Archive(made.path) as archive:
            whole = b"".join(b"".join(body) for _part, body in archive.parts())
        assert secret not in whole
        assert b"scrypt:32768" not in whole
    assert any("people.json" in left.what for left in plain.manifest.left_out)
    restore(sealed.path, tmp_path / "new", passphrase=SECRET)
    back = People(tmp_path / "new" / "data" / "page")
    assert back.check("Siti", WORDS)
    assert ((back.folder / "people.json").stat().st_mode & 0o777) == 0o600
    assert not (back.folder / "secret").exists()
