"""Bodies, packed and unpacked."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.journal.packing import MOST, pack, unpack

TIMES = st.integers(0, 253_402_300_799_999)
BODIES = st.dictionaries(st.text(max_size=20), st.text(max_size=200) | st.integers(), max_size=10)


@given(BODIES, TIMES, st.text(max_size=40), st.text(max_size=120))
def test_what_is_packed_comes_back_whatever_the_columns_hold(
    body: dict[str, object], time: int, account: str, message_id: str
) -> None:
    plain = json.dumps(body, ensure_ascii=False).encode()
    assert unpack(pack(plain, time, account, message_id), time, account, message_id) == plain


@given(st.binary(max_size=300))
def test_no_bytes_at_all_raise_anything_but_value_error(body: bytes) -> None:
    with suppress(ValueError):
        assert isinstance(unpack(body, 1, "mara", "g1"), bytes)


def test_a_plain_body_is_what_it_is() -> None:
    assert unpack(b'{"id":"g1"}', 1, "mara", "g1") == b'{"id":"g1"}'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\x63anything", "packed with dictionary 99, which this version does not know"),
        (pack(b'{"a":"b"}', 1, "mara", "g1")[:-3], "it is cut off"),
        (pack(b'{"a":"b"}', 1, "mara", "g1") + b"x", "longer than any message"),
        (pack(b"x" * (MOST + 1), 1, "mara", "g1"), "longer than any message"),
        (b"\x01\xff\xff", "cannot be unpacked"),
    ],
)
def test_what_is_damaged_is_said(body: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        unpack(body, 1, "mara", "g1")
