"""The link: whatever the wire does to its bytes, messages arrive in order, once each, or not at all."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.drivers.arduino import wire
from gateway.drivers.arduino.link import MAX_FRAME, MAX_QUEUE, REPEAT_S, Link
from gateway.practice.boards.line import Faults, Line

STEP_S = 0.005
MOST_STEPS = 40_000


def run_of(n: int) -> wire.Run:
    return wire.Run(n, n % 16, 255, n * 7 % 1000)


def _frames(data: bytes) -> list[bytes]:
    return [f for f in data.split(b"\0") if f]


def opened() -> Link:
    link = Link()
    link.open()
    return link


def exchange(faults: Faults, count: int) -> tuple[list[int], list[int], Link, Link]:
    """Both ends send ``count`` messages over two bad lines; returns the ids each end got."""
    ends = [opened(), opened()]
    got: list[list[int]] = [[], []]
    clock = [0.0]

    def deliver(end: int, data: bytes) -> None:
        for message in ends[end].receive(data, clock[0]):
            if isinstance(message, wire.Run):
                got[end].append(message.id)

    lines = [
        Line(faults, lambda data: deliver(1, data), "there"),
        Line(faults, lambda data: deliver(0, data), "back"),
    ]
    left = [count, count]
    for _ in range(MOST_STEPS):
        for end in (0, 1):
            while left[end] and ends[end].send(run_of(count - left[end])):
                left[end] -= 1
            data = ends[end].data_to_send(clock[0])
            if data:
                lines[end].feed(data)
        clock[0] += STEP_S
        if not any(left) and ends[0].idle and ends[1].idle:
            break
    return got[1], got[0], ends[0], ends[1]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_frames_are_found_in_any_chunks(data: st.DataObject) -> None:
    sender, receiver = opened(), opened()
    messages = [run_of(n) for n in range(2)]  # a full window
    for m in messages:
        sender.send(m)
    stream = sender.data_to_send(0.0)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    got: list[wire.Message] = []
    for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        got += receiver.receive(stream[a:b], 0.0)
    assert got == messages
    assert receiver.bad == 0


@given(st.lists(st.binary(max_size=400), max_size=10))
@settings(max_examples=100, deadline=None)
def test_garbage_neither_grows_memory_nor_hides_the_next_frame(chunks: list[bytes]) -> None:
    receiver = opened()
    for chunk in chunks:
        list(receiver.receive(chunk, 0.0))
        assert len(receiver._partial) <= MAX_FRAME
    beat = wire.Heartbeat(1)
    assert list(receiver.receive(b"\0" + wire.encode(beat), 0.0))[-1] == beat


def test_a_flood_without_a_delimiter_is_one_bad_frame() -> None:
    receiver = opened()
    for _ in range(1000):
        assert not list(receiver.receive(b"\xaa" * 1000, 0.0))
    list(receiver.receive(b"\0", 0.0))
    assert receiver.bad == 1


@given(
    seed=st.integers(0, 1 << 32),
    drop=st.sampled_from([0.0, 0.05, 0.2]),
    duplicate=st.sampled_from([0.0, 0.2]),
    corrupt=st.sampled_from([0.0, 1e-4, 1e-3]),
    split=st.sampled_from([0.0, 0.5, 1.0]),
    garbage=st.sampled_from([0.0, 0.1]),
)
@settings(max_examples=60, deadline=None)
def test_a_bad_wire_delivers_in_order_exactly_once(
    seed: int, drop: float, duplicate: float, corrupt: float, split: float, garbage: float
) -> None:
    faults = Faults(seed=seed, drop=drop, duplicate=duplicate, corrupt=corrupt, split=split, garbage=garbage)
    there, back, *_ = exchange(faults, 40)
    assert there == back == list(range(40))


@pytest.mark.parametrize("corrupt", [1e-5, 1e-3, 1e-2])
def test_thousands_of_frames_pass_a_wire_with_bit_errors(corrupt: float) -> None:
    faults = Faults(seed=7, corrupt=corrupt, drop=0.01, duplicate=0.01)
    count = 2000 if corrupt < 1e-2 else 300
    there, back, a, b = exchange(faults, count)
    assert there == back == list(range(count))
    assert a.bad + b.bad > 0
    assert a.repeats > 0


def test_no_more_bytes_are_on_their_way_than_the_board_can_hold() -> None:
    link = opened()
    for n in range(20):
        link.send(run_of(n))
    first = link.data_to_send(0.0)
    assert 40 < len(first) <= wire.RECEIVE_RING
    assert link.data_to_send(REPEAT_S / 2) == b""
    assert link.data_to_send(REPEAT_S) == first
    assert link.repeats == first.count(b"\0")


def test_sequence_numbers_wrap() -> None:
    there, back, *_ = exchange(Faults(), 600)
    assert there == back == list(range(600))


def test_an_ack_is_sent_alone_only_when_nothing_else_carries_it() -> None:
    a, b = opened(), opened()
    a.send(run_of(1))
    list(b.receive(a.data_to_send(0.0), 0.0))
    reply = b.data_to_send(0.0)
    assert isinstance(wire.decode(reply[:-1]).message, wire.AckOnly)
    assert b.data_to_send(0.0) == b""
    list(a.receive(reply, 0.0))
    assert a.idle
    assert a.due is None


def test_a_repeat_is_acknowledged_again_and_delivered_no_more() -> None:
    a, b = opened(), opened()
    a.send(run_of(1))
    frame = a.data_to_send(0.0)
    assert list(b.receive(frame, 0.0)) == [run_of(1)]
    b.data_to_send(0.0)
    assert list(b.receive(frame, 0.0)) == []
    assert b.data_to_send(0.0) != b""


def test_a_full_queue_takes_nothing_more() -> None:
    link = opened()
    assert all(link.send(run_of(n)) for n in range(MAX_QUEUE))
    assert not link.send(run_of(MAX_QUEUE))


def test_a_closed_link_passes_only_what_is_unreliable() -> None:
    a, b = opened(), Link()
    a.send(run_of(1))
    data = a.data_to_send(0.0) + a.unreliable(wire.Heartbeat(5))
    assert list(b.receive(data, 0.0)) == [wire.Heartbeat(5)]
    assert not b.send(run_of(2))


def test_a_message_that_opens_the_session_counts_for_the_next_frame() -> None:
    board = Link()
    gateway = opened()
    gateway.send(run_of(3))
    stale = wire.encode(run_of(99), 0, 0)
    got: list[wire.Message] = []
    chunk = stale + wire.encode(wire.Connect(7)) + gateway.data_to_send(0.0)
    for message in board.receive(chunk, 0.0):
        got.append(message)
        if isinstance(message, wire.Connect):
            board.open()
    assert got == [wire.Connect(7), run_of(3)]


def test_a_swapped_message_takes_the_place_of_one_that_was_lost() -> None:
    a, b = opened(), opened()
    late = run_of(1)
    a.send(late)
    a.data_to_send(0.0)  # lost
    assert a.swap(late, wire.Query(1))
    assert list(b.receive(a.data_to_send(REPEAT_S), REPEAT_S)) == [wire.Query(1)]


def test_a_swapped_message_is_a_repeat_to_a_peer_that_had_the_first() -> None:
    a, b = opened(), opened()
    run = run_of(1)
    a.send(run)
    assert list(b.receive(a.data_to_send(0.0), 0.0)) == [run]
    b.data_to_send(0.0)  # its ack is lost
    assert a.swap(run, wire.Query(1))
    assert list(b.receive(a.data_to_send(REPEAT_S), REPEAT_S)) == []
    list(a.receive(b.data_to_send(REPEAT_S), REPEAT_S))
    assert a.idle
    assert not a.swap(run, wire.Query(1))


def test_a_good_wire_repeats_nothing() -> None:
    *_, a, b = exchange(Faults(), 500)
    assert a.repeats == b.repeats == 0


def test_a_missing_frame_is_asked_for_and_comes_at_once() -> None:
    a, b = opened(), opened()
    a.send(run_of(1))
    a.data_to_send(0.0)  # lost
    a.send(run_of(2))
    assert list(b.receive(a.data_to_send(0.001), 0.001)) == []
    again = b.data_to_send(0.001)
    assert wire.decode(again[:-1]).message == wire.Again()
    assert list(a.receive(again, 0.002)) == []
    assert list(b.receive(a.data_to_send(0.002), 0.002)) == [run_of(1), run_of(2)]


def test_a_gap_is_asked_for_once_and_the_answer_given_once() -> None:
    a, b = opened(), opened()
    a.send(run_of(1))
    a.data_to_send(0.0)  # lost
    a.send(run_of(2))
    second = a.data_to_send(0.0)
    list(b.receive(second, 0.0))
    again = b.data_to_send(0.0)
    list(b.receive(second + b"noise\0", 0.0))
    assert not any(isinstance(wire.decode(f).message, wire.Again) for f in _frames(b.data_to_send(0.0)))
    list(a.receive(again + again, 0.0))
    assert a.data_to_send(0.0)
    list(a.receive(again, 0.0))
    assert a.data_to_send(0.0) == b""
    assert a.repeats == 2


def test_a_damaged_frame_is_asked_for_once_more() -> None:
    a, b = opened(), opened()
    a.send(run_of(1))
    damaged = bytearray(a.data_to_send(0.0))
    damaged[5] ^= 1
    list(b.receive(bytes(damaged), 0.0))
    list(a.receive(b.data_to_send(0.0), 0.001))
    assert list(b.receive(a.data_to_send(0.001), 0.001)) == [run_of(1)]


def test_a_closed_link_asks_for_nothing() -> None:
    link = Link()
    list(link.receive(b"noise\0", 0.0))
    assert link.data_to_send(0.0) == b""


def test_acks_for_what_was_never_sent_change_nothing() -> None:
    link = opened()
    link.send(run_of(1))
    link.data_to_send(0.0)
    dice = random.Random(1)
    for ack in {dice.randrange(2, 256) for _ in range(50)}:
        list(link.receive(wire.encode(wire.AckOnly(), 0, ack), 0.0))
    assert not link.idle
