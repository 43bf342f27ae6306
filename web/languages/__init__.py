"""The page's languages: which one a browser gets, and its words for templates, views and scripts.

Texts are English in the code: ``_("Stop")`` in templates and views, ``t("Stop")`` in scripts. In another language
they stand in ``<language>/LC_MESSAGES/messages.po``; ``make words`` brings that file up to date with the code.
"""

from flask import Flask, request
from flask_babel import Babel, get_locale

LANGUAGES = {"en": "English", "id": "Bahasa Indonesia"}
"""By code; the first is that of the code, and of browsers that ask for none of them."""
COOKIE = "language"
"""What a person chose; else the browser's own."""


def install(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "languages"
    Babel(app, default_locale="en", locale_selector=_chosen)
    app.jinja_env.globals.update(languages=LANGUAGES, language=language)
    app.jinja_env.add_extension("jinja2.ext.i18n")


def language() -> str:
    """Of this request."""
    return str(get_locale() or "en")


def _chosen() -> str:
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES, "en")
