"""The sketch folder builds as it is with the Arduino IDE's own builder, within the same limits, and works."""

import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.drivers.arduino.wire import GetStats, Run, RunStatus, Stats
from gateway.practice.boards import avr
from tests.hil.bench import TOLERANCE_S, bench_with, output

FIRMWARE = Path(__file__).parents[2] / "firmware"
HARDWARE = "/usr/share/arduino/hardware"
# The IDE brings this along as a tool of its own; Debian's builder does not.
CTAGS = (
    'tools.ctags.pattern="/usr/bin/arduino-ctags" -u --language-force=c++ -f - --c++-kinds=svpf '
    '--fields=KSTtzns --line-directives "{source_file}"'
)
# Debian's gcc 5.4 knows it by another name than the core's WString.cpp, which the station does not use.
CORE = "compiler.cpp.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__"


def ide_build(fqbn: str, folder: Path) -> Path:
    """Build the sketch as the IDE does; return the ELF."""
    (folder / "build").mkdir()
    where = ["-hardware", HARDWARE, "-tools", "/usr/bin", "-build-path", str(folder / "build")]
    what = ["-fqbn", fqbn, "-prefs", CTAGS, "-prefs", CORE, str(FIRMWARE / "station/station.ino")]
    made = subprocess.run(
        ["arduino-builder", "-compile", "-quiet", *where, *what],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return folder / "build/station.ino.elf"


@pytest.mark.needs("arduino-builder", "avr-gcc")
@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    ("fqbn", "flash", "ram"),
    [("arduino:avr:uno", "24576", "1331"), ("arduino:avr:mega:cpu=atmega2560", "253952", "8192")],
)
def test_the_sketch_folder_builds_in_the_arduino_ide_within_the_same_limits(
    tmp_path: Path, fqbn: str, flash: str, ram: str
) -> None:
    elf = ide_build(fqbn, tmp_path)
    size = subprocess.run(
        ["sh", FIRMWARE / "size.sh", fqbn, elf, flash, ram],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert size.returncode == 0, size.stdout


@pytest.mark.needs("arduino-builder", "avr-gcc", "simavr")
@pytest.mark.timeout(150)
async def test_what_the_arduino_ide_builds_works_to_the_millisecond(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    avr.build("uno")
    shutil.copy(avr.BUILD / "sim", tmp_path)
    ide_build("arduino:avr:uno", tmp_path).rename(tmp_path / "station-uno.elf")
    monkeypatch.setattr(avr, "BUILD", tmp_path)
    async with bench_with("uno") as bench:
        await bench.ready(output(0, 5))
        await bench.client.order(Run(1, 0, 255, 100))
        assert await bench.client.ended(1) is RunStatus.DONE
        assert await bench.pulses(5) == [pytest.approx(0.1, abs=TOLERANCE_S)]
        await bench.client.order(GetStats())
        assert (await bench.client.wait(Stats)).loop_max_us <= 1000
