"""The page's end of the bus, on a real broker."""

import threading

import msgspec
import pytest

from gateway.errors import BusError, PayloadError
from gateway.messages import (
    Comment,
    CommentEvent,
    EstopReset,
    EstopTrip,
    Gift,
    GiftEvent,
    Like,
    LikeEvent,
    ModeOrder,
    Request,
    Response,
    Status,
    decode,
)
from gateway.settings.models import Broker
from gateway.topics import OFFLINE
from tests.broker import Mosquitto, free_port
from tests.web import scene
from tests.web.peer import VENUE, Peer, T, rows, until
from web.source import Source

pytestmark = pytest.mark.needs("mosquitto")


def stop(source: Source) -> dict[str, object]:
    found: dict[str, object] = rows(source)["stop"]["venue"]
    return found


def settled(source: Source) -> int:
    """The version after which nothing has come for half a second."""
    version = -1
    while version != source.rows.changes(0)[0]:
        version = source.rows.changes(0)[0]
        source.rows.wait(version, 0.5)
    return version


def test_the_snapshot_follows_retained_states(source: Source, gateway: Peer) -> None:
    scene.open_gateway(gateway)
    scene.open_accounts(gateway)
    until(lambda: rows(source).get("account", {}).get("mira", {}).get("stats"), "the account's totals")
    seen = rows(source)
    assert seen["station"]["drum"]["info"]["title"] == "Drum"
    assert seen["account"]["mira"]["state"]["viewers"] == 214
    assert seen["gateway"]["pi-1"]["availability"]["online"]
    gateway.say(T.station_state("drum"), scene.station("drum", fault="No answer. Is its cable in?"))
    until(lambda: rows(source)["station"]["drum"]["state"]["fault"], "the fault")
    gateway.say(T.gateway_availability("pi-1"), OFFLINE)
    until(lambda: not rows(source)["gateway"]["pi-1"]["availability"]["online"], "the gateway's last will")


def test_a_state_cleared_while_the_page_was_away_is_forgotten(
    source: Source, gateway: Peer, broker: Mosquitto
) -> None:
    scene.open_gateway(gateway)
    gateway.say(T.estop_trip, EstopTrip(id="trip-1"))
    until(lambda: len(rows(source).get("station", {})) == 3 and stop(source)["phase"] != "clear", "it is seen")
    broker.stop()  # its retained messages go with it
    until(lambda: not rows(source)["link"]["broker"]["connected"], "the page sees the loss")
    assert len(rows(source)["station"]) == 3, "the last known state stays in sight meanwhile"
    broker.start()
    until(lambda: rows(source)["link"]["broker"]["connected"], "the page is back")
    until(lambda: not rows(source).get("station") and stop(source)["phase"] == "clear", "the old state is gone")


def test_a_delta_holds_only_what_changed(source: Source, gateway: Peer) -> None:
    scene.open_gateway(gateway)
    until(lambda: len(rows(source).get("station", {})) == 3, "the stations")
    version = settled(source)
    gateway.say(T.station_state("lamp"), scene.station("lamp", running="flash"))
    until(lambda: rows(source)["station"]["lamp"].get("state", {}).get("running"), "the change")
    delta = msgspec.json.decode(source.rows.changes(version)[1])
    assert not delta["full"]
    assert set(delta["rows"].get("station", {})) == {"lamp"}


def test_events_and_actions_are_bounded_and_merged(source: Source, gateway: Peer) -> None:
    for i in range(100):
        scene.say_event(
            gateway, scene.event(CommentEvent, Comment(user=scene.user("Noor"), text=f"c{i}"), f"c{i}")
        )
        scene.act(gateway, f"a{i}", "lamp", "flash", Status.DONE, latency_ms=2.0)
    until(lambda: "a99" in rows(source).get("action", {}) and "c99" in rows(source).get("event", {}), "the last")
    seen = rows(source)
    assert len(seen["event"]) == 60
    assert len(seen["action"]) == 40
    for total in (1, 2, 5):
        gift = Gift(user=scene.user("Mo"), gift_id="1", name="Rose", count=1, total=total, coins=1, streak="s9")
        scene.say_event(gateway, scene.event(GiftEvent, gift, f"g{total}"))
    until(lambda: rows(source)["event"].get("mira/s9", {}).get("count") == 5, "a streak is one line")
    assert rows(source)["event"]["mira/s9"]["coins"] == 5


def test_a_flood_of_likes_makes_few_updates(source: Source, gateway: Peer) -> None:
    before, _ = source.rows.changes(0)
    for i in range(2000):
        scene.say_event(gateway, scene.event(LikeEvent, Like(count=1), f"l{i}"))

    def likes() -> int:
        return sum(e["count"] for e in rows(source).get("event", {}).values() if e["kind"] == "like")

    seconds = 0.0
    while likes() < 2000:
        source.rows.wait(source.rows.changes(0)[0], 1.0)
        seconds += 1.0
        assert seconds < 200, "every like is counted"
    assert source.rows.changes(0)[0] - before < 100


def test_a_command_has_one_line_from_accepted_to_done(source: Source, gateway: Peer) -> None:
    for status in (Status.ACCEPTED, Status.RUNNING):
        scene.act(gateway, "a1", "lamp", "flash", status)
    scene.act(gateway, "a1", "lamp", "flash", Status.DONE, latency_ms=2.5)
    until(lambda: rows(source).get("action", {}).get("a1", {}).get("status") == "done", "the ending")
    assert len(rows(source)["action"]) == 1
    assert rows(source)["action"]["a1"]["latency_ms"] == 2.5


def test_garbage_is_counted_and_changes_nothing(source: Source, gateway: Peer) -> None:
    scene.open_gateway(gateway)
    until(lambda: len(rows(source).get("station", {})) == 3, "the stations")
    gateway.say(T.station_state("drum"), b"{not json")
    gateway.say(T.station_state("drum"), b'{"station": "drum"}')
    gateway.say(T.gateway_availability("pi-1"), b"maybe")
    gateway.say(T.account_event("mira", "gift"), b"[]", retain=False)
    until(lambda: source._state.garbage == 4, "four are counted")
    assert rows(source)["station"]["drum"]["state"]["online"]


def test_a_stop_goes_green_only_after_the_proof(source: Source, gateway: Peer) -> None:
    scene.open_gateway(gateway)
    until(lambda: rows(source).get("gateway", {}).get("pi-1", {}).get("estop"), "the gateway")
    source.trip("press-0001", "a test")
    sent = until(lambda: gateway.of(T.estop_trip), "the trip")[-1]
    trip: EstopTrip = decode(sent.payload, EstopTrip)
    assert trip.id == "press-0001"
    until(lambda: stop(source)["phase"] == "stopping", "it is on its way")
    gateway.say(T.gateway_estop("pi-1"), scene.proof(trip, silent={"cannon": "does not answer"}))
    until(lambda: stop(source)["can_reset"], "the first proof")
    assert stop(source)["phase"] == "stopping"
    gateway.say(T.gateway_estop("pi-1"), scene.proof(trip))
    until(lambda: stop(source)["phase"] == "stopped", "green")
    source.reset("press-0001", "a test")
    order: EstopReset = decode(until(lambda: gateway.of(T.estop_reset), "the reset")[-1].payload, EstopReset)
    assert order.trip == "press-0001"
    gateway.say(T.estop_trip, b"")
    gateway.say(T.gateway_estop("pi-1"), scene.proof(None))
    until(lambda: stop(source)["phase"] == "clear", "it is over")


def test_a_stop_pressed_while_the_broker_is_away_stays_pending_and_is_sent_when_it_is_back(
    source: Source, gateway: Peer, broker: Mosquitto
) -> None:
    broker.stop()
    until(lambda: not rows(source)["link"]["broker"]["connected"], "the page sees the loss")
    pressed = source.trip("press-0002", "a test")
    assert pressed.phase == "pending"
    assert "The stop is sent the moment it is back" in pressed.words
    until(lambda: stop(source)["phase"] == "pending", "the page shows it")
    broker.start()
    until(lambda: gateway.of(T.estop_trip), "it is sent")
    until(lambda: stop(source)["phase"] == "stopping", "and no more pending")


def test_a_stop_that_a_restarted_broker_forgot_is_sent_again(
    source: Source, gateway: Peer, broker: Mosquitto
) -> None:
    source.trip("press-0003", "a test")
    until(lambda: stop(source)["phase"] == "stopping", "the broker has it, but no gateway took it")
    broker.stop()
    until(lambda: not rows(source)["link"]["broker"]["connected"] and not gateway.connected, "the loss")
    gateway.heard.clear()
    broker.start()
    until(lambda: gateway.of(T.estop_trip), "it is sent again")


def test_a_press_repeated_after_the_reset_stops_nothing(source: Source, gateway: Peer) -> None:
    source.trip("press-0004", "a test")
    until(lambda: stop(source)["phase"] == "stopping", "the trip")
    gateway.say(T.estop_trip, b"")
    until(lambda: stop(source)["phase"] == "clear", "it is over")
    gateway.heard.clear()
    assert source.trip("press-0004", "a late answer").phase == "clear"
    assert source.trip("press-0005", "a new press").phase == "pending"
    until(lambda: gateway.of(T.estop_trip), "the new press is sent")
    first: EstopTrip = decode(gateway.of(T.estop_trip)[0].payload, EstopTrip)
    assert first.id == "press-0005"


def test_what_could_move_a_machine_is_never_kept_for_later(
    source: Source, gateway: Peer, broker: Mosquitto
) -> None:
    scene.open_gateway(gateway)
    until(lambda: rows(source).get("gateway", {}).get("pi-1", {}).get("state"), "the gateway")
    broker.stop()
    until(lambda: not rows(source)["link"]["broker"]["connected"], "the loss")
    with pytest.raises(BusError, match="nothing was sent"):
        source.ask_all("arm", {"armed": True}, "a test")
    with pytest.raises(BusError, match="mode was not sent"):
        source.mode("live", "a test")
    with pytest.raises(PayloadError, match="does not stand"):
        source.reset("trip-9", "a test")
    broker.start()
    until(lambda: rows(source)["link"]["broker"]["connected"] and gateway.connected, "all are back")
    scene.open_gateway(gateway)
    source.mode("paused", "a test")  # sent after anything that had been kept
    until(lambda: gateway.of(T.mode), "the new order")
    assert [decode(m.payload, ModeOrder).mode for m in gateway.of(T.mode)] == ["paused"]
    assert not gateway.of(T.gateway_request("pi-1", "arm"))


def test_arming_asks_the_gateway_and_says_what_it_answered(source: Source, gateway: Peer) -> None:
    scene.open_gateway(gateway, armed=False)
    until(lambda: rows(source).get("gateway", {}).get("pi-1", {}).get("availability"), "the gateway")
    with pytest.raises(BusError, match="pi-1 did not answer within 2 s"):
        source.ask_all("arm", {"armed": True}, "a test")
    asked: Request = decode(gateway.of(T.gateway_request("pi-1", "arm"))[-1].payload, Request)
    assert asked.params == {"armed": True}
    answers: list[Response] = []

    def answer(request: Request) -> None:
        gateway.say(
            T.gateway_response("pi-1", "arm"),
            Response(transaction=request.transaction, ok=False, error="the stop stands"),
            retain=False,
        )

    gateway.heard.clear()
    thread = threading.Thread(target=lambda: answers.extend(source.ask_all("arm", {"armed": False}, "a test")))
    thread.start()
    request = until(lambda: gateway.of(T.gateway_request("pi-1", "arm")), "the request")[-1]
    answer(decode(request.payload, Request))
    thread.join(5)
    assert [a.error for a in answers] == ["the stop stands"]


def test_a_broker_that_is_away_at_the_start_is_said_in_words() -> None:
    source = Source(VENUE, Broker(port=free_port()))
    source.start()
    try:
        until(lambda: "nothing listens" in rows(source)["link"]["broker"]["words"], "the words")
    finally:
        source.stop()
        source.join(5)
