"""The rules in force: loaded, edited, reloaded, rolled back, one whole set after the other."""

from gateway.rulebook.rulebook import Rulebook

__all__ = ["Rulebook"]
