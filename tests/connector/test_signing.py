"""How long a 429 of the signing service lasts."""

import httpx
import pytest

from gateway.connector.sources.base import RateLimited
from gateway.connector.sources.tiktok.signing import LIMITED_FOR, LONGEST_LIMIT, Signing, limit_seconds

pytestmark = pytest.mark.needs("tiktoklive")

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"RateLimit-Reset": "1800000042"}, 42.0),
        ({"RateLimit-Reset": "42"}, 42.0),
        ({"RateLimit-Reset": "1700000000"}, 1.0),
        ({"Retry-After": "7", "RateLimit-Remaining": "0"}, 7.0),
        ({"RateLimit-Reset": "99999999999"}, LONGEST_LIMIT),
        ({"RateLimit-Reset": "soon", "Retry-After": "Fri, 31 Dec 2026 23:59:59 GMT"}, LIMITED_FOR),
        ({}, LIMITED_FOR),
    ],
)
def test_the_end_of_a_limit_is_read_from_whatever_header_has_it(headers: dict[str, str], seconds: float) -> None:
    assert limit_seconds(httpx.Headers(headers), NOW) == seconds


async def test_after_a_429_nobody_may_sign_and_other_answers_change_nothing() -> None:
    signing = Signing("key")
    await signing.on_response(httpx.Response(500))
    signing.check()
    with pytest.raises(RateLimited):
        await signing.on_response(httpx.Response(429, headers={"Retry-After": "60"}))
    with pytest.raises(RateLimited, match="429") as limited:
        signing.check()
    assert "sign_key_file" not in str(limited.value)
