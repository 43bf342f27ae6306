"""What is wrong between us and the broker, for a person."""

import socket
import ssl

from paho.mqtt.reasoncodes import ReasonCode

from gateway.settings.models import Broker


def unreachable(b: Broker, e: Exception) -> str:
    """No connection came about."""
    where = f"broker {b.host}:{b.port}"
    if isinstance(e, ConnectionRefusedError):
        return f"nothing listens at the {where}: is it running? (`systemctl start mosquitto`); trying again"
    if isinstance(e, socket.gaierror):
        return f"the name of the {where} is not known ({e.strerror}): check broker.host; trying again"
    if isinstance(e, ssl.SSLError):
        return f"TLS with the {where} failed: {e.reason or e}; check broker.ca_file; trying again"
    return f"cannot reach the {where}: {e}; trying again"


def refused(b: Broker, reason: ReasonCode) -> str:
    """The broker answered, with a no."""
    where = f"the broker {b.host}:{b.port}"
    name = reason.getName()
    if "authorized" in name.lower() or "password" in name.lower():
        who = f"user {b.username!r}" if b.username else "a client without a user name"
        return f"{where} refuses {who} ({name}): check broker.username and broker.password_file"
    if "protocol" in name.lower():
        return f"{where} does not speak MQTT {b.protocol}: set broker.protocol to v3.1.1"
    return f"{where} refuses us: {name}"


def lost(b: Broker, client_id: str, reason: ReasonCode, short: int) -> str:
    """A connection that stood is gone; ``short`` is how many in a row did not last."""
    where = f"the broker {b.host}:{b.port}"
    if short < 3:
        return f"lost {where} ({reason}); trying again"
    # Mosquitto's word for it ("session taken over") is too short for paho to read.
    return (
        f"{where} takes us and drops us again and again: does another program run with the same name "
        f"({client_id})? Give each its own venue, gateway.id or connector.id; trying again"
    )
