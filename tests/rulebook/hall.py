"""A hall with one station, its rules file, and the rulebook that keeps it."""

from pathlib import Path

import msgspec

from gateway.rulebook import Rulebook
from gateway.settings.load import Rules
from gateway.settings.models import Settings

SETTINGS = msgspec.convert(
    {
        "venue": "hall",
        "stations": {
            "cannon": {
                "board": {"id": "STN-A"},
                "channels": {"shot": {"kind": "pulse", "pin": 5, "max_on": "500ms", "rest": "1s"}},
                "actions": {"fire": {"channel": "shot", "on_for": "200ms"}},
            }
        },
    },
    Settings,
)
ROSE = """\
rules:
  # Roses fire.
  rose:
    when: {gift: {name: Rose}}
    then: [{station: cannon, action: fire}]
"""
LION = """\
when: {gift: {name: Lion}}
then: [{station: cannon, action: fire}]
"""
BROKEN = ROSE + "  lost:\n    when: {share: {}}\n    then: [{station: canon, action: fire}]\n"
"""With a rule whose station does not exist."""
BELL = """\
title: Bell
about: It rings.
example: ""
rules:
  ${{game}}-{rule}: {{when: {{share: {{}}}}, then: [{{announce: ding}}]}}
"""
"""A game of the venue's own; its ``rule`` is to be named."""


class Hall:
    """The folder of a venue. ``changed`` holds each set that was told of."""

    def __init__(self, folder: Path, text: str | None = ROSE) -> None:
        self.folder, self.file = folder, folder / "rules.yaml"
        self.now = 1_800_000_000.0
        self.changed: list[Rules] = []
        if text is not None:
            self.write(text)
        self.book = self.open()

    def open(self) -> Rulebook:
        """A gateway that starts."""
        book = Rulebook(SETTINGS, self.folder, self.folder / "data", self.changed.append, self._clock)
        book.load()
        return book

    def write(self, text: str) -> None:
        """Somebody edits the file."""
        self.file.write_bytes(text.encode())

    def said(self) -> str:
        return self.file.read_bytes().decode()

    def rules(self) -> list[str]:
        return list(self.book.current.book.rules)

    def _clock(self) -> float:
        self.now += 1
        return self.now
