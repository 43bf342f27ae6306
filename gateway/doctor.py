"""What this machine has and lacks for Stagewire, each with the command that mends it."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from gateway.drivers.arduino.ports import list_ports
from gateway.errors import DriverError

SBIN = ":/usr/sbin:/usr/local/sbin:/sbin"
"""Where Debian keeps mosquitto, outside an ordinary user's PATH."""


class Line(Struct, frozen=True):
    """One finding; ``bad`` ones name the command that mends them."""

    what: str
    words: str
    bad: bool = False


def report() -> Iterator[Line]:
    """Every finding, most important first. Reads only; opens no port."""
    version = platform.python_version()
    yield Line("Python", version, bad=sys.version_info < (3, 11))
    yield _program("mosquitto", "mosquitto", "the MQTT broker", "-h")
    yield _package("TikTokLive", "pip install 'stagewire[connector]'", "listens to real accounts")
    yield _program("avrdude", "avrdude", "flashes boards", "-?")
    yield _program("avr-gcc", "gcc-avr avr-libc arduino-core-avr binutils-avr", "builds the firmware", "--version")
    header = Path("/usr/include/simavr/sim_avr.h")
    simulator = "the demo on the real firmware"
    if header.exists():
        yield Line("simavr", f"{header.parent}: {simulator}")
    else:
        yield _missing("simavr", "libsimavr-dev libelf-dev gcc", simulator)
    yield from _serial()


def _missing(what: str, packages: str, use: str) -> Line:
    return Line(what, f"not installed ({use}): sudo apt-get install --no-install-recommends {packages}", bad=True)


def _program(name: str, packages: str, use: str, version_flag: str) -> Line:
    path = shutil.which(name, path=os.environ.get("PATH", "") + SBIN)
    if path is None:
        return _missing(name, packages, use)
    try:
        done = subprocess.run([path, version_flag], capture_output=True, text=True, timeout=10)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as e:
        return Line(name, f"{path} does not run: {e}", bad=True)
    said = (done.stdout or done.stderr).strip().splitlines()
    numbered = [line.strip() for line in said if any(c.isdigit() for c in line)]
    version = next((line for line in numbered if "version" in line), numbered[0] if numbered else path)
    return Line(name, f"{version}: {use}")


def _package(name: str, command: str, use: str) -> Line:
    try:
        return Line(name, f"{importlib.metadata.version(name)}: {use}")
    except importlib.metadata.PackageNotFoundError:
        return Line(name, f"not installed ({use}): {command}", bad=True)


def _serial() -> Iterator[Line]:
    try:
        ports = list_ports()
    except DriverError as e:
        yield Line("boards", str(e), bad=True)
        return
    if not ports:
        yield Line("boards", "no serial port found: plug a board in with a data cable (not one only for charging)")
    for port in ports:
        usb = f"usb {port.usb}" if port.usb else "no USB device"
        serial = f", serial number {port.serial_number}" if port.serial_number else ", no serial number"
        if os.access(port.device, os.R_OK | os.W_OK):
            yield Line(port.device, f"{port.title or 'serial port'} ({usb}{serial if port.usb else ''})")
        else:
            words = "you may not open it: sudo usermod -aG dialout $USER, then log in again"
            yield Line(port.device, words, bad=True)
