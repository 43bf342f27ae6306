"""The command line as a newcomer and a technician meet it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway import doctor
from gateway.cli import main

ROOT = Path(__file__).parents[2]


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, args)
    return result.exit_code, result.output


def test_help_names_the_first_steps() -> None:
    code, text = run("--help")
    assert code == 0
    for word in ("stagewire demo", "stagewire doctor", "stagewire check"):
        assert word in text


def test_check_reports_all_mistakes_and_fails(tmp_path: Path) -> None:
    path = tmp_path / "stagewire.yaml"
    path.write_text("venue: My Hall\nbrokr: {}\n")
    code, text = run("check", str(path))
    assert code == 1
    assert f"{path}:1: venue" in text
    assert "did you mean 'broker'?" in text
    assert "2 mistakes" in text


def test_check_of_good_files_says_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "stagewire.yaml"
    path.write_text("venue: hall\naccounts: {main: {username: somebody}}\n")
    code, text = run("check", str(path))
    assert code == 0
    assert "1 account, 0 stations, 0 rules" in text


def test_check_of_a_rules_file_checks_it_with_its_venue(tmp_path: Path) -> None:
    (tmp_path / "stagewire.yaml").write_text("venue: hall\n")
    (tmp_path / "rules.yaml").write_text("rules: {hi: {when: {follow: {}}, then: [{sound: horn}]}}\n")
    code, text = run("check", str(tmp_path / "rules.yaml"))
    assert code == 1
    assert "there is no sound 'horn'" in text
    assert "'venue' is missing" not in text


@pytest.mark.parametrize("program", ["gateway", "connector", "web"])
def test_without_settings_each_program_says_which_file_is_missing_and_fails(program: str, tmp_path: Path) -> None:
    code, text = run(program, "--config", str(tmp_path / "none.yaml"))
    assert code == 1
    assert "none.yaml: there is no such file" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("which", ["settings", "rules", "show"])
def test_schema_prints_json_schema(which: str) -> None:
    code, text = run("schema", which)
    assert code == 0
    assert json.loads(text)["$schema"].endswith("2020-12/schema")


def test_doctor_names_what_is_missing_and_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    lines = {line.what: line for line in doctor.report()}
    assert lines["mosquitto"].bad
    assert "apt-get install" in lines["mosquitto"].words
    code, text = run("doctor")
    assert code == 0
    assert "missing" in text


def test_doctor_runs_here() -> None:
    code, text = run("doctor")
    assert code == 0
    assert "Python" in text


def test_a_gateway_whose_broker_is_away_waits_says_so_and_ends_at_once(tmp_path: Path) -> None:
    (tmp_path / "stagewire.yaml").write_text("venue: hall\nbroker: {port: 1}\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "gateway"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    while "nothing listens" not in said:
        said = process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read()
    process.stderr.close()
    assert process.wait(5) == 0
    assert "127.0.0.1:1" in said
    assert "Traceback" not in rest
