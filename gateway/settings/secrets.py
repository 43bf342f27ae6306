"""Secrets stand in the environment or in files that nobody else can read; never in YAML, logs or git."""

import os
from pathlib import Path

from gateway.errors import SettingsError


def secret(variable: str, base_dir: Path, file: str | None, setting: str) -> str | None:
    """The environment's ``variable``, else what stands in ``file``, else None. Raises as ``read_secret``."""
    value = os.environ.get(variable, "").strip()
    if value:
        return value
    return read_secret(base_dir / file, setting) if file else None


def read_secret(path: Path, setting: str) -> str:
    """The file's text without the line end. Raises ``SettingsError`` when it is missing, empty, or open to others;
    ``setting`` is the name of the setting that points to it."""
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise SettingsError([f"{setting}: {path} can be read by others: run `chmod 600 {path}`"])
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as e:
        raise SettingsError([f"{setting}: {path} cannot be read: {e.strerror}"]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{setting}: {path} is not text"]) from None
    if not secret:
        raise SettingsError([f"{setting}: {path} is empty"])
    return secret
