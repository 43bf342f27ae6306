"""Stagewire: from a LIVE's events to machines that move, and back to a person's phone."""

__version__ = "0.1.0"
