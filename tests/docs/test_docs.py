"""Docs show only what works: the settings and rules in them are checked, their links lead somewhere."""

import re
from pathlib import Path

import pytest
from msgspec import Struct

from gateway import messages as m
from gateway.connector.simulate import invent
from gateway.settings import models
from gateway.settings.load import load
from tests.docs.evening import furnish

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
        (tmp_path / others["name"]).write_text(_outdent(others["text"]))
        if settings:
            load(furnish(tmp_path, _outdent(settings[0]["text"])), strict=True)


def test_the_readme_shows_settings_and_rules() -> None:
    names = {b["name"] for b in NAMED.finditer((ROOT / "README.md").read_text())}
    assert names == {"stagewire.yaml", "rules.yaml"}


@pytest.mark.parametrize(
    "kind",
    [
        models.Settings,
        models.Broker,
        models.Connector,
        models.Account,
        models.TikTok,
        models.Euler,
        models.TikFinity,
        models.Gateway,
        models.Web,
    ],
)
def test_every_setting_but_the_stations_is_on_the_settings_page(kind: type[Struct]) -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    named = {word for code in re.findall(r"`([^`\n]+)`", text) for word in re.findall(r"\w+", code)}
    assert set(kind.__struct_fields__) <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = [t for t in LINK.findall(page.read_text()) if not (page.parent / t).exists()]
    assert not broken


def test_the_events_shown_for_integrators_follow_the_contract() -> None:
    shown = re.findall(r"```json\n(.*?)\n```", (ROOT / "docs" / "mqtt.md").read_text(), re.DOTALL)
    assert [m.KINDS[type(m.decode_event(event.encode()))] for event in shown] == ["gift"]


ORDERS = [
    (page.name, verb, payload)
    for page in (ROOT / "docs" / "mqtt.md", ROOT / "docs" / "connector.md")
    for verb, payload in re.findall(
        r"mosquitto_pub [^\n]*-t (?:\$t|\S+/command)/(\w+)\s(?:\s*\\\n)?\s*(?:-n|-m '([^']*)')", page.read_text()
    )
]


@pytest.mark.parametrize(("page", "verb", "payload"), ORDERS)
def test_an_order_to_the_connector_that_is_shown_is_obeyed(page: str, verb: str, payload: str) -> None:
    match verb:
        case "simulate":
            assert invent(m.decode(payload.encode(), m.Simulate), "main", 0).simulated
        case "add":
            assert re.fullmatch(models.USERNAME, m.decode(payload.encode(), m.AddAccount).username)
        case "connect" | "disconnect" | "remove":
            m.decode(payload.encode() or b"{}", m.AccountOrder)
        case _:
            pytest.fail(f"{page}: there is no order {verb}")


def test_all_orders_that_are_shown_are_found() -> None:
    assert {verb for _, verb, _ in ORDERS} == {"add", "connect", "disconnect", "remove", "simulate"}
    assert {page for page, _, _ in ORDERS} == {"mqtt.md", "connector.md"}
