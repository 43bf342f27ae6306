"""The units run what the program understands, systemd understands them, and they may do little."""

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from gateway.cli import main

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "systemd").glob("*.service"))
INSTALLED = "/opt/stagewire/bin/stagewire"
EXPOSED_AT_MOST = 20
"""Tenths of systemd's own measure, in which Debian's mosquitto stands at 96."""


def command(unit: Path) -> list[str]:
    (line,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
    return shlex.split(line)


def analysed(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=30, check=False)


def test_there_is_a_unit_for_the_connector() -> None:
    assert "stagewire-connector.service" in [unit.name for unit in UNITS]


@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.stem)
def test_what_it_starts_is_a_command_that_there_is(unit: Path) -> None:
    program, verb, *args = command(unit)
    assert program == INSTALLED
    context = main.commands[verb].make_context(verb, args)
    assert context.params["config"] == Path("/etc/stagewire/stagewire.yaml")
    with pytest.raises(click.NoSuchOption):
        main.commands[verb].make_context(verb, [*args, "--no-such-option"])


@pytest.mark.needs("systemd")
@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.stem)
def test_systemd_understands_every_line_and_lets_it_do_little(unit: Path, tmp_path: Path) -> None:
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace(INSTALLED, "/bin/true"))
    # An unknown setting is only a line on stderr, and the status is 0.
    assert analysed("verify", str(copy)).stderr == ""
    copy.write_text(copy.read_text().replace("[Install]", "NoSuchSetting=1\n[Install]"))
    assert "NoSuchSetting" in analysed("verify", str(copy)).stderr
    security = analysed("security", "--offline=true", f"--threshold={EXPOSED_AT_MOST}", str(unit))
    assert security.returncode == 0, security.stdout[-200:]
