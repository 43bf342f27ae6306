"""The firmware builds within its budget, and its portable core holds under sanitizers."""

import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.errors import DriverError
from gateway.practice.boards import avr

FIRMWARE = Path(__file__).parents[2] / "firmware"


def _run(*command: str, at: Path = FIRMWARE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=at, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.needs("gxx")
@pytest.mark.timeout(300)
def test_the_portable_core_passes_its_own_tests_under_sanitizers() -> None:
    made = _run("make", "-s", "host")
    assert made.returncode == 0, made.stdout + made.stderr
    assert " 0 failed" in made.stdout


@pytest.mark.needs("avr-gcc", "simavr")
@pytest.mark.timeout(300)
def test_the_firmware_fits_its_budget_and_needs_no_heap_no_string_no_delay() -> None:
    avr.build("uno")
    elf = str(avr.BUILD / "station-uno.elf")
    size = _run("sh", "size.sh", "uno", elf, "24576", "1331")
    assert size.returncode == 0, size.stdout
    symbols = _run("avr-nm", "-C", elf).stdout
    for banned in ("malloc", "free", "String::", "delay", "HardwareSerial", "operator new"):
        assert f" {banned}" not in symbols


@pytest.mark.needs("avr-gcc", "simavr")
def test_a_firmware_over_its_budget_does_not_build() -> None:
    avr.build("uno")
    elf = str(avr.BUILD / "station-uno.elf")
    assert _run("sh", "size.sh", "uno", elf, "1000", "1331").returncode != 0
    assert _run("sh", "size.sh", "uno", elf, "24576", "100").returncode != 0


def test_a_machine_without_the_tools_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "make").symlink_to(shutil.which("true") or "/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(avr, "_built", set())
    assert "avr-gcc" in avr.missing()
    with pytest.raises(DriverError, match="apt-get install --no-install-recommends gcc-avr"):
        avr.build("uno")
