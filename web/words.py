"""Numbers and times as a person reads them; the filters of the templates."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask

from gateway.errors import PayloadError
from gateway.messages import seconds
from gateway.review.words import duration
from gateway.text import clean
from gateway.wording import lasting, wait

UNKNOWN = "–"
LONGEST_NAME = 60


def count(number: float | None) -> str:
    return UNKNOWN if number is None else f"{number:,.0f}"


def signed(number: float | None, digits: int = 0) -> str:
    """``"+1,204"``, ``"−3"``; a true minus, as wide as the plus."""
    if number is None:
        return UNKNOWN
    words = f"{number:+,.{digits}f}"
    return ("0" if not float(words.replace(",", "")) else words).replace("-", "−")


def usd(amount: float) -> str:
    return f"${amount:,.2f}"


def ms(number: float | None) -> str:
    if number is None:
        return UNKNOWN
    return f"{number:.1f}" if number < 9.95 else f"{number:,.0f}"


def lasted(number: float | None) -> str:
    """Of milliseconds: ``"3.6 ms"``, ``"7.6 s"``."""
    return UNKNOWN if number is None else f"{ms(number)} ms" if number < 999.5 else wait(number)


def named(text: str) -> str:
    """What a viewer or the platform calls something, as it may be shown: of one line, and no longer than that."""
    return clean(text, LONGEST_NAME) or "no name"


def percent(part: float | None) -> str:
    return UNKNOWN if part is None else f"{100 * part:.0f} %"


def install(app: Flask, zone: ZoneInfo) -> None:
    """Make them the templates' own. ``zone`` is the venue's."""

    def local(text: str | None, form: str) -> str:
        if text is None:
            return UNKNOWN
        try:
            return format(datetime.fromtimestamp(seconds(text), zone), form)
        except PayloadError:
            return text

    app.jinja_env.filters.update(
        count=count,
        signed=signed,
        usd=usd,
        lasted=lasted,
        named=named,
        percent=percent,
        lasting=lasting,
        length=duration,
        local=local,
    )
