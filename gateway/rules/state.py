"""All that rules remember between events."""

from msgspec import Struct, field


class State(Struct):
    """Owned by one caller and advanced by ``decide``. Serialises with msgspec; keys begin with the rule's name."""

    fired: dict[str, float] = field(default_factory=dict)
    """Rule to when it last fired, seconds since 1970."""
    fired_for: dict[str, float] = field(default_factory=dict)
    """``rule/viewer`` to when it last fired for them; the longest ago first."""
    likes: dict[str, int] = field(default_factory=dict)
    """``rule/account`` to the likes carried over."""
    viewers: dict[str, int] = field(default_factory=dict)
    """``rule/account`` to the number of viewers last seen."""
    combos: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    """``rule/account`` to when, and by which viewer, it happened lately; oldest first."""
