"""The connector runs on a streamer's PC, too: nothing of it needs what only Unix has.

``make lint`` checks the same rooms against Windows' and macOS's standard library.
"""

import subprocess
import sys

NO_UNIX = """
import asyncio, importlib, pkgutil, subprocess, sys, tempfile  # they need Unix themselves, here
for name in ("fcntl", "grp", "pwd", "pty", "resource", "syslog", "termios", "tty"):
    sys.modules[name] = None  # importing it fails, as on Windows
import gateway.cli, gateway.connector
for module in pkgutil.walk_packages(gateway.connector.__path__, "gateway.connector."):
    if module.name != "gateway.connector.sources.practice":  # rehearses with all of the practice platform
        importlib.import_module(module.name)
gateway.cli.main(["connector", "--help"])
"""


def test_the_connector_loads_without_anything_of_unix() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", NO_UNIX], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--diagnose" in done.stdout
