"""What every test may use: the ``needs`` marker and the list of what a machine may lack."""

import importlib.util
import os
import shutil
import signal
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.faults import power

_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _libsimavr() -> bool:
    return any(Path(p).exists() for p in ("/usr/include/simavr/sim_avr.h", "/usr/local/include/simavr/sim_avr.h"))


PARTS: dict[str, tuple[Callable[[], bool], str]] = {
    "mosquitto": (lambda: shutil.which("mosquitto", path=_PATH) is not None, "mosquitto"),
    "avr-gcc": (
        lambda: shutil.which("avr-gcc") is not None,
        "gcc-avr avr-libc arduino-core-avr binutils-avr",
    ),
    "arduino-builder": (
        lambda: all(map(shutil.which, ("arduino-builder", "arduino-ctags"))),
        "arduino-builder arduino-core-avr",
    ),
    "avrdude": (lambda: shutil.which("avrdude") is not None, "avrdude"),
    "simavr": (_libsimavr, "libsimavr-dev libelf-dev gcc"),
    "clang": (
        lambda: (
            shutil.which("clang++") is not None
            and any(Path("/usr/lib").glob("llvm-*/lib/clang/*/lib/linux/*fuzzer*"))
        ),
        "clang libclang-rt-14-dev",
    ),
    "gxx": (lambda: shutil.which("g++") is not None, "g++"),
    "chromium": (
        lambda: bool(shutil.which("chromium") and shutil.which("chromedriver")),
        "chromium chromium-driver",
    ),
    "systemd": (lambda: shutil.which("systemd-analyze") is not None, "systemd"),
    "btrfs": (power.installed, "btrfs-progs e2fsprogs mount util-linux"),
    "tiktoklive": (lambda: importlib.util.find_spec("TikTokLive") is not None, ""),
}
MACHINES: dict[str, Callable[[], str]] = {"loop-devices": cache(power.missing_here)}
"""What no package brings, and why this machine has it not: such tests are skipped there, whatever is required."""


def pytest_configure() -> None:
    # A shell starts what runs in its background with Ctrl-C ignored, and every child would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    strict = os.environ.get("STAGEWIRE_REQUIRE_ALL") == "1"
    for item in items:
        for mark in item.iter_markers("needs"):
            for name in mark.args:
                if name in MACHINES:
                    if why := MACHINES[name]():
                        item.add_marker(pytest.mark.skip(reason=f"this machine has no {name}: {why}"))
                    continue
                present, packages = PARTS[name]
                if present():
                    continue
                reason = f"{name} is not installed (apt-get install {packages})"
                item.add_marker(pytest.mark.missing(reason) if strict else pytest.mark.skip(reason=reason))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("missing"):
        pytest.fail(f"STAGEWIRE_REQUIRE_ALL=1, but {mark.args[0]}", pytrace=False)
