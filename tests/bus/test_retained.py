"""Retained states: sent when they changed, and again when a broker may have lost them."""

from gateway.retained import RetainedStates


class Broker:
    def __init__(self) -> None:
        self.takes, self.told = True, list[tuple[str, bytes]]()

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        assert retain
        if self.takes:
            self.told.append((topic, payload))
        return self.takes


def test_a_state_is_sent_when_it_changed_and_then_only() -> None:
    broker = Broker()
    states = RetainedStates(broker.publish)
    for a, b in ((b"1", b"1"), (b"2", b"1"), (b"2", b"2")):
        states.put("a", a)
        states.put("b", b)
        states.flush()
    states.flush()
    assert broker.told == [("a", b"1"), ("b", b"1"), ("a", b"2"), ("b", b"2")]


def test_what_the_bus_cannot_take_is_sent_as_it_is_by_then() -> None:
    broker = Broker()
    states = RetainedStates(broker.publish)
    broker.takes = False
    states.put("a", b"1")
    states.flush()
    states.put("a", b"2")
    states.flush()
    broker.takes = True
    states.flush()
    assert broker.told == [("a", b"2")]


def test_after_a_reconnect_everything_is_sent_again() -> None:
    broker = Broker()
    states = RetainedStates(broker.publish)
    states.put("a", b"1")
    states.put("b", b"2")
    states.flush()
    states.resend()
    states.flush()
    assert broker.told == [("a", b"1"), ("b", b"2")] * 2
