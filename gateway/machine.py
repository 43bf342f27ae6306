"""What this machine says of itself: temperature, power, clock, load. Reads the kernel's files; Linux."""

import ctypes
import os
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from gateway.messages.states import Clock, Power

_SYS = Path("/sys")
_LOW_NOW, _LOW_SINCE_START = 1 << 0, 1 << 16
"""Bits of the Raspberry Pi's ``get_throttled`` (documentation of ``vcgencmd``)."""
_TIME_ERROR = 5
"""What adjtimex(2) returns while the clock is not synchronised."""
_TIMEX_BYTES = 512
"""More than any system's ``struct timex``; zeroes change nothing."""


class Machine(Struct, frozen=True, kw_only=True):
    """``temperature_c``: of the processor. ``load``: runnable tasks for each core, over a minute. None and
    ``unknown`` where this machine does not tell."""

    temperature_c: float | None = None
    load: float | None = None
    power: Power = "unknown"
    clock: Clock = "unknown"


def look(sys: Path = _SYS) -> Machine:
    """Now; some file reads. ``sys``: where sysfs is."""
    return Machine(temperature_c=_temperature(sys), load=_load(), power=_power(sys), clock=_clock())


def _temperature(sys: Path) -> float | None:
    """The warmest zone: on a Pi there is one, on a PC several."""
    found = [
        n for zone in (sys / "class/thermal").glob("thermal_zone*") if (n := _number(zone / "temp")) is not None
    ]
    warm = [n / 1000 for n in found if -40_000 < n < 200_000]
    return round(max(warm), 1) if warm else None


def _power(sys: Path) -> Power:
    flags = _number(sys / "devices/platform/soc/soc:firmware/get_throttled", base=16)
    if flags is not None:
        return "low" if flags & _LOW_NOW else "was low" if flags & _LOW_SINCE_START else "good"
    for chip in (sys / "class/hwmon").glob("hwmon*"):
        with suppress(OSError):
            if (chip / "name").read_text(encoding="ascii").strip() == "rpi_volt":
                alarm = _number(chip / "in0_lcrit_alarm")
                return "unknown" if alarm is None else "low" if alarm else "good"
    return "unknown"


def _clock() -> Clock:
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return "unknown"
    if state < 0:
        return "unknown"
    return "not synchronised" if state == _TIME_ERROR else "synchronised"


def _load() -> float | None:
    try:
        return round(os.getloadavg()[0] / (os.cpu_count() or 1), 2)
    except OSError:
        return None


def _number(file: Path, base: int = 10) -> int | None:
    try:
        return int(file.read_text(encoding="ascii").strip(), base)
    except (OSError, ValueError):
        return None
