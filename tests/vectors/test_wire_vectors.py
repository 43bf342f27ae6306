"""The golden frames hold Python, the firmware and PROTOCOL.md together."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.drivers.arduino import header, wire
from gateway.errors import WireError

ROOT = Path(__file__).parents[2]
VECTORS: dict[str, list[dict[str, Any]]] = json.loads(Path(__file__).with_name("wire.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["good"], ids=lambda v: v["name"])
def test_a_golden_frame_reads_and_writes_as_it_always_did(vector: dict[str, Any]) -> None:
    message = wire.MESSAGES[vector["kind"]](**vector["fields"])
    frame = bytes.fromhex(vector["frame"])
    assert type(message).__name__ == vector["message"]
    assert wire.encode(message, vector["seq"], vector["ack"]) == frame
    assert wire.decode(frame[:-1]) == wire.Frame(message, vector["seq"], vector["ack"])


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda v: v["name"])
def test_a_bad_frame_is_refused_for_the_right_reason(vector: dict[str, Any]) -> None:
    with pytest.raises(WireError, match=vector["reason"]):
        wire.decode(bytes.fromhex(vector["frame"]))


def test_every_message_kind_has_a_golden_frame() -> None:
    assert {v["kind"] for v in VECTORS["good"]} == set(wire.MESSAGES)


def test_no_frame_is_longer_than_the_receive_ring() -> None:
    longest = max(len(v["frame"]) // 2 for v in VECTORS["good"])
    assert longest <= wire.RECEIVE_RING


def test_the_committed_header_is_what_wire_py_says() -> None:
    committed = (ROOT / "firmware/station/src/wire.h").read_text()
    assert committed == "\n".join(header.lines()) + "\n", "run `make -C firmware header` and commit wire.h"


def test_the_worked_example_in_the_protocol_is_a_golden_frame() -> None:
    text = (ROOT / "firmware/PROTOCOL.md").read_text()
    example = re.search(r"```text\n((?:[0-9a-f]{2}[ \n])+)```", text)
    assert example, "PROTOCOL.md begins with a frame, byte by byte"
    assert example[1].replace(" ", "").strip() in {v["frame"] for v in VECTORS["good"]}
