"""Bring the catalogues up to date with the code: ``python -m web.languages.update``, which is ``make words``."""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from web.languages import CODE, LANGUAGES
from web.languages.catalogue import FOLDER, path

WEB = FOLDER.parent
WIDTH = 110
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "later": None,
    "t": None,
    "n": (1, 2),
}


def extracted(web: Path = WEB) -> Catalog:
    """Every marked text of templates, views and scripts, with the files that say it."""
    with (FOLDER / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]  # Babel's
    found = Catalog(fuzzy=False)
    for name, line, text, comments, context in extract_from_dir(web, methods, options, KEYWORDS):
        found.add(text, None, [(Path(name).as_posix(), line)], auto_comments=comments, context=context)
    return found


def update(code: str, found: Catalog) -> Catalog:
    """What is new is added with no translation, what is gone is dropped. The catalogue as it then stands."""
    place = path(code)
    place.parent.mkdir(parents=True, exist_ok=True)
    catalog = Catalog(locale=code, project="Stagewire", fuzzy=False)
    if place.exists():
        with place.open("rb") as file:
            catalog = read_po(file, locale=code)
    catalog.project, catalog.version, catalog.msgid_bugs_address = "Stagewire", "1", ""
    catalog.update(found, no_fuzzy_matching=True, update_creation_date=False)
    with place.open("wb") as file:
        write_po(file, catalog, WIDTH, ignore_obsolete=True, include_lineno=False, sort_by_file=True)
    return catalog


def main() -> int:
    """Exit status 1 while a text is not translated."""
    found, missing = extracted(), 0
    for code in LANGUAGES:
        if code != CODE:
            catalog = update(code, found)
            open_ = [m for m in catalog if m.id and (m.fuzzy or not all(_strings(m.string)))]
            missing += len(open_)
            print(f"{code}: {len(catalog)} texts, {len(open_)} not translated ({path(code)})")  # noqa: T201
    return 1 if missing else 0


def _strings(said: object) -> tuple[str, ...]:
    return said if isinstance(said, tuple) else (str(said or ""),)


if __name__ == "__main__":
    sys.exit(main())
