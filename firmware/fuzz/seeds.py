"""Seeds for the fuzzer from tests/vectors/wire.json: ``seeds.py FOLDER < wire.json``.

Every golden frame raw and, where it is good, as an operation of its own; see fuzz_frames.cpp.
"""

import json
import sys
from pathlib import Path

RAW, FRAMED = 63, 131
folder = Path(sys.argv[1])
vectors = json.load(sys.stdin)
for n, vector in enumerate(vectors["good"] + vectors["bad"]):
    frame = bytes.fromhex(vector["frame"])[:64]
    (folder / f"raw-{n:02}").write_bytes(bytes([RAW + len(frame)]) + frame)
for n, vector in enumerate(vectors["good"]):
    order = bytes([FRAMED, vector["kind"]]) + bytes.fromhex(vector["payload"])
    (folder / f"order-{n:02}").write_bytes(order + bytes([20, 128]) + order)
