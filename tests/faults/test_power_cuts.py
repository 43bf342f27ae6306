"""The power fails at random moments under load: what was acknowledged is on disk, and nothing happens twice."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.mortal import until
from tests.faults.power import in_private

pytestmark = [pytest.mark.needs("loop-devices", "btrfs"), pytest.mark.timeout(900)]


def cut(folder: Path, cuts: int, seed: int, *hasty: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.faults.power_cuts", str(folder), str(cuts), str(seed), *hasty]
    return subprocess.run(in_private(*command), capture_output=True, text=True, timeout=850)


def test_power_cuts_under_load_lose_nothing_acknowledged_and_fire_nothing_again(tmp_path: Path) -> None:
    done = cut(tmp_path, cuts=12, seed=1)
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("12 power cuts")


@pytest.mark.slow
def test_two_hundred_power_cuts(tmp_path: Path) -> None:
    done = cut(tmp_path, cuts=200, seed=2)
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("200 power cuts")


@pytest.mark.parametrize(
    ("hasty", "noticed"),
    [
        ("journal", ["acknowledged and lost"]),
        ("statistics", ["is damaged", "has no details", "not in the archive", "s behind", "called kept"]),
        ("totals", ["statistics and journal differ"]),
    ],
)
def test_what_does_not_wait_for_the_disk_is_noticed(tmp_path: Path, hasty: str, noticed: list[str]) -> None:
    """Else the tests above would prove nothing."""
    done = cut(tmp_path, 12, 1, hasty)
    assert done.returncode == 1
    assert any(word in done.stderr for word in noticed), done.stderr


async def test_nothing_stays_mounted(tmp_path: Path) -> None:
    """Even where the program is killed in the middle of it."""
    with subprocess.Popen(
        in_private(sys.executable, "-m", "tests.faults.power_cuts", str(tmp_path), "1000", "3"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as child:
        try:
            await until(lambda: len(_loop_devices(tmp_path)) == 3)  # the pool, the disk and a cut
            assert not (tmp_path / "pool" / "disk.img").exists()  # mounted for the program alone
        finally:
            child.kill()
    await until(lambda: not _loop_devices(tmp_path))


def _loop_devices(folder: Path) -> list[str]:
    listed = subprocess.run(
        ["losetup", "--list", "--noheadings", "--output", "BACK-FILE"], capture_output=True, text=True, check=True
    )
    return [line for line in listed.stdout.splitlines() if line.startswith(str(folder))]
