"""Times that do not exist are refused where messages come in, so that nobody behind that meets one."""

import pytest

from gateway.errors import PayloadError
from gateway.messages import decode_event, encode
from tests.records import NOON, event


@pytest.mark.parametrize("field", [b"time", b"received", b"start", b"end"])
def test_an_event_with_a_time_that_does_not_exist_is_refused(field: bytes) -> None:
    now = "2026-11-22T12:00:00.000Z"
    good = encode(event("gap", "g-1", NOON, start=now, end=now, why="the wire was cut"))
    assert decode_event(good)
    bad = good.replace(b'"%b":"2026-11-22' % field, b'"%b":"2026-02-30' % field)
    assert bad != good
    with pytest.raises(PayloadError, match="is not a time"):
        decode_event(bad)
