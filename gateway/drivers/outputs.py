"""The four stations that every venue has, made from its settings."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.drivers.announce import AnnounceDriver
from gateway.drivers.base import Driver
from gateway.drivers.delivery import Publish
from gateway.drivers.mqtt_out import MqttDriver
from gateway.drivers.sound import SoundDriver
from gateway.drivers.webhook import WebhookDriver
from gateway.messages import LONGEST_TEXT, StationInfo
from gateway.settings.models import Settings, Sound
from gateway.settings.outputs import LONGEST_TOPIC
from gateway.topics import Topics


def outputs(
    settings: Settings, base_dir: Path, publish: Publish, clock: Callable[[], float] = time.time
) -> dict[str, Driver]:
    """A driver for each of ``settings.outputs.OUTPUT_STATIONS``. ``publish``: ``Bus.publish`` of a connection
    where a flood holds up no emergency stop."""
    announcement = Topics(settings.venue).gateway_announcement(settings.gateway.id)
    return {
        "sound": SoundDriver("sound", settings.sounds, settings.sound_player, base_dir, clock),
        "webhook": WebhookDriver("webhook", settings.webhooks, base_dir, clock),
        "mqtt": MqttDriver("mqtt", publish, clock),
        "announce": AnnounceDriver("announce", announcement, publish, clock),
    }


def infos(settings: Settings) -> list[StationInfo]:
    """What each of them offers: its actions, each with the JSON Schema of its parameters."""
    text = {"type": "string", "maxLength": LONGEST_TEXT}
    topic = {"type": "string", "minLength": 1, "maxLength": LONGEST_TOPIC}
    message = {
        "topic": topic,
        "payload": text,
        "retain": {"type": "boolean", "default": False},
        "qos": {"enum": [0, 1], "default": 1},
    }
    calls = {
        name: _action(hook.title or name, {} if hook.method == "GET" else {"body": text})
        for name, hook in settings.webhooks.items()
    }
    return [
        _info("sound", "Sounds", {name: _sound(name, sound) for name, sound in settings.sounds.items()}),
        _info("webhook", "Webhooks", calls),
        _info("mqtt", "MQTT", {"publish": _action("Publish", message, "topic", "payload")}),
        _info("announce", "Announcements", {"say": _action("Say", {"text": text}, "text")}),
    ]


def _info(station: str, title: str, actions: dict[str, Any]) -> StationInfo:
    return StationInfo(station=station, title=title, driver=station, actions=actions)


def _sound(name: str, sound: Sound) -> dict[str, Any]:
    volume = {"type": "number", "minimum": 0, "maximum": 100, "default": sound.volume, "description": "percent"}
    return _action(sound.title or name, {"volume": volume})


def _action(title: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"title": title, "params": {**schema, "required": list(required)} if required else schema}
