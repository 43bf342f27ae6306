"""How busy a crowd is."""

from typing import Annotated

from msgspec import Meta, Struct

from gateway.errors import SettingsError
from gateway.settings.yamlfile import did_you_mean

Rate = Annotated[float, Meta(ge=0, le=1000)]


class Rates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often each thing happens, in happenings per second.

    ``streak``: small gifts sent in a row, however many, count once. ``gift``: dear gifts, one by one. ``guest``:
    gifts to another host of a group LIVE. ``chest``: a treasure chest for the viewers. ``battle``: a match with
    another host, of a minute. ``viewers``: the platform says how many are watching.
    """

    streak: Rate = 0.25
    gift: Rate = 0.02
    guest: Rate = 0.01
    comment: Rate = 0.7
    question: Rate = 0.02
    like: Rate = 1.5
    follow: Rate = 0.05
    share: Rate = 0.04
    join: Rate = 0.6
    subscribe: Rate = 0.01
    chest: Rate = 0.004
    battle: Rate = 0.002
    viewers: Rate = 0.2

    def times(self, factor: float) -> "Rates":
        """The same mix, ``factor`` times as busy."""
        return Rates(**{kind: rate * factor for kind, rate in self.by_kind().items()})

    def by_kind(self) -> dict[str, float]:
        return {kind: getattr(self, kind) for kind in self.__struct_fields__}


def parse(text: str) -> Rates:
    """``2``: twice as busy as usual. ``gift=5,like=20``: so many a second of these, the rest as usual.
    ``0,like=20``: these and nothing else. Raises ``SettingsError`` with every mistake.
    """
    factor, rates, mistakes = 1.0, {}, []
    for part in filter(None, (p.strip() for p in text.split(","))):
        kind, equals, number = part.rpartition("=")
        kind = kind.strip()
        if equals and kind not in Rates.__struct_fields__:
            known = ", ".join(Rates.__struct_fields__)
            hint = did_you_mean(kind, Rates.__struct_fields__) or f"; known: {known}"
            mistakes.append(f"there is no rate {kind!r}{hint}")
            continue
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if not 0 <= value <= 1000:
            mistakes.append(f"{part!r}: expected a number from 0 to 1000")
        elif equals:
            rates[kind] = value
        else:
            factor = value
    if mistakes:
        raise SettingsError(mistakes)
    return Rates(**{**Rates().times(factor).by_kind(), **rates})
