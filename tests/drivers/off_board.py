"""Commands for the stations without a board, and a wait for conditions."""

import time
from collections.abc import Mapping

from gateway.messages import Command, Param, stamp

NONE: Mapping[str, Param] = {}


def command(
    station: str, action: str, params: Mapping[str, Param] = NONE, *, within: float = 5.0, name: str = "e1/r/0"
) -> Command:
    return Command(
        id=name,
        station=station,
        action=action,
        params=dict(params),
        cause="e1",
        trigger="gift",
        rule="rose",
        account="ayu",
        user='Bu "Di" 🌹',
        value=5,
        received=stamp(time.time()),
        expires_at=stamp(time.time() + within),
    )


def nothing(_at: float) -> None:
    """For who does not ask when it moved."""
