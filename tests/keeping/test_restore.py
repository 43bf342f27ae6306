"""A restore puts all of a backup back or touches nothing, whatever is wrong with the file, folder or disk."""

import gzip
import hashlib
import io
import os
import shutil
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.errors import ServiceError, StorageError
from gateway.journal import JournalReader
from gateway.keeping.backup import make_backup
from gateway.keeping.manifest import FORMAT, MANIFEST, SEALED, Part
from gateway.keeping.restore import look_through, restore
from gateway.keeping.secrets_box import Secret, seal, unseal
from gateway.service import own_folder
from gateway.settings.load import load
from gateway.stats.reader import StatsReader
from gateway.stats.storage import CrashSafeFile
from tests import records
from tests.disk import full_disk
from tests.keeping.furnished import PASSPHRASE, SECRETS, SETTINGS, furnish, tree

FIXTURE = Path(__file__).parents[1] / "fixtures" / "backup-1.tar.gz"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a venue that has everything, and with its backup: made once, for scrypt takes its time."""
    folder = tmp_path_factory.mktemp("made")
    make_backup(furnish(folder / "venue"), folder / "b.tar.gz", passphrase=PASSPHRASE)
    return folder


@pytest.fixture
def venue(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "venue", tmp_path / "venue"))


@pytest.fixture
def backup(made: Path) -> Path:
    return made / "b.tar.gz"


def test_on_a_bare_machine_all_files_are_as_they_were(venue: Path, backup: Path, tmp_path: Path) -> None:
    done = restore(backup, tmp_path / "new", passphrase=PASSPHRASE)
    was, now = tree(venue), tree(tmp_path / "new")
    for name in [*was]:
        if name.startswith(("data/exports", "data/journal")) or name.endswith(("-wal", "-shm")):
            del was[name]
    assert {name: body for name, body in now.items() if not name.startswith("data/journal")} == was
    old, new = JournalReader(venue / "data"), JournalReader(tmp_path / "new" / "data")
    assert new.last(1000) == old.last(1000)
    assert new.state() == old.state() == {"counter": b"20"}
    assert StatsReader(tmp_path / "new" / "data").kept() == StatsReader(venue / "data").kept()
    assert load(tmp_path / "new" / "stagewire.yaml", strict=True).settings.venue == "hall"
    assert (done.trouble, done.aside, done.missing) == ([], [], [])
    assert not list((tmp_path / "new").rglob(".restoring"))


def test_secrets_come_back_for_their_owner_only(backup: Path, tmp_path: Path) -> None:
    restore(backup, tmp_path / "new", passphrase=PASSPHRASE)
    for name, secret in SECRETS.items():
        assert (tmp_path / "new" / name).read_text() == secret
        assert stat.S_IMODE((tmp_path / "new" / name).stat().st_mode) == 0o600


def test_without_the_passphrase_all_but_the_secrets_comes_back_and_they_are_named(
    backup: Path, tmp_path: Path
) -> None:
    done = restore(backup, tmp_path / "new")
    assert {left.what for left in done.missing} == {f"settings/{name}" for name in SECRETS}
    assert not any((tmp_path / "new" / name).exists() for name in SECRETS)
    assert (tmp_path / "new" / "rules.yaml").exists()


def test_another_passphrase_is_refused_in_words_and_touches_nothing(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="not the passphrase"):
        restore(backup, tmp_path / "new", passphrase="four words are Enough")
    assert not (tmp_path / "new").exists()


def test_a_passphrase_is_the_same_on_keyboards_that_send_accents_apart() -> None:
    secret = [Secret(path="settings/key", body=b"x")]
    assert unseal(seal(secret, "caf\u00e9 caf\u00e9 caf\u00e9"), "cafe\u0301 cafe\u0301 cafe\u0301") == secret


def test_what_is_said_in_the_open_of_a_sealed_box_cannot_be_changed() -> None:
    box = seal([Secret(path="settings/key", body=b"x")], PASSPHRASE)
    with pytest.raises(StorageError):
        unseal(box.replace(b'"p":3', b'"p":4'), PASSPHRASE)
    with pytest.raises(StorageError, match="take all of this machine"):
        unseal(box.replace(b'"n":32768', b'"n":1073741824'), PASSPHRASE)


def test_a_backup_cut_short_anywhere_is_refused_and_nothing_is_touched(backup: Path, tmp_path: Path) -> None:
    whole, cut = backup.read_bytes(), tmp_path / "cut.tar.gz"
    for size in [0, 1, 5, 17, *range(100, len(whole), len(whole) // 40), len(whole) - 8, len(whole) - 1]:
        cut.write_bytes(whole[:size])
        with pytest.raises(StorageError, match=r"cut\.tar\.gz"):
            restore(cut, tmp_path / "new")
        assert not (tmp_path / "new").exists()


def test_a_backup_with_a_wrong_byte_anywhere_is_refused_or_says_the_same(backup: Path, tmp_path: Path) -> None:
    whole, bad = backup.read_bytes(), tmp_path / "bad.tar.gz"
    good, refused = look_through(backup), 0
    for at in range(0, len(whole), len(whole) // 60):
        bad.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            assert look_through(bad) == good  # a byte of gzip's own header that says nothing
        except StorageError:
            refused += 1
    assert refused > 50


def _tar(path: Path, manifest: bytes, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for info, body in [(tarfile.TarInfo(MANIFEST), manifest), *members]:
            info.size = len(body) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(body))
    return path


def _part(path: str, body: bytes = b"x") -> Part:
    return Part(path=path, size=len(body), sha256=hashlib.sha256(body).hexdigest())


def _manifest(*parts: Part, **more: object) -> bytes:
    usual: dict[str, object] = {
        "format": FORMAT,
        "stagewire": "0",
        "venue": "hall",
        "made": "2026-11-22T12:00:00.000Z",
        "settings": "stagewire.yaml",
        "data": "data",
        "files": list(parts),
    }
    return msgspec.json.encode(usual | more)


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "settings/../../evil",
        "/etc/evil",
        "settings//etc/evil",
        "settings/",
        "settings",
        "other/evil",
        "settings/./evil",
        "settings/a\\..\\evil",
        "settings/evil\n",
        "settings/" + "a" * 300,
        "data/..",
    ],
)
def test_a_path_that_leads_out_of_its_folder_is_refused(name: str, tmp_path: Path) -> None:
    path = _tar(tmp_path / "b.tar.gz", _manifest(_part(name)), [(tarfile.TarInfo(name), b"x")])
    with pytest.raises(StorageError, match="leads out of its folder"):
        restore(path, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
)
def test_what_is_no_plain_file_is_refused(kind: bytes, tmp_path: Path) -> None:
    info = tarfile.TarInfo("settings/stagewire.yaml")
    info.type, info.linkname = kind, "/etc/passwd"
    path = _tar(tmp_path / "b.tar.gz", _manifest(_part(info.name, b"")), [(info, b"")])
    with pytest.raises(StorageError, match="tampered"):
        restore(path, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_file_too_many_or_twice_or_in_another_order_is_refused(tmp_path: Path) -> None:
    one, two = _part("settings/stagewire.yaml"), _part("settings/rules.yaml")
    info = {part.path: (tarfile.TarInfo(part.path), b"x") for part in (one, two)}
    first, second = info.values()
    for manifest, members in [
        (_manifest(one), [first, second]),
        (_manifest(one, two), [second, first]),
        (_manifest(one, two), [first]),
        (_manifest(one, one), [first, first]),
        (_manifest(one, settings="a/b"), [first]),
        (_manifest(two), [second]),
        (_manifest(one, secrets=["settings/key"]), [first]),
        (_manifest(one, _part(SEALED), secrets=["../key"]), [first, (tarfile.TarInfo(SEALED), b"x")]),
        (_manifest(Part(path=one.path, size=2, sha256=one.sha256)), [first]),
        (_manifest(Part(path=one.path, size=1, sha256="0" * 64)), [first]),
        (b"[]", [first]),
    ]:
        with pytest.raises(StorageError):
            restore(_tar(tmp_path / "b.tar.gz", manifest, members), tmp_path / "new")
        assert not (tmp_path / "new").exists()
    restore(_tar(tmp_path / "b.tar.gz", _manifest(one, two), [first, second]), tmp_path / "new")


@pytest.mark.parametrize("body", [b"", b"no archive", gzip.compress(b"no archive"), gzip.compress(bytes(10240))])
def test_any_other_file_is_refused_in_words(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "b.tar.gz").write_bytes(body)
    with pytest.raises(StorageError, match=r"no backup of Stagewire|damaged"):
        restore(tmp_path / "b.tar.gz", tmp_path / "new")


def test_what_is_no_backup_at_all_is_not_called_a_damaged_one(tmp_path: Path) -> None:
    text = tmp_path / "rules.yaml"
    text.write_text("rules: {}\n")
    with pytest.raises(StorageError, match=r"rules\.yaml: it is no backup, or .*: expected a \.tar\.gz of"):
        restore(text, tmp_path / "new")
    with pytest.raises(StorageError, match=r"^there is no file .*gone\.tar\.gz: is its name right"):
        restore(tmp_path / "gone.tar.gz", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_newer_format_is_refused_and_says_which_version_to_install(tmp_path: Path) -> None:
    newer = _manifest(format=FORMAT + 1, stagewire="7.0", files="who knows how they look then")
    with pytest.raises(StorageError, match=r"newer Stagewire \(7\.0"):
        restore(_tar(tmp_path / "b.tar.gz", newer, []), tmp_path / "new")


def test_data_of_a_newer_stagewire_are_refused_and_nothing_is_touched(venue: Path, tmp_path: Path) -> None:
    class Newer(CrashSafeFile):
        newest = 99

    Newer(venue / "data" / "stats.json").write({})
    made = make_backup(load(venue / "stagewire.yaml"))
    with pytest.raises(StorageError, match="newer Stagewire"):
        restore(made.path, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_something_is_refused_and_left_alone(venue: Path, backup: Path) -> None:
    before = tree(venue)
    with pytest.raises(StorageError, match="--force"):
        restore(backup, venue)
    assert tree(venue) == before


def test_by_force_what_was_there_is_moved_aside_and_nothing_is_lost(venue: Path, backup: Path) -> None:
    (venue / "rules.yaml").write_text("rules: {}\n")
    (venue / "data" / "journal-2027-01.db").write_bytes(b"of another evening")
    (venue / "photo.jpg").write_text("not ours")
    before = tree(venue)
    done = restore(backup, venue, force=True, passphrase=PASSPHRASE, clock=lambda: records.NOON)
    aside = "before-restore-20261122T120000Z"
    assert {str(folder.relative_to(venue)) for folder in done.aside} == {aside, f"data/{aside}"}
    after = tree(venue)
    assert "data/journal-2027-01.db" not in after, "months of two journals would be mixed"
    assert after["rules.yaml"] != before["rules.yaml"]
    assert after["photo.jpg"] == b"not ours"
    found = {name.replace(f"{aside}/", ""): body for name, body in after.items() if aside in name}
    assert {name: body for name, body in before.items() if name != "photo.jpg"} == found


def test_while_a_gateway_runs_on_the_data_it_refuses(venue: Path, backup: Path) -> None:
    before = tree(venue)
    with own_folder(venue / "data"), pytest.raises(ServiceError, match="another gateway runs"):
        restore(backup, venue, force=True)
    assert tree(venue) == before


def test_an_empty_folder_that_is_there_already_keeps_its_place(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "new" / "data").mkdir(parents=True)
    (tmp_path / "new").chmod(0o750)
    inode = (tmp_path / "new").stat().st_ino
    restore(backup, tmp_path / "new")
    found = (tmp_path / "new").stat()
    assert (found.st_ino, stat.S_IMODE(found.st_mode)) == (inode, 0o750)


def test_data_outside_of_the_settings_folder_go_there_only_when_it_is_said(venue: Path, tmp_path: Path) -> None:
    data = tmp_path / "var" / "stagewire"
    data.parent.mkdir()
    (venue / "data").rename(data)
    (venue / "stagewire.yaml").write_text(SETTINGS.replace("data: data", f"data: {data}"))
    backup = make_backup(load(venue / "stagewire.yaml"), tmp_path / "b.tar.gz").path
    shutil.rmtree(data.parent)
    with pytest.raises(StorageError, match=f"--data {data}"):
        restore(backup, tmp_path / "new")
    assert not data.exists()
    restore(backup, tmp_path / "new", data=data)
    assert JournalReader(data).state() == {"counter": b"20"}


def test_a_file_from_elsewhere_comes_into_a_folder_and_it_is_said_where_it_belongs(
    venue: Path, tmp_path: Path
) -> None:
    key, gong = tmp_path / "etc" / "privacy.key", tmp_path / "etc" / "gong.wav"
    gong.parent.mkdir()
    (venue / "privacy.key").rename(key)
    (venue / "sounds" / "gong.wav").rename(gong)
    text = SETTINGS.replace("sounds/gong.wav", str(gong))
    text = text.replace("pseudonymous", f"pseudonymous\n  privacy_key_file: {key}")
    (venue / "stagewire.yaml").write_text(text)
    backup = make_backup(load(venue / "stagewire.yaml"), passphrase=PASSPHRASE).path
    shutil.rmtree(gong.parent)
    done = restore(backup, tmp_path / "new", passphrase=PASSPHRASE)
    assert not gong.parent.exists()
    assert {left.what for left in done.missing} == {str(key), str(gong)}
    for left in done.missing:
        assert Path(left.why.removeprefix("move it there from ")).is_file()


def test_a_venue_that_keeps_its_data_beside_its_settings_is_restored_too(tmp_path: Path) -> None:
    (tmp_path / "venue").mkdir()
    config = furnish(tmp_path / "venue", SETTINGS.replace("data: data", "data: ."))
    for entry in [*(tmp_path / "venue" / "data").iterdir()]:
        entry.rename(tmp_path / "venue" / entry.name)
    backup = make_backup(config, tmp_path / "b.tar.gz", passphrase=PASSPHRASE)
    assert not [part.path for part in backup.manifest.files if part.path.removeprefix("data/") in SECRETS]
    (tmp_path / "new" / ".ssh").mkdir(parents=True)
    (tmp_path / "new" / ".ssh" / "authorized_keys").write_text("nobody shall be locked out")
    for force in (False, True):
        restore(backup.path, tmp_path / "new", passphrase=PASSPHRASE, force=force)
        assert JournalReader(tmp_path / "new").state() == {"counter": b"20"}
        assert (tmp_path / "new" / "sign.key").read_text() == SECRETS["sign.key"]
        assert (tmp_path / "new" / ".ssh" / "authorized_keys").exists()
        assert load(tmp_path / "new" / "stagewire.yaml", strict=True).settings.venue == "hall"


def test_files_belong_to_whom_they_did_and_users_unknown_here_are_named(venue: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(venue / "data" / "stats.json", 65534, -1)
    backup = make_backup(load(venue / "stagewire.yaml")).path
    done = restore(backup, tmp_path / "new")
    assert (tmp_path / "new" / "data" / "stats.json").stat().st_uid == 65534
    assert not [left for left in done.missing if "user" in left.what]
    one = Part(path="settings/stagewire.yaml", size=1, sha256=hashlib.sha256(b"x").hexdigest(), owner="otto-quist")
    path = _tar(tmp_path / "b.tar.gz", _manifest(one), [(tarfile.TarInfo(one.path), b"x")])
    assert [left.what for left in restore(path, tmp_path / "newer").missing] == ["the user otto-quist"]


def test_a_full_disk_while_restoring_leaves_the_folder_as_it_was(venue: Path, backup: Path) -> None:
    before = tree(venue)
    for limit in (0, 1000, 10_000):
        with full_disk(limit), pytest.raises(StorageError, match="make room"):
            restore(backup, venue, force=True)
        assert tree(venue) == before


MORTAL = """
import os, sys
from pathlib import Path
from gateway.keeping import place, restore

left = int(sys.argv[3])

def mortal(name):
    real = getattr(os, name)
    def call(*args, **more):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
        return real(*args, **more)
    setattr(os, name, call)

for name in ("open", "replace", "mkdir", "rmdir", "fsync", "unlink"):
    mortal(name)
restore.restore(Path(sys.argv[1]), Path(sys.argv[2]), force=True)
"""


def test_killed_at_any_operation_there_is_all_of_it_or_no_settings_and_force_finishes(
    backup: Path, tmp_path: Path
) -> None:
    restore(backup, tmp_path / "good")
    good = {name: body for name, body in tree(tmp_path / "good").items() if not name.endswith(("-wal", "-shm"))}
    killed, number = 0, 0
    while True:
        to = tmp_path / f"new-{number}"
        command = [sys.executable, "-c", MORTAL, str(backup), str(to), str(number)]
        if subprocess.run(command, check=False, capture_output=True, timeout=30).returncode == 0:
            break
        killed += 1
        if (to / "stagewire.yaml").exists():
            assert good.items() <= tree(to).items(), number
        restore(backup, to, force=True)
        assert good.items() <= tree(to).items(), number
        number += 6
        assert number < 1000
    assert killed >= 10


def test_a_backup_of_the_first_format_is_still_restored(tmp_path: Path) -> None:
    # As the first version made it, of a journal of schema 2 and statistics of schema 1: never make this file anew,
    # every later version has to read it.
    done = restore(FIXTURE, tmp_path / "new", passphrase=PASSPHRASE)
    assert (done.manifest.format, done.manifest.venue) == (1, "hall")
    config = load(tmp_path / "new" / "stagewire.yaml", strict=True)
    assert list(config.rules.rules) == ["rose"]
    assert (tmp_path / "new" / "secrets" / "broker.password").read_text() == SECRETS["secrets/broker.password"]
    reader = JournalReader(tmp_path / "new" / "data")
    assert [entry.id for entry in reader.last(3)] == ["g-4", "g-3", "g-2"]
    assert reader.state() == {"counter": b"5"}
    assert not reader.damaged
    assert done.trouble == []
    statistics = StatsReader(tmp_path / "new" / "data")
    assert [(account.account, account.coins) for account in statistics.kept().accounts] == [("mara", 6)]
    assert [summary.coins for summary in statistics.summaries()] == [1]


def test_the_command_restores_and_says_what_to_do_next(backup: Path, tmp_path: Path) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE + "\n")
    secret.chmod(0o600)
    checked = CliRunner().invoke(main, ["restore", str(backup), "--check", "--passphrase-file", str(secret)])
    assert checked.exit_code == 0, checked.output
    assert not (tmp_path / "new").exists()
    command = ["restore", str(backup), "--to", str(tmp_path / "new")]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert "settings/sign.key: it is sealed" in done.output
    assert f"stagewire check {tmp_path / 'new' / 'stagewire.yaml'}" in done.output
    again = CliRunner().invoke(main, command)
    assert again.exit_code == 1
    assert "--force" in again.output
