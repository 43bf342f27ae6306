"""A board's clock brought to the gateway's."""

import pytest

from gateway.drivers.arduino.clock import BoardClock


def test_the_shortest_round_trip_wins() -> None:
    clock = BoardClock()
    clock.learn(10.000, 10.050, 1000)
    clock.learn(10.100, 10.101, 1100)
    assert clock.at(1150, 11.0) == pytest.approx(10.1505)


def test_the_boards_clock_may_wrap() -> None:
    clock = BoardClock()
    clock.learn(10.0, 10.0, 0xFFFFFFFF)
    assert clock.at(99, 11.0) == pytest.approx(10.1)
    assert clock.at(0xFFFFFFFF - 1000, 11.0) == pytest.approx(9.0)


def test_a_time_is_never_in_the_future() -> None:
    clock = BoardClock()
    clock.learn(10.0, 10.0, 0)
    assert clock.at(5000, 11.0) == 11.0
    assert BoardClock().at(5000, 11.0) == 11.0


def test_a_drifting_board_is_followed() -> None:
    clock = BoardClock()
    for i in range(100):  # a board that runs 0.5 % fast
        t = i * 0.1
        clock.learn(t, t + (0.001 if i == 50 else 0.0012), round(t * 1005))
    assert clock.at(round(10.0 * 1005), 10.1) == pytest.approx(10.0, abs=0.003)


def test_the_boards_time_now_is_the_inverse() -> None:
    assert not BoardClock().known
    clock = BoardClock()
    clock.learn(10.0, 10.002, 0xFFFFFFF0)
    assert clock.known
    assert clock.board_ms(10.101) == 100 - 16
    assert clock.at(clock.board_ms(10.5), 11.0) == pytest.approx(10.5)
