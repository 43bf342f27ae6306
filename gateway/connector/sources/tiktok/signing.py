"""The signing service's key, its turns and its limits: it counts us by address and by key."""

import time

import httpx

from gateway.connector.budget import Budget, Turns
from gateway.connector.sources.base import PACE, RateLimited

LIMITED_FOR = 60.0
"""Seconds to stay away from a service that says 429 and not for how long."""
LONGEST_LIMIT = 6 * 3600.0
"""Seconds; a longer limit is taken for a mistake of the service."""
_A_DATE = 1e9
"""A reset beyond this is a point in time (2001 and later), not a duration."""


class Signing:
    """Shared by all accounts: each waits for its turn, and after one 429 nobody asks until the limit is over.

    ``key`` is the signing service's API key, None to go without.
    """

    def __init__(self, key: str | None = None, budget: Budget | None = None) -> None:
        self.key = key
        self._budget = budget or Turns(PACE.sign)

    async def turn(self, account: str) -> None:
        """Wait until the account may sign. Raises ``RateLimited`` while the service wants to be left alone."""
        await self._budget.turn(account)
        self.check()

    def check(self) -> None:
        """Raises ``RateLimited`` while the service wants to be left alone."""
        if time.time() < self._budget.limited_until:
            raise RateLimited(self._words(), self._budget.limited_until)

    async def on_response(self, response: httpx.Response) -> None:
        """Look at an answer before TikTokLive does. Raises ``RateLimited`` for a 429.

        TikTokLive reads the wrong header then, and raises TypeError where that is missing.
        """
        if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
            return
        self._budget.limit(time.time() + limit_seconds(response.headers, time.time()))
        raise RateLimited(self._words(), self._budget.limited_until)

    def _words(self) -> str:
        words = "the signing service limits us (429): too many connections were begun"
        if self.key is None:
            words += "; a key of your own raises the limit (connector.tiktok.sign_key_file)"
        return words


def limit_seconds(headers: httpx.Headers, now: float) -> float:
    """How long a 429 lasts. ``RateLimit-Reset`` is seconds since 1970 at the signing service and a
    duration in the IETF draft; both are read."""
    for name in ("RateLimit-Reset", "Retry-After"):
        text = headers.get(name, "")
        if text.isascii() and text.isdecimal():
            value = float(text)
            return min(max(1.0, value - now if value > _A_DATE else value), LONGEST_LIMIT)
    return LIMITED_FOR
