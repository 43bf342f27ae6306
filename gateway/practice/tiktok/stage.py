"""Things done at their times."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
BREATH = 100
"""Doings after which others are let run, when we are behind our times."""


async def play(moments: Iterable[tuple[float, T]], do: Callable[[T], Awaitable[None]], began: float) -> None:
    """Do each thing when its time has come, in seconds after ``began`` on the loop's clock; late ones at once."""
    loop = asyncio.get_running_loop()
    for n, (t, what) in enumerate(moments):
        if (wait := began + t - loop.time()) > 0:
            await asyncio.sleep(wait)
        elif n % BREATH == 0:
            await asyncio.sleep(0)
        await do(what)
