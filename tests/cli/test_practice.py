"""``stagewire practice`` as a person meets it: started, pasted into the settings, stopped with Ctrl-C."""

import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.settings.load import load

PATIENCE = 30.0


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["practice", *args])
    return result.exit_code, result.output


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "show.yaml").write_text("show: {1s: {fault: offline}}\n")
    args = ("practice", "--port", "0", "-a", "Ada.Live", "-a", "bo", "--script", "show.yaml")
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "gateway.cli", *args],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        yield program
        program.kill()


def test_what_it_prints_can_be_pasted_and_ctrl_c_ends_it(platform: subprocess.Popen[str], tmp_path: Path) -> None:
    assert platform.stdout is not None
    assert platform.stderr is not None
    snippet = ""
    while "bo: {username: bo}" not in snippet:
        line = platform.stdout.readline()
        assert line, platform.stderr.read()
        if not line.startswith("Practice TikTok"):
            snippet += line
    path = tmp_path / "stagewire.yaml"
    path.write_text(f"venue: hall\n{snippet}")
    settings = load(path).settings
    assert {name: a.username for name, a in settings.accounts.items()} == {"ada-live": "Ada.Live", "bo": "bo"}
    tiktok = settings.connector.tiktok
    assert tiktok.simulated
    with urllib.request.urlopen(f"{tiktok.app_url}/@Ada.Live/live", timeout=PATIENCE) as page:
        assert b"SIGI_STATE" in page.read()
    with urllib.request.urlopen(f"{tiktok.sign_url}/webcast/fetch", timeout=PATIENCE) as reply:
        assert reply.status == 200
    while "offline" not in (line := platform.stdout.readline()):
        assert line, "the show's cues are told"
    assert line in ("@Ada.Live: offline\n", "@bo: offline\n")
    platform.send_signal(signal.SIGINT)
    out, err = platform.communicate(timeout=PATIENCE)
    assert platform.returncode == 0
    assert err == "stopped\n"
    assert "Traceback" not in out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--rate", "gfit=2"), "did you mean 'gift'?"),
        (("--script", "evenin"), "did you mean 'evening'?"),
        (("--account", "no name"), "cannot be an @name"),
    ],
)
def test_a_slip_on_the_command_line_is_told_and_nothing_starts(args: tuple[str, ...], words: str) -> None:
    code, text = run("--port", "0", *args)
    assert code != 0
    assert words in text
    assert "Traceback" not in text


def test_it_ends_by_itself_when_told_for_how_long() -> None:
    code, text = run("--port", "0", "--for", "1", "--rate", "0,like=50")
    assert code == 0
    assert text.endswith("the time is over\n")
