"""Wrote ``wire.json`` from wire.py: ``python -m tests.vectors.generate > tests/vectors/wire.json``.

The file is a promise to every board already flashed. Run this only to add a message; a change of a frame
that stands there means that the protocol's version has to change.
"""

import json
import sys
import zlib
from dataclasses import dataclass

from cobs import cobs

from gateway.drivers.arduino import wire

GOOD: list[tuple[str, wire.Message, int, int]] = [
    ("hello at boot", wire.Hello(0, wire.BoardKind.UNO, 0, 1, 0, wire.Boot.POWER_ON, 0, 0, 0, ""), 0, 0),
    (
        "hello to a connect",
        wire.Hello(
            0xC0FFEE01,
            wire.BoardKind.MEGA,
            *(1, 2, 3),
            wire.Boot.WATCHDOG,
            513,
            16,
            0xDEADBEEF,
            "STAGE-LEFT-01234",
            0x03FE,
        ),
        0,
        0,
    ),
    ("connect", wire.Connect(0xC0FFEE01), 0, 0),
    ("acknowledgement alone", wire.AckOnly(), 0, 255),
    ("heartbeat", wire.Heartbeat(123456789), 0, 3),
    ("state", wire.State(123456789, 4294967295, 0b1111, 0x8001, 42), 0, 7),
    ("once more", wire.Again(), 0, 6),
    ("stop", wire.Stop(0xFFFFFFFF), 0, 0),
    ("reset of a stop", wire.ResetStop(0xFFFFFFFF), 12, 9),
    ("arm", wire.Arm(1), 0, 1),
    ("disarm", wire.Arm(0), 255, 0),
    (
        "table entry of a solenoid",
        wire.TableEntry(0, wire.ChannelKind.PULSE, 5, 0, 0, 0, 1000, 200, 0, 0, 0, 0),
        1,
        0,
    ),
    (
        "table entry with every field set",
        wire.TableEntry(15, 2, 69, 3, 7, 255, 0x01020304, 0x05060708, 1000, 0x090A, 0x0B0C, 0x0D0E, 0x0F10),
        2,
        0,
    ),
    ("table commit", wire.TableCommit(2, 0x00010203), 3, 0),
    ("run", wire.Run(1, 0, 255, 200), 4, 1),
    ("run without a zero byte in it", wire.Run(0x11121314, 1, 255, 0x21222324, 0x2526), 5, 1),
    ("cancel all", wire.Cancel(0), 6, 2),
    ("query", wire.Query(1), 7, 2),
    ("set id", wire.SetId("STAGE-LEFT"), 8, 2),
    ("get statistics", wire.GetStats(), 9, 3),
    ("renew", wire.Renew(1, 300), 10, 3),
    ("pattern step", wire.PatternStep(31, 15, 128, 40000, 250), 11, 3),
    ("pattern run", wire.PatternRun(2, 32, 255), 12, 3),
    ("result", wire.Result(1, wire.RunStatus.DONE, 60000), 0, 10),
    ("table result", wire.TableResult(0, 255, 0), 1, 10),
    ("input changed", wire.InputChanged(3, 1, 70000, 86400000), 2, 10),
    ("statistics", wire.Stats(100, 2, 3, 3600000, 350, 700, 4, 5), 3, 11),
]


@dataclass
class _Body:
    """A frame put together by hand, so that one thing in it can be wrong."""

    version: int = wire.VERSION
    kind: int = wire.Arm.KIND
    payload: bytes = b"\x01"
    spoil: int = 0

    def frame(self) -> bytes:
        head = bytes((self.version, self.kind, 0, 0)) + self.payload
        crc = zlib.crc32(head) ^ self.spoil
        return bytes(cobs.encode(head + crc.to_bytes(4, "little")))


_arm = wire.encode(wire.Arm(1))[:-1]
BAD: list[tuple[str, str, bytes]] = [
    ("one bit of the checksum", "checksum", _Body(spoil=1).frame()),
    ("one bit of the payload", "checksum", _arm[:5] + bytes((_arm[5] ^ 4,)) + _arm[6:]),
    ("its last byte is missing", "COBS", _arm[:-1]),
    ("its first byte is missing", "COBS|bytes|checksum", _arm[1:]),
    ("two frames run together", "COBS|checksum|bytes", _arm + _arm),
    ("too short to hold a checksum", "bytes", b"\x05\x01\x41\x01\x02"),
    ("another version", "version 1", _Body(version=1).frame()),
    ("an unknown kind", "kind 0x3f", _Body(kind=0x3F).frame()),
    ("a payload too short", "Arm of 0 bytes", _Body(payload=b"").frame()),
    ("a payload too long", "Arm of 2 bytes", _Body(payload=b"\x01\x01").frame()),
    ("the longest body and one byte more", "a frame of 57 bytes", _Body(payload=bytes(49)).frame()),
    ("a COBS block of 254 bytes", "a frame of", bytes((255,)) + b"\xaa" * 254),
]


def vectors() -> dict[str, list[dict[str, object]]]:
    """The file's content. Hexadecimal; good frames with their delimiter, bad ones without."""
    return {
        "good": [
            {
                "name": name,
                "message": type(m).__name__,
                "fields": {f: getattr(m, f) for f in m.__struct_fields__},
                "kind": m.KIND,
                "seq": seq,
                "ack": ack,
                "payload": m.pack().hex(),
                "frame": wire.encode(m, seq, ack).hex(),
            }
            for name, m, seq, ack in GOOD
        ],
        "bad": [{"name": name, "reason": reason, "frame": f.hex()} for name, reason, f in BAD],
    }


if __name__ == "__main__":
    json.dump(vectors(), sys.stdout, indent=1)
    sys.stdout.write("\n")
