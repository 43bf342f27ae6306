"""Numbers and times as a person reads them, in the language of the request; the filters of the templates."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_currency, format_decimal
from flask import Flask
from flask_babel import gettext as _

from gateway.errors import PayloadError
from gateway.messages import seconds
from gateway.review.words import duration
from gateway.text import clean
from web.languages import locale

UNKNOWN = "–"
LONGEST_NAME = 60
NAMES = {"%a": "EEE", "%b": "MMM", "%B": "MMMM"}
"""Of days and months: what ``strftime`` calls them, and Babel, which knows them in every language."""


def decimal(number: float, digits: int = 1) -> str:
    """``"1,204.5"``; with so many digits behind the point."""
    return str(format_decimal(number, "#,##0" + ("." + "0" * digits if digits else ""), locale()))


def count(number: float | None) -> str:
    return UNKNOWN if number is None else decimal(number, 0)


def signed(number: float | None, digits: int = 0) -> str:
    """``"+1,204"``, ``"−3"``; a true minus, as wide as the plus."""
    if number is None:
        return UNKNOWN
    size = round(abs(number), digits)
    return f"{'−' if number < 0 else '+'}{decimal(size, digits)}" if size else "0"


def usd(amount: float) -> str:
    return str(format_currency(amount, "USD", locale=locale()))


def lasted(number: float | None) -> str:
    """Of milliseconds: ``"3.6 ms"``, ``"7.6 s"``."""
    if number is None:
        return UNKNOWN
    if number < 999.5:
        return str(_("%(number)s ms", number=decimal(number, 1 if number < 9.95 else 0)))
    return str(_("%(number)s s", number=decimal(number / 1000, 1 if number < 99_950 else 0)))


def lasting(span: float) -> str:
    """Of seconds: ``"2 h 05 min"``, ``"12 min"``, ``"8 s"``."""
    whole = round(span)
    if whole < 60:
        return str(_("%(number)s s", number=whole))
    hours, minutes = divmod(round(whole / 60), 60)
    if not hours:
        return str(_("%(number)s min", number=minutes))
    return str(_("%(hours)s h %(minutes)s min", hours=hours, minutes=f"{minutes:02}"))


def named(text: str) -> str:
    """What a viewer or the platform calls something, as it may be shown: of one line, and no longer than that."""
    return clean(text, LONGEST_NAME) or _("no name")


def percent(part: float | None) -> str:
    return UNKNOWN if part is None else f"{decimal(100 * part, 0)} %"


def dated(moment: datetime, form: str) -> str:
    """``form`` is that of ``strftime``; days and months are called as the language calls them."""
    for code, name in NAMES.items():
        if code in form:
            form = form.replace(code, format_datetime(moment, name, locale=locale()))
    return format(moment, form)


def install(app: Flask, zone: ZoneInfo) -> None:
    """Make them the templates' own. ``zone`` is the venue's."""

    def local(text: str | None, form: str) -> str:
        if text is None:
            return UNKNOWN
        try:
            return dated(datetime.fromtimestamp(seconds(text), zone), form)
        except PayloadError:
            return text

    app.jinja_env.filters.update(
        count=count,
        decimal=decimal,
        signed=signed,
        usd=usd,
        lasted=lasted,
        named=named,
        percent=percent,
        lasting=lasting,
        duration=duration,
        local=local,
    )
