"""Turns each account's LIVE into Events on the bus."""

from gateway.connector.service import Connector, run_connector

__all__ = ["Connector", "run_connector"]
