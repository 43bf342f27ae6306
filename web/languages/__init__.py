"""The page's languages: which one a browser gets, and its words for templates, views and scripts.

Texts are English in the code: ``_("Stop")`` in templates and views, ``t("Stop")`` in scripts. In another language
they stand in ``<language>/LC_MESSAGES/messages.po``; ``make words`` brings that file up to date with the code.
"""

from babel import Locale
from babel.support import NullTranslations
from flask import Flask, request
from flask_babel import Babel, Domain, get_locale

from web.languages.catalogue import catalogue

LANGUAGES = {"en": "English", "id": "Bahasa Indonesia"}
"""By code; the first is that of the code, and of browsers that ask for none of them."""
CODE = next(iter(LANGUAGES))
COOKIE = "language"
"""What a person chose; else the browser's own."""
A_YEAR_S = 365 * 24 * 3600


class Words(Domain):  # type: ignore[misc]  # Flask-Babel ships no types
    """Translations from our catalogues, instead of from compiled files."""

    def get_translations(self) -> NullTranslations:
        return translations(language())


def install(app: Flask) -> None:
    babel = Babel(app, default_locale=CODE, locale_selector=_chosen)
    babel.domain_instance = Words()
    app.jinja_env.globals.update(languages=LANGUAGES, language=language)


def language() -> str:
    """Of this request; that of the code outside of one."""
    return str(get_locale() or CODE)


def locale() -> Locale:
    """The same, for numbers and dates."""
    return get_locale() or Locale(CODE)


def translations(code: str) -> NullTranslations:
    return NullTranslations() if code == CODE else catalogue(code).translations


def scripts() -> dict[str, bytes]:
    """The words of scripts in every language but that of the code, by the name of their file."""
    return {f"{code}.js": catalogue(code).script for code in LANGUAGES if code != CODE}


def _chosen() -> str:
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES, CODE)
