"""Every command that docs/backup.md shows does what the page says, on a venue and then on a bare machine."""

import re
import shlex
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.keeping.backup import kept, time_of
from gateway.keeping.manifest import DATA, ELSEWHERE, SEALED, SETTINGS
from gateway.settings.models import Backup
from tests.docs.test_docs import NAMED, ROOT
from tests.keeping.furnished import PASSPHRASE, SECRETS, furnish
from tests.keeping.furnished import SETTINGS as VENUE

PAGE = (ROOT / "docs" / "backup.md").read_text()
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", PAGE, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]
SHOWN = "/media/usb/stagewire-my-hall-20261122T043000Z.tar.gz"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, str]]:
    """Each command of the page, its exit status and what it said, with the page's folders in one of the test."""
    for folder in ("media/usb", "etc/stagewire", "var/lib/stagewire"):
        (tmp_path / folder).mkdir(parents=True)
    data = tmp_path / "var" / "lib" / "stagewire" / "data"
    old = tmp_path / "old"
    furnish(old, VENUE.replace("venue: hall", "venue: my-hall"))
    (old / "stagewire.yaml").write_text(
        (old / "stagewire.yaml").read_text().replace("data: data", f"data: {data}")
    )
    (old / "data").rename(data)
    (old / "phrase.txt").write_text(PASSPHRASE)
    (old / "phrase.txt").chmod(0o600)
    monkeypatch.chdir(old)
    done = []
    for command in COMMANDS:
        usb = kept(tmp_path / "media" / "usb", "my-hall")
        if "restore" in command and data.exists() and "--check" not in command:
            data.rename(tmp_path / "the-old-pi")  # it is unplugged
        shown = command.replace(SHOWN, str(usb[0]) if usb else SHOWN)
        words = [word for word in shlex.split(shown) if word != "sudo"]
        assert words[0] == "stagewire"
        words = [
            str(tmp_path / word.lstrip("/")) if word.startswith(("/media", "/etc", "/var")) else word
            for word in words[1:]
        ]
        if usb and "backup" in words:
            time.sleep(max(0.0, time_of(usb[0]) + 1 - time.time()))  # a backup is called by its second
        result = CliRunner().invoke(main, words, input=f"{PASSPHRASE}\n{PASSPHRASE}\n")
        done.append((command, result.exit_code, result.output))
    return done


def test_every_command_of_the_page_does_what_the_page_says(
    run: list[tuple[str, int, str]], tmp_path: Path
) -> None:
    assert len(run) >= 9
    for command, status, said in run:
        if command.endswith("--to /etc/stagewire"):
            assert (status, "say so with --data" in said) == (1, True), said
        elif command.startswith("stagewire check"):
            # Without a passphrase the secrets stayed in the backup; `check` names each of them.
            assert status == 1
            assert "lights.url" in said
        else:
            assert status == 0, f"{command}: {said}"
    assert (tmp_path / "etc" / "stagewire" / "stagewire.yaml").exists()
    assert list((tmp_path / "var" / "lib" / "stagewire" / "data").glob("journal-*.db"))
    assert not any((tmp_path / "etc" / "stagewire" / name).exists() for name in SECRETS)


def test_the_page_names_every_setting_and_every_part_of_a_backup() -> None:
    settings = next(block["text"] for block in NAMED.finditer(PAGE))
    assert set(Backup.__struct_fields__) <= set(re.findall(r"^ +(\w+):", settings, re.MULTILINE))
    assert {f"`{SETTINGS}/`", f"`{DATA}/`", f"`{ELSEWHERE}/`", f"`{SEALED}`"} <= set(
        re.findall(r"`[^`\n]+`", PAGE)
    )
