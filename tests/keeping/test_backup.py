"""A backup holds what a venue has, is made beside a gateway that writes, and is there whole or not at all."""

import asyncio
import gzip
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from click.testing import CliRunner
from msgspec import Struct

from gateway.cli import main
from gateway.connector.road import PRICES as LEARNED
from gateway.errors import StorageError
from gateway.journal import Journal, JournalReader
from gateway.keeping import inventory
from gateway.keeping.archive import Archive
from gateway.keeping.backup import kept, make_backup, prune
from gateway.keeping.manifest import MANIFEST, Manifest
from gateway.keeping.restore import look_through, restore
from gateway.settings.load import load
from gateway.settings.models import Settings
from tests import records
from tests.disk import full_disk, read_only, until
from tests.keeping.furnished import PASSPHRASE, SECRETS, furnish, write_journal


def manifest_of(path: Path) -> Manifest:
    with Archive(path) as archive:
        return archive.manifest


def names(path: Path) -> set[str]:
    return {part.path for part in manifest_of(path).files}


def at(day: int) -> Callable[[], float]:
    """A clock that stands at noon, so many days on."""
    return lambda: records.NOON + day * 86400


def test_the_manifest_is_the_first_file_and_names_all_others_with_size_and_checksum(tmp_path: Path) -> None:
    made = make_backup(furnish(tmp_path), clock=lambda: records.NOON)
    assert made.path == tmp_path / "backups" / "stagewire-hall-20261122T120000Z.tar.gz"
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600  # viewers' names are in it
    with tarfile.open(made.path) as tar:
        members = tar.getmembers()
        first = tar.extractfile(members[0])
        assert first is not None
        manifest: Any = msgspec.json.decode(first.read())
    assert members[0].name == MANIFEST
    assert [(m.name, m.size) for m in members[1:]] == [(f["path"], f["size"]) for f in manifest["files"]]
    assert (manifest["format"], manifest["venue"], manifest["made"]) == (1, "hall", "2026-11-22T12:00:00.000Z")
    assert made.size == made.path.stat().st_size


def test_settings_rules_sounds_history_statistics_and_every_month_are_in_it(tmp_path: Path) -> None:
    assert names(make_backup(furnish(tmp_path)).path) == {
        "settings/stagewire.yaml",
        "settings/rules.yaml",
        "settings/sounds/gong.wav",
        "data/stats.json",
        "data/stats.json.prev",
        "data/leaders.json",
        "data/sessions-2026.json",
        "data/sessions/s-1.json",
        "data/rules/in-force",
        *(f"data/rules/{path.name}" for path in (tmp_path / "data" / "rules").glob("*.yaml")),
        "data/journal-2026-10.db",
        "data/journal-2026-11.db",
    }


def test_own_games_tests_of_rules_certificates_shows_and_learned_prices_are_in_it(tmp_path: Path) -> None:
    (tmp_path / "games").mkdir()
    (tmp_path / "games" / "dice.yaml").write_text("about: not read for a backup\n")
    for name in ("rules.test.yaml", "ca.pem", "show.yaml", "connector-data/prices.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "connector-data" / "outbox-connector.sqlite").write_text("for the broker of now")
    (tmp_path / "stagewire.yaml").write_text(
        "venue: hall\nbroker: {ca_file: ca.pem}\n"
        "accounts: {a: {username: otto.quist, source: practice, file: show.yaml},"
        " b: {username: otto.quist, source: practice, file: evening}}\n"
    )
    found = names(make_backup(inventory.venue_of(tmp_path / "stagewire.yaml")).path)
    assert found == {
        f"settings/{name}"
        for name in (
            "stagewire.yaml",
            "rules.test.yaml",
            "games/dice.yaml",
            "ca.pem",
            "show.yaml",
            "connector-data/prices.json",
        )
    }
    assert inventory.PRICES == LEARNED


def test_links_in_the_data_folder_are_followed_once_and_backups_in_it_are_not_kept_again(tmp_path: Path) -> None:
    config = furnish(tmp_path)
    data = tmp_path / "data"
    (data / "sessions").rename(tmp_path / "other-disk")
    (data / "sessions").symlink_to(tmp_path / "other-disk")
    (data / "round").symlink_to(tmp_path / "data")
    first = make_backup(config, data)
    found = names(make_backup(config).path)
    assert "data/sessions/s-1.json" in found
    assert first.path.parent == data
    assert not [name for name in found if name.endswith(".tar.gz") or "round" in name]


def test_a_venue_whose_rules_are_broken_just_now_can_be_saved(tmp_path: Path) -> None:
    furnish(tmp_path)
    (tmp_path / "rules.yaml").write_text("rules: [")
    assert "settings/rules.yaml" in names(make_backup(inventory.venue_of(tmp_path / "stagewire.yaml")).path)


def test_secrets_are_left_out_and_named_where_there_is_no_passphrase(tmp_path: Path) -> None:
    made = make_backup(furnish(tmp_path))
    whole = gzip.decompress(made.path.read_bytes())
    assert not [name for name, secret in SECRETS.items() if secret.encode() in whole]
    told = " ".join(left.what for left in made.manifest.left_out)
    assert all(f"{tmp_path / name} (" in told for name in SECRETS)
    assert not any(left.lost for left in made.manifest.left_out)


def test_under_a_passphrase_secrets_are_in_it_and_nowhere_to_be_read(tmp_path: Path) -> None:
    made = make_backup(furnish(tmp_path), passphrase=PASSPHRASE)
    whole = gzip.decompress(made.path.read_bytes())
    assert not [name for name, secret in SECRETS.items() if secret.encode() in whole]
    assert set(made.manifest.secrets) == {f"settings/{name}" for name in SECRETS}
    _, secrets = look_through(made.path, PASSPHRASE)
    assert {s.path.removeprefix("settings/"): s.body.decode() for s in secrets} == SECRETS


def test_a_passphrase_that_can_be_guessed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="at least 12"):
        make_backup(furnish(tmp_path), passphrase="sesame")
    assert list((tmp_path / "backups").iterdir()) == []


def _files(kind: type[Struct]) -> Iterator[str]:
    """Every setting that names a file, as ``Struct.field``."""
    for name, hint in get_type_hints(kind).items():
        if name == "file" or name.endswith("_file"):
            yield f"{kind.__name__}.{name}"
        stack = [hint]
        while stack:
            found = stack.pop()
            if isinstance(found, type) and issubclass(found, Struct):
                yield from _files(found)
            elif get_args(found) or isinstance(found, UnionType):
                stack += get_args(found)


def test_of_every_setting_that_names_a_file_it_is_decided_whether_that_is_a_secret() -> None:
    secrets = {
        "Broker.password_file",
        "TikTok.sign_key_file",
        "Euler.key_file",
        "Connector.privacy_key_file",
        "Webhook.url_file",
        "Webhook.header_file",
    }
    others = {"Settings.rules_file", "Sound.file", "Account.file", "Broker.ca_file"}
    assert set(_files(Settings)) == secrets | others, "teach gateway/keeping/inventory.py what is new"


async def test_a_backup_beside_a_gateway_that_writes_holds_one_moment_of_it(tmp_path: Path) -> None:
    config = await asyncio.to_thread(furnish, tmp_path, events=2_000)
    journal = Journal(config.base_dir / "data", clock=lambda: records.NOON)
    await journal.open()
    count, on_disk, done = 0, 0, asyncio.Event()

    def durable() -> None:
        nonlocal on_disk
        on_disk += 1

    async def pour() -> None:
        nonlocal count
        while not done.is_set():
            if count < on_disk + 200:
                count += 1
                event = records.gift(f"poured-{count}", records.NOON)
                journal.append(event, urgent=True, on_durable=durable, state={"poured": b"%d" % count})
            await asyncio.sleep(0)

    pouring = asyncio.create_task(pour())
    await until(lambda: on_disk > 100)
    made = []
    for number in range(3):
        before = on_disk
        made.append((before, await asyncio.to_thread(make_backup, config, tmp_path / f"{number}.tar.gz")))
    done.set()
    await pouring
    await journal.close()
    for before, backup in made:
        to = tmp_path / backup.path.name.partition(".")[0]
        restore(backup.path, to)
        reader = JournalReader(to / "data")
        poured = [e for e in reader.last(1_000_000) if e.id.startswith("poured-")]
        assert not reader.damaged
        assert before <= len(poured) <= count
        # One moment: what the rules remember belongs to the last record, and none is missing before it.
        assert reader.state()["poured"] == b"%d" % len(poured)
        assert poured[0].seq - poured[-1].seq == len(poured) - 1
    assert made[0][0] < made[-1][0], "nothing was written meanwhile"


def test_a_damaged_month_is_said_and_costs_nothing_else(tmp_path: Path) -> None:
    config = furnish(tmp_path)
    month = tmp_path / "data" / "journal-2026-10.db"
    month.write_bytes(month.read_bytes()[:3000] + os.urandom(9000))
    made = make_backup(config)
    lost = [left for left in made.manifest.left_out if left.lost]
    assert [left.what for left in lost] == [month.name]
    assert "damaged" in lost[0].why
    assert {"data/journal-2026-11.db", "data/stats.json", "settings/stagewire.yaml"} <= names(made.path)
    done = CliRunner().invoke(
        main, ["backup", "-c", str(tmp_path / "stagewire.yaml"), "--to", str(tmp_path / "b.tar.gz")]
    )
    assert done.exit_code == 1, "somebody has to hear of it"
    assert "not complete" in done.output


def test_a_full_disk_is_said_and_leaves_no_rubbish(tmp_path: Path) -> None:
    config = furnish(tmp_path, events=500)
    month = (tmp_path / "data" / "journal-2026-11.db").stat().st_size
    for limit in (0, 2_000, month // 2, month - 1):
        with full_disk(limit), pytest.raises(StorageError, match=r"make room|full|I/O"):
            make_backup(config)
        assert list((tmp_path / "backups").iterdir()) == []
    make_backup(config)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    config = furnish(tmp_path)
    (tmp_path / "backups").mkdir()
    with read_only(tmp_path / "backups"), pytest.raises(StorageError, match="backups"):
        make_backup(config)


def test_files_of_another_user_are_no_empty_backup_but_an_error(tmp_path: Path) -> None:
    config = furnish(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o777)
    (tmp_path / "data").chmod(0o755)
    (tmp_path / "data" / "stats.json").chmod(0o600)
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    with read_only(tmp_path / "sounds"), pytest.raises(StorageError, match=r"stats\.json.*run it as the user"):
        make_backup(config, tmp_path / "out")


def test_a_stick_that_is_not_plugged_in_is_said_and_nothing_is_written_below_it(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="plugged in"):
        make_backup(furnish(tmp_path), tmp_path / "media" / "usb" / "backups")
    assert not (tmp_path / "media").exists()


def test_two_at_once_in_one_folder_do_not_meet(tmp_path: Path) -> None:
    config = furnish(tmp_path)

    def other(_done: int, _total: int) -> None:
        with pytest.raises(StorageError, match="another backup"):
            make_backup(config, clock=lambda: records.NOON + 60)

    make_backup(config, clock=lambda: records.NOON, progress=other)
    assert len(list((tmp_path / "backups").iterdir())) == 1


def test_a_backup_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    config = furnish(tmp_path)
    made = make_backup(config, clock=lambda: records.NOON)
    before = made.path.read_bytes()
    with pytest.raises(StorageError, match="there already"):
        make_backup(config, clock=lambda: records.NOON)
    assert made.path.read_bytes() == before


def test_progress_grows_to_the_whole(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    make_backup(furnish(tmp_path, events=3_000), progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]
    assert len({total for _, total in seen}) == 1


def test_the_oldest_go_and_no_other_file_does(tmp_path: Path) -> None:
    config, folder = furnish(tmp_path), tmp_path / "backups"
    made = [make_backup(config, clock=at(day)) for day in range(5)]
    others = ["stagewire-hall-before-the-party.tar.gz", "stagewire-hall-2-20200101T000000Z.tar.gz", "photo.jpg"]
    for name in others:
        (folder / name).write_text("somebody else's")
    assert {path.name for path in prune(made[-1], 3)} == {m.path.name for m in made[:2]}
    assert {path.name for path in folder.iterdir()} == {m.path.name for m in made[2:]} | set(others)
    assert [path.name for path in kept(folder, "hall")] == [m.path.name for m in made[:1:-1]]


def test_the_one_just_made_stays_when_the_clock_was_wrong_before(tmp_path: Path) -> None:
    config = furnish(tmp_path)
    wrong = [make_backup(config, clock=at(day)) for day in (1000, 1001)]
    made = make_backup(config, clock=lambda: records.NOON)
    assert prune(made, 1) == [m.path for m in reversed(wrong)]
    assert made.path.exists()


CHILD = """
import sys
from pathlib import Path
from gateway.keeping.backup import make_backup
from gateway.keeping.inventory import venue_of
venue = venue_of(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(100):
    make_backup(venue, clock=lambda: 1.8e9 + number)
"""


def test_killed_at_any_moment_it_leaves_no_half_backup_and_the_next_one_clears_up(tmp_path: Path) -> None:
    config, seed = furnish(tmp_path, events=3_000), random.Random(7)
    folder = tmp_path / "backups"
    halves = 0
    for _ in range(12):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path / "stagewire.yaml")], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(seed.uniform(0, 0.25))  # the moment of the kill is what is tried out
        child.kill()
        child.wait(10)
        child.stdout.close()
        halves += len(list(folder.glob(".*.partial")))
        for path in folder.glob("*.tar.gz"):
            look_through(path)
            path.unlink()
    assert halves > 3, "no kill fell into a backup"
    make_backup(config)
    assert len(list(folder.iterdir())) == 1


def test_ctrl_c_is_heard_and_leaves_nothing(tmp_path: Path) -> None:
    furnish(tmp_path)
    write_big_month(tmp_path / "data" / "journal-2026-09.db", 60)
    child = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "backup"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    give_up = time.monotonic() + 20
    while not list((tmp_path / "backups").glob(".*.partial/data/*")) and time.monotonic() < give_up:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    said, _ = child.communicate(timeout=20)
    assert child.returncode == 130
    assert "no backup was made" in said.decode()
    assert list((tmp_path / "backups").iterdir()) == []


def write_big_month(path: Path, megabytes: int) -> None:
    """Of the journal's shape, filled with what no packer makes smaller."""
    write_journal(path.parent, [records.gift("big", records.NOON - 60 * 86400)], at=records.NOON - 60 * 86400)
    assert path.exists()
    with sqlite3.connect(path) as db:
        row = db.execute("SELECT * FROM records").fetchone()
        columns = [d[0] for d in db.execute("SELECT * FROM records").description]
        body, number = columns.index("body"), columns.index("id")
        for n in range(megabytes):
            more = list(row)
            more[0], more[number], more[body] = 1_000_000 + n, f"big-{n}", os.urandom(1_000_000)
            db.execute(f"INSERT INTO records VALUES ({', '.join('?' * len(more))})", more)
    db.close()


MEMORY = """
import sys
from pathlib import Path
from gateway.keeping.backup import make_backup
from gateway.keeping.inventory import venue_of
from gateway.keeping.restore import restore

def peak():
    return next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)

venue = venue_of(Path(sys.argv[1]))
Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
before = peak()
made = make_backup(venue, Path(sys.argv[2]))
after = peak()
restore(made.path, Path(sys.argv[2]).parent / "restored")
print(before, after, peak())
"""


@pytest.mark.parametrize("megabytes", [60, pytest.param(200, marks=pytest.mark.slow)])
def test_a_large_journal_passes_through_little_memory(tmp_path: Path, megabytes: int) -> None:
    furnish(tmp_path)
    write_big_month(tmp_path / "data" / "journal-2026-09.db", megabytes)
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "stagewire.yaml"), str(tmp_path / "out.tar.gz")]
    done = subprocess.run(command, capture_output=True, check=True, timeout=55)
    before, backed_up, restored = (int(kb) / 1000 for kb in done.stdout.split())
    print(
        f"{megabytes} MB: {before:.0f} MB before, {backed_up:.0f} after the backup, {restored:.0f} after restoring"
    )
    assert backed_up - before < 25
    assert restored - before < 30


def test_load_still_tells_the_settings_files_name(tmp_path: Path) -> None:
    furnish(tmp_path)
    (tmp_path / "stagewire.yaml").rename(tmp_path / "hall.yaml")
    config = load(tmp_path / "hall.yaml")
    assert config.file == "hall.yaml"
    assert "settings/hall.yaml" in names(make_backup(config).path)


def test_the_command_says_what_it_made_and_what_is_not_in_it(tmp_path: Path) -> None:
    furnish(tmp_path)
    done = CliRunner().invoke(main, ["backup", "-c", str(tmp_path / "stagewire.yaml")])
    assert done.exit_code == 0, done.output
    (path,) = kept(tmp_path / "backups", "hall")
    assert str(path) in done.output
    assert "secrets are kept only under a passphrase" in done.output
    listed = CliRunner().invoke(main, ["backup", "--list", "-c", str(tmp_path / "stagewire.yaml")])
    assert str(path) in listed.output


def test_the_passphrase_is_asked_for_twice(tmp_path: Path) -> None:
    furnish(tmp_path)
    command = ["backup", "--secrets", "-c", str(tmp_path / "stagewire.yaml"), "--to", str(tmp_path / "b.tar.gz")]
    done = CliRunner().invoke(main, command, input=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert done.exit_code == 0, done.output
    assert len(look_through(tmp_path / "b.tar.gz", PASSPHRASE)[1]) == len(SECRETS)
