"""Figures in words, for a person."""

_UNITS = ("B", "kB", "MB", "GB")


def several(number: int, thing: str) -> str:
    """``"1 gift"``, ``"1,204 gifts"``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def size(number: float) -> str:
    """Of so many bytes: ``"812 B"``, ``"34.1 kB"``, ``"1.2 GB"``."""
    unit = 0
    while number >= 999.95 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.{min(unit, 1)}f} {_UNITS[unit]}"


def wait(ms: float) -> str:
    """``"4 ms"``, ``"7.6 s"``, ``"120 s"``."""
    if ms < 999.5:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.1f} s" if ms < 99_950 else f"{ms / 1000:.0f} s"


def lasting(length: float, *, hours: str = "{} h {:02} min") -> str:
    """Of seconds: ``"2 h 05 min"``, ``"12 min"``, ``"8 s"``. ``hours``: how hours and minutes are written."""
    whole = round(length)
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 60 else hours.format(*divmod(minutes, 60))
