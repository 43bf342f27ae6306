"""tests/vectors/wire.json as lines for C++: good FRAME KIND SEQ ACK PAYLOAD, bad FRAME."""

import json
import sys

vectors = json.load(sys.stdin)
for v in vectors["good"]:
    sys.stdout.write(f"good {v['frame']} {v['kind']} {v['seq']} {v['ack']} {v['payload'] or '-'}\n")
for v in vectors["bad"]:
    sys.stdout.write(f"bad {v['frame']}\n")
