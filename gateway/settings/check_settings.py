"""A venue's settings checked as a whole: what the JSON Schema cannot say stands here."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

from gateway.errors import SettingsError
from gateway.settings.models import Account, Settings
from gateway.settings.outputs import check_outputs
from gateway.settings.schedule import Schedule
from gateway.settings.stations import Station
from gateway.settings.triggers import OnTime
from gateway.settings.venue_limits import check_limits
from gateway.settings.wiring import Mistake, check_station
from gateway.settings.yamlfile import Key


def check_settings(settings: Settings, base_dir: Path) -> Iterator[Mistake]:
    """Every mistake in the settings. Relative paths in them start at ``base_dir``."""
    try:
        settings.zone  # noqa: B018  # raises
    except SettingsError as e:
        yield ["timezone"], str(e)
    yield from _check_backup(settings)
    yield from _check_boards(settings)
    yield from _check_accounts(settings.accounts)
    yield from check_limits(settings)
    yield from check_outputs(settings, base_dir)


def _check_backup(settings: Settings) -> Iterator[Mistake]:
    if settings.gateway.backup is None:
        return
    try:
        Schedule(OnTime(cron=settings.gateway.backup.at), UTC)
    except SettingsError as e:
        yield ["gateway", "backup", "at"], str(e)


def _check_boards(settings: Settings) -> Iterator[Mistake]:
    boards: dict[tuple[str, str], str] = {}
    for name, station in settings.stations.items():
        yield from check_station(["stations", name], station)
        at: list[Key] = ["stations", name, "board"]
        ways = _ways(station)
        if len(ways) != 1:
            yield at, "say how to find the board with exactly one of id, serial_number, port"
        for way, value in ways:
            other = boards.setdefault((way, value), name)
            if other != name:
                yield at, f"the board with {way} {value!r} is station {other!r}'s already"
        if settings.gateway.arm == "at-start" and not station.board.simulated:
            yield (
                ["gateway", "arm"],
                f"at-start is only for simulated boards, and station {name!r} has a real one: "
                "use manual, and press Arm on the page when nobody is near the machines",
            )


def _ways(station: Station) -> list[tuple[str, str]]:
    b = station.board
    return [(way, v) for way, v in (("id", b.id), ("serial_number", b.serial_number), ("port", b.port)) if v]


def _check_accounts(accounts: dict[str, Account]) -> Iterator[Mistake]:
    usernames: dict[str, str] = {}
    for name, account in accounts.items():
        if account.source == "replay" and account.file is None:
            yield (
                ["accounts", name, "source"],
                "replay needs `file`, a session that was recorded with `stagewire record`",
            )
        if account.source in ("replay", "practice"):  # they may play anybody's LIVE
            continue
        other = usernames.setdefault(account.username.lower(), name)
        if other != name:
            yield ["accounts", name, "username"], f"@{account.username} is account {other!r} already"
