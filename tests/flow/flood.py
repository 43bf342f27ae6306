"""A client gone mad: ``python -m tests.flow.flood PORT SECONDS [VERB PARAMS]`` sends the bell orders as fast as it
can, or the gateway requests of this verb, with params in JSON."""

import json
import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from gateway.messages import Order, Request, encode, stamp
from gateway.topics import Topics


def main(port: int, seconds: float, verb: str = "", params: str = "{}") -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", port)
    client.loop_start()
    topics, said = Topics("demo"), json.loads(params)
    topic = topics.gateway_request("gateway", verb) if verb else topics.station_command("bell")
    end, expires, n = time.time() + seconds, stamp(time.time() + 60), 0
    while time.time() < end:
        order = Order(id=f"f-{n}", action="ring", expires_at=expires)
        message = Request(transaction=f"f-{n}", params=said) if verb else order
        sent = client.publish(topic, encode(message), qos=1)
        n += 1
        if n % 500 == 0:
            sent.wait_for_publish(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:])
