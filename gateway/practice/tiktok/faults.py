"""Everything that can go wrong with a LIVE, by name: for shows, and for tests that must know all of it."""

from typing import Literal

Once = Literal["abort", "truncated", "garbage", "hollow", "oversized", "bomb", "unknown", "unreadable"]
"""Over as soon as they happened: the line is cut; one frame or message is bad."""
InRoom = Literal[
    "offline",
    "not-found",
    "age-restricted",
    "private",
    "room-closes",
    "stall",
    "lost-ends",
    "doubled",
    "late",
]
"""What one room's clients meet until it is over."""
OnPlatform = Literal[
    "captcha",
    "silent-api",
    "limited",
    "limited-silently",
    "sign-down",
    "sign-hangs",
    "sign-empty",
    "sign-no-cookies",
    "sign-error",
    "sign-garbage",
    "sign-key",
    "blocked",
    "cut-handshake",
]
"""What everybody meets who wants to connect, until it is over."""
Lasting = Literal[InRoom, OnPlatform]
Fault = Literal[Once, Lasting]
