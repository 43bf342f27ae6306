"""The MQTT client: the only room that knows paho."""

from gateway.bus.connection import Bus, Message

__all__ = ["Bus", "Message"]
