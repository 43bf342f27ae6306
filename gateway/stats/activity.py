"""How lively a LIVE is: points a minute. Pure.

What costs a viewer more says more: a like is a tap, a comment is typed, a share puts the LIVE before others, a
follow and a subscription stay after it, and a gift costs money. Only the order of the weights is a claim; their
sizes are a choice, the same for all, so that two LIVEs can be compared. Who only joins has done nothing yet.
"""

from typing import Protocol

LIKE = 0.1
"""Ten taps weigh a comment: people send them by the hundred."""
COMMENT = 1.0
"""The measure of all others."""
SHARE = 3.0
"""It reaches people who are not there."""
FOLLOW = 5.0
"""It outlasts the LIVE, and can be done once only."""
SUBSCRIBE = 10.0
"""It is paid each month."""
GIFT = 5.0
"""Each, whatever it costs: somebody opened a purse."""
COIN = 0.1
"""What it costs comes on top: a gift of 50 coins weighs two of nothing."""
SHORTEST_MINUTES = 1.0
"""A LIVE of three seconds says nothing about a minute."""


class Deeds(Protocol):
    """Whatever counts what viewers did."""

    @property
    def gifts(self) -> int: ...
    @property
    def coins(self) -> int: ...
    @property
    def comments(self) -> int: ...
    @property
    def likes(self) -> int: ...
    @property
    def follows(self) -> int: ...
    @property
    def shares(self) -> int: ...


def points(done: Deeds, subscribes: int = 0) -> float:
    """What ``done`` weighs."""
    return (
        GIFT * done.gifts
        + COIN * done.coins
        + COMMENT * done.comments
        + LIKE * done.likes
        + FOLLOW * done.follows
        + SHARE * done.shares
        + SUBSCRIBE * subscribes
    )


def per_minute(weight: float, seconds: float) -> float:
    """Points a minute over ``seconds`` that were heard, to a hundredth."""
    return round(weight / max(seconds / 60.0, SHORTEST_MINUTES), 2)
