"""Docs show only what works: the settings and rules in them are checked, their links lead somewhere."""

import re
from pathlib import Path

import pytest
from msgspec import Struct

from gateway.settings import models
from gateway.settings.load import load

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMED = re.compile(r"^ *```yaml\n *# (?P<name>[\w.-]+\.yaml)\n(?P<text>.*?)^ *```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def _outdent(text: str) -> str:
    lines = text.splitlines()
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[indent:] for line in lines)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_settings_shown_on_a_page_are_good_together(page: Path, tmp_path: Path) -> None:
    blocks = list(NAMED.finditer(page.read_text()))
    settings = [b for b in blocks if b["name"] == "stagewire.yaml"]
    for others in [b for b in blocks if b["name"] != "stagewire.yaml"] or settings:
        for block in (*settings, others):
            (tmp_path / block["name"]).write_text(_outdent(block["text"]))
        if settings:
            load(tmp_path / "stagewire.yaml")


def test_the_readme_shows_settings_and_rules() -> None:
    names = {b["name"] for b in NAMED.finditer((ROOT / "README.md").read_text())}
    assert names == {"stagewire.yaml", "rules.yaml"}


@pytest.mark.parametrize(
    "kind", [models.Broker, models.Connector, models.Account, models.TikTok, models.Euler, models.TikFinity]
)
def test_every_setting_of_the_connector_is_on_the_settings_page(kind: type[Struct]) -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    named = {word for code in re.findall(r"`([^`\n]+)`", text) for word in re.findall(r"\w+", code)}
    assert set(kind.__struct_fields__) <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = [t for t in LINK.findall(page.read_text()) if not (page.parent / t).exists()]
    assert not broken
