"""A language in which every marked text stands between ⟦ and ⟧: what stands outside was not marked, or is data."""

import re
from html.parser import HTMLParser

import pytest

from web import languages
from web.languages.catalogue import Catalogue, compiled
from web.languages.update import extracted

SAID = ("aria-label", "placeholder", "title", "alt")
"""Attributes that people are told."""
DATA = ("bdi", "code", "pre", "script", "style", "textarea", "time")
"""Elements whose text is nobody's to translate; nor is that of those which say so, or in what language it is."""
VOID = ("br", "hr", "img", "input", "link", "meta", "use", "path", "circle", "rect", "line")
_MARK = re.compile(r"⟦[^⟦⟧]*⟧")
_WORD = re.compile(r"[^\W\d_]{2,}(?:[-'][^\W\d_]+)*")


def marked() -> Catalogue:
    """Of the texts of the code, as Babel finds them: one that it does not find stays as it is, and is seen."""
    catalog = extracted()
    catalog.locale = "id"  # its code must be one that numbers can be written in
    for message in catalog:
        if message.id:
            texts = message.id if isinstance(message.id, tuple) else (message.id,)
            said = tuple(f"⟦{text}⟧" for text in texts)
            message.string = said if isinstance(message.id, tuple) else said[0]
    return compiled(catalog)


def speak(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on Indonesian is that language."""
    catalogue = marked()
    monkeypatch.setattr(languages, "translations", lambda code: catalogue.translations)
    monkeypatch.setattr(languages, "scripts", lambda: {"id.js": catalogue.script})


def unmarked(html: str) -> set[str]:
    """The words that a person is told, but for those between marks and those of data."""
    reader = _Reader()
    reader.feed(html)
    return {word for text in reader.texts for word in _WORD.findall(_bare(text))}


def _bare(text: str) -> str:
    while (less := _MARK.sub(" ", text)) != text:
        text = less
    return text


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        data = tag != "html" and not {"lang", "translate"}.isdisjoint(dict(attrs))
        if not data:
            self.texts += [value or "" for name, value in attrs if name in SAID]
        if tag not in VOID:
            self._inside.append(DATA[0] if data else tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self._inside:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not any(tag in DATA for tag in self._inside):
            self.texts.append(data)
