"""libFuzzer on the board's frame input: no crash, and no output outside its limits."""

import subprocess
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[2] / "firmware"
SECONDS = 20


@pytest.mark.needs("clang")
@pytest.mark.timeout(SECONDS + 180)
def test_some_seconds_of_fuzzing_find_no_crash_and_no_output_outside_its_limits() -> None:
    fuzzed = subprocess.run(
        ["make", "-s", "-C", str(FIRMWARE), "fuzz", f"FUZZ_SECONDS={SECONDS}"],
        capture_output=True,
        text=True,
        timeout=SECONDS + 150,
        check=False,
    )
    assert fuzzed.returncode == 0, fuzzed.stderr[-5000:]
    executed = next(line for line in fuzzed.stderr.splitlines() if "number_of_executed_units" in line)
    assert int(executed.split()[-1]) > 1000  # or it fuzzed nothing
