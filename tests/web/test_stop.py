"""Green is a promise: what may be said of a stop, case by case."""

import pytest

from gateway.messages import BoardProof, EstopProof, EstopTrip
from web.stop import Seen, judge

TRIP = EstopTrip(id="trip-1", by="someone")
OLD = EstopTrip(id="trip-0")


def proof(trip: EstopTrip | None = TRIP, confirmed: bool = True, **boards: bool) -> EstopProof:
    return EstopProof(
        gateway="g",
        tripped=trip is not None,
        trip=trip,
        confirmed=confirmed,
        boards=[BoardProof(station=s, confirmed=c) for s, c in (boards or {"a": True, "b": True}).items()],
    )


NOTHING = EstopProof(gateway="g", tripped=True, trip=TRIP, confirmed=False, boards=[])


def test_a_gateway_without_stations_keeps_no_other_stop_from_green() -> None:
    gateways = {"g": seen(proof()), "new": Seen(online=True, proof=NOTHING, stations=[])}
    stop = judge(pending=None, trip=TRIP, gateways=gateways, connected=True)
    assert stop.phase == "stopped"
    assert "new has no station" in stop.words


def seen(p: EstopProof | None, online: bool = True) -> Seen:
    return Seen(online=online, proof=p, stations=["a", "b"])


def test_a_stop_is_green_when_every_board_has_proved_this_very_trip() -> None:
    assert judge(pending=None, trip=TRIP, gateways={"g": seen(proof())}, connected=True).phase == "stopped"


@pytest.mark.parametrize(
    ("why", "gateways", "connected"),
    [
        ("no gateway was ever heard", {}, True),
        ("the gateway has not answered", {"g": seen(None)}, True),
        ("the proof is of another trip", {"g": seen(proof(OLD))}, True),
        ("the proof is of no trip", {"g": seen(proof(None))}, True),
        ("the gateway does not call it confirmed", {"g": seen(proof(confirmed=False))}, True),
        ("a board is open though the gateway calls it confirmed", {"g": seen(proof(a=True, b=False))}, True),
        ("a station of the gateway is not in its proof", {"g": seen(proof(a=True))}, True),
        ("the gateway is gone since", {"g": seen(proof(), online=False)}, True),
        ("the broker is gone", {"g": seen(proof())}, False),
        ("the only gateway has no station", {"g": Seen(online=True, proof=NOTHING, stations=[])}, True),
        ("a second gateway is silent", {"g": seen(proof()), "h": seen(None)}, True),
    ],
)
def test_a_stop_is_not_green_when(why: str, gateways: dict[str, Seen], connected: bool) -> None:
    stop = judge(pending=None, trip=TRIP, gateways=gateways, connected=connected)
    assert stop.phase == "stopping", why


def test_a_pending_stop_is_not_green_whatever_stands_from_before() -> None:
    stop = judge(pending=TRIP, trip=OLD, gateways={"g": seen(proof(OLD))}, connected=False)
    assert (stop.phase, stop.trip, stop.can_reset) == ("pending", "trip-1", False)
    assert "The stop is sent the moment it is back" in stop.words


def test_boards_of_a_gateway_that_is_gone_are_not_counted_as_confirmed() -> None:
    stop = judge(pending=None, trip=TRIP, gateways={"g": seen(proof(), online=False)}, connected=True)
    assert [b.confirmed for b in stop.boards] == [False, False]
    assert "Gateway g does not answer" in stop.words
    assert not stop.can_reset


def test_a_stop_by_another_program_is_green_with_any_proof_and_can_be_reset_by_its_name() -> None:
    stop = judge(pending=None, trip=EstopTrip(id=""), gateways={"g": seen(proof())}, connected=True)
    assert (stop.phase, stop.trip, stop.can_reset) == ("stopped", "trip-1", True)


def test_a_gateway_that_stopped_by_itself_shows_without_a_retained_trip() -> None:
    stop = judge(pending=None, trip=None, gateways={"g": seen(proof())}, connected=True)
    assert (stop.phase, stop.trip) == ("stopped", "trip-1")


def test_nothing_stands_without_a_trip() -> None:
    assert judge(pending=None, trip=None, gateways={"g": seen(proof(None))}, connected=True).phase == "clear"
