"""Time as rules know it: when a clock strikes next, and opening hours, in the venue's timezone."""

import math
import zoneinfo
from datetime import UTC, datetime, tzinfo
from itertools import islice

from cronsim import CronSim, CronSimError

from gateway.errors import SettingsError
from gateway.settings.rules import Clock, Day, Hours
from gateway.settings.triggers import OnTime
from gateway.settings.values import duration
from gateway.settings.yamlfile import did_you_mean

Zone = tzinfo
_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIELDS = {
    "minute": "the first field is the minute, 0 to 59",
    "hour": "the second field is the hour, 0 to 23",
    "day-of-month": "the third field is the day of the month, 1 to 31, and not one that never comes",
    "month": "the fourth field is the month, 1 to 12 or jan to dec",
    "day-of-week": "the fifth field is the day of the week, 0 to 7 (both are Sunday) or sun to sat",
}
_AGAIN = 200
"""In the hour that a clock set back shows twice, a time of day may lie before ``after``; never so many of them."""


def zone(name: str) -> Zone:
    """A timezone by its name, such as ``Europe/Berlin``. Raises ``SettingsError`` in words without a place."""
    if name == "UTC":  # also where the system has no database of timezones
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
    if not known:
        raise SettingsError(["this machine knows no timezones but UTC: install the package tzdata"])
    hint = did_you_mean(name, known) or "; it is a region and a city, such as Europe/Berlin or Asia/Jakarta"
    raise SettingsError([f"there is no timezone {name!r}{hint}"])


class Schedule:
    """When a rule's clock strikes. ``every`` is counted from 1970-01-01T00:00Z, so a restart changes nothing.

    ``cron`` is told in ``where``, with cron's own rules for the two odd days of the year: a time of day that is
    left out comes when the clock has leapt over it, one that comes twice counts once, and what comes every few
    minutes or every hour goes on evenly. Raises ``SettingsError``, in words without a place, for what is no cron.
    """

    def __init__(self, on: OnTime, where: Zone) -> None:
        self._zone = where
        self._every = duration(on.every) if on.every is not None else 0.0
        self._cron = on.cron or ""
        if on.every is None:
            _check_cron(self._cron)

    def next(self, after: float) -> float:
        """Seconds since 1970, strictly after ``after``; ``inf`` for a day that never comes."""
        if self._every:
            n = math.floor(after / self._every) + 1
            at = n * self._every
            return at if at > after else (n + 1) * self._every
        begin = datetime.fromtimestamp(after, self._zone)
        strikes = (moment.timestamp() for moment in islice(CronSim(self._cron, begin), _AGAIN))
        return next((at for at in strikes if at > after), math.inf)


def _check_cron(cron: str) -> None:
    fields = cron.split()
    if len(fields) != 5:
        raise SettingsError(
            [f"expected five fields: minute hour day month weekday, such as 0 20 * * fri; found {len(fields)}"]
        )
    try:
        CronSim(cron, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as e:
        field = str(e).removeprefix("Bad ")
        raise SettingsError([f"{_FIELDS.get(field, str(e))}; found {cron!r}"]) from None


def within(hours: Hours, where: Zone, now: float) -> bool:
    """Whether ``now`` (seconds since 1970) is in the opening hours: from ``from`` until just before ``to``."""
    local = datetime.fromtimestamp(now, where)
    begin, end, minute = minutes(hours.from_), minutes(hours.to), local.hour * 60 + local.minute
    day = local.weekday()
    if begin < end:
        inside = begin <= minute < end
    else:  # over midnight: after it, it is still the evening's day
        inside = minute >= begin or minute < end
        if minute < end:
            day -= 1
    return inside and (not hours.days or _DAYS[day] in hours.days)


def minutes(clock: Clock) -> int:
    """Since midnight."""
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)
