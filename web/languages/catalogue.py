"""A language's words as they stand in its ``messages.po``, read once and compiled in memory: nothing has to be
built to serve the page, and no compiled file can be older than what it was made from."""

import io
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

FOLDER = Path(__file__).parent
MOST = 200
"""Counts up to this show which plural form is whose: no language's rule looks at more than the last two digits."""

SAID_BY_SCRIPTS = ("stop.py",)
"""What these have to say goes to all phones alike, and each puts it into its own language."""


class Catalogue(NamedTuple):
    """``script``: what scripts say, as a script (``web/static/t.js`` reads it)."""

    translations: Translations
    script: bytes


def path(code: str) -> Path:
    return FOLDER / code / "LC_MESSAGES" / "messages.po"


@cache
def catalogue(code: str) -> Catalogue:
    """Of the language ``code``."""
    with path(code).open("rb") as file:
        return compiled(read_po(file, locale=code))


def compiled(catalog: Catalog) -> Catalogue:
    packed = io.BytesIO()
    write_mo(packed, catalog)
    packed.seek(0)
    translations = Translations(packed)
    forms = _forms(translations, Locale.parse(catalog.locale))
    words = {one(m): _words(m, forms) for m in catalog if m.id and _scripted(m) and m.string and not m.fuzzy}
    return Catalogue(
        translations, b"globalThis.stagewireWords = " + msgspec.json.encode(words, order="sorted") + b";\n"
    )


def one(message: Message) -> str:
    """Its text in the code, of one where there are several."""
    return message.id if isinstance(message.id, str) else message.id[0]


def _scripted(message: Message) -> bool:
    return any(file.endswith(".js") or file in SAID_BY_SCRIPTS for file, _line in message.locations)


def _forms(translations: Translations, locale: Locale) -> dict[str, int]:
    """By the name that browsers give to a plural form (one, few, other ...) its place in the catalogue."""
    return {locale.plural_form(count): translations.plural(count) for count in range(MOST, -1, -1)}


def _words(message: Message, forms: dict[str, int]) -> str | dict[str, str]:
    said = message.string or ""
    return said if isinstance(said, str) else {name: said[place] for name, place in forms.items()}
