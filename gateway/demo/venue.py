"""The demo's venue: the same files a real one has, written into a folder that goes with the demo."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from gateway.settings.load import Config, load

ACCOUNTS = {"ayu": "ayu.practice", "rio": "rio.practice"}
STATIONS = ("cannon", "lamp", "bell")

RULES = """\
# What the practice crowd's gifts, words and likes do. Change a rule and save: it is in force three seconds later.
rules:
  rose-blinks-the-lamp:
    title: A rose blinks the lamp, each one of a streak
    when: {gift: {name: Rose}}
    then: [{station: lamp, action: blink}]
  any-dear-gift-fires-the-cannon:
    title: A gift of 5 coins or more fires the cannon, once a streak
    when: {gift: {min_coins: 5, pay: start}}
    then: [{station: cannon, action: fire}]
    cooldown: 1s
  go-rings-the-bell:
    title: A comment with "go" rings the bell
    when: {comment: {contains: go}}
    then: [{station: bell, action: ring}]
    cooldown: 2s
  every-fifty-likes:
    title: Every 50 likes the bell rings
    when: {like: {every: 50}}
    then: [{station: bell, action: ring, params: {ms: 60}}]
"""

_PINS: dict[str, dict[str, Any]] = {
    "cannon": {
        "title": "Confetti cannon",
        "channels": {
            "shot": {"kind": "pulse", "pin": 5, "max_on": "500ms", "rest": "100ms"},
            "button": {"kind": "input", "pin": 2},
        },
        "actions": {"fire": {"channel": "shot", "on_for": "150ms"}},
    },
    "lamp": {
        "title": "Stage lamp",
        "channels": {"light": {"kind": "level", "pin": 6, "max_on": "5s"}},
        "actions": {"blink": {"channel": "light", "on_for": "60ms"}},
    },
    "bell": {
        "title": "Bell",
        "channels": {"hammer": {"kind": "pulse", "pin": 7, "max_on": "300ms"}},
        "actions": {"ring": {"channel": "hammer", "on_for": "80ms"}},
    },
}


def write(
    folder: Path, *, broker: dict[str, Any], tiktok: dict[str, Any], web: dict[str, Any], ports: dict[str, str]
) -> Config:
    """Write ``stagewire.yaml`` and ``rules.yaml``; ``ports`` maps each station to its board's pty."""
    settings = {
        "venue": "demo",
        "broker": broker,
        "connector": {"tiktok": {**tiktok, "simulated": True}},
        "gateway": {"arm": "at-start"},
        "accounts": {name: {"username": username} for name, username in ACCOUNTS.items()},
        "stations": {
            name: {**_PINS[name], "board": {"port": ports[name], "simulated": True}} for name in STATIONS
        },
        "web": web,
    }
    with (folder / "stagewire.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(settings, file)
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    return load(folder / "stagewire.yaml", strict=True)
