"""What the machine says of itself: on a Pi, on a PC, and where it says nothing."""

from pathlib import Path

import pytest

from gateway import machine


def put(sys: Path, name: str, text: str) -> None:
    (sys / name).parent.mkdir(parents=True, exist_ok=True)
    (sys / name).write_text(text + "\n")


THROTTLED = "devices/platform/soc/soc:firmware/get_throttled"


@pytest.mark.parametrize(
    ("flags", "power"),
    [("0", "good"), ("50005", "low"), ("50000", "was low"), ("60000", "good"), ("zz", "unknown")],
)
def test_a_pi_tells_of_low_power_by_its_firmware(tmp_path: Path, flags: str, power: str) -> None:
    put(tmp_path, THROTTLED, flags)
    assert machine.look(tmp_path).power == power


@pytest.mark.parametrize(("alarm", "power"), [("0", "good"), ("1", "low"), ("", "unknown")])
def test_or_by_its_voltage_monitor(tmp_path: Path, alarm: str, power: str) -> None:
    put(tmp_path, "class/hwmon/hwmon0/name", "cpu_thermal")
    put(tmp_path, "class/hwmon/hwmon1/name", "rpi_volt")
    put(tmp_path, "class/hwmon/hwmon1/in0_lcrit_alarm", alarm)
    assert machine.look(tmp_path).power == power


def test_what_is_no_pi_is_unknown_and_not_good(tmp_path: Path) -> None:
    put(tmp_path, "class/hwmon/hwmon0/name", "coretemp")
    found = machine.look(tmp_path)
    assert (found.power, found.temperature_c) == ("unknown", None)


def test_the_warmest_zone_counts_and_nonsense_does_not(tmp_path: Path) -> None:
    for zone, milli in enumerate(("48312", "61200", "-274000", "no")):
        put(tmp_path, f"class/thermal/thermal_zone{zone}/temp", milli)
    assert machine.look(tmp_path).temperature_c == 61.2


def test_this_machine_tells_its_load_and_whether_its_clock_is_set() -> None:
    found = machine.look()
    assert found.load is not None
    assert found.load >= 0
    assert found.clock in ("synchronised", "not synchronised")  # Linux always knows
