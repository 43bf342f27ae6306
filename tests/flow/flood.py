"""A client gone mad: ``python -m tests.flow.flood PORT SECONDS`` sends the bell orders as fast as it can."""

import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from gateway.messages import Order, encode, stamp
from gateway.topics import Topics


def main(port: int, seconds: float) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", port)
    client.loop_start()
    topic = Topics("demo").station_command("bell")
    end, expires, n = time.time() + seconds, stamp(time.time() + 60), 0
    while time.time() < end:
        sent = client.publish(topic, encode(Order(id=f"f-{n}", action="ring", expires_at=expires)), qos=1)
        n += 1
        if n % 500 == 0:
            sent.wait_for_publish(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
