"""The page in a real browser, against the real server and broker; the test is the gateway."""

import signal
import time

import pytest

from gateway.messages import (
    Comment,
    CommentEvent,
    EstopReset,
    EstopTrip,
    Gift,
    GiftEvent,
    QueueState,
    Request,
    Response,
    Status,
    decode,
)
from gateway.topics import OFFLINE
from tests.broker import Mosquitto
from tests.browser.phone import DESK, PHONE, Phone, says
from tests.web import scene
from tests.web.peer import Peer, T, until
from tests.web.process import Page
from tests.web.test_serve import listen
from web.views.live import MAX_STREAMS

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.needs("chromium"), pytest.mark.timeout(120)]
PROMISE_S = 3.0
"""The page says within this that it cannot see the venue."""


def trip_of(gateway: Peer) -> EstopTrip:
    trip: EstopTrip = decode(until(lambda: gateway.of(T.estop_trip), "the trip")[-1].payload, EstopTrip)
    return trip


def tone(phone: Phone) -> str:
    return str(phone.js("document.querySelector('#dock').dataset.tone ?? ''"))


def test_the_page_shows_accounts_stations_actions_and_events(phone: Phone, gateway: Peer) -> None:
    scene.play(gateway)
    until(says(phone, "#actions", "resting for another 1.2 s"), "the blocked action and why")
    assert "@mira.on.air" in phone.text("#accounts")
    assert "4,310" in phone.text("#accounts")
    assert "Not live now. Looking again in 40 s." in phone.text("#accounts")
    assert "Running beat" in phone.text("#stations")
    assert "3.2 ms" in phone.text("#actions")
    assert "Gift received: Rose × 5 · 5 coins" in phone.text("#feed")
    assert "Practice" in phone.text("#banners")
    assert phone.complaints() == []


def test_a_fault_is_shown_in_the_gateways_words(phone: Phone, gateway: Peer) -> None:
    gateway.say(T.station_state("drum"), scene.station("drum", fault="The board is silent. Is its cable in?"))
    until(says(phone, "#stations", "The board is silent. Is its cable in?"), "the words")
    assert "Fault" in phone.text("#stations")


def test_a_station_whose_queue_somebody_paused_is_not_called_ready(phone: Phone, gateway: Peer) -> None:
    gateway.say(T.station_queue("lamp"), QueueState(station="lamp", paused=True))
    until(says(phone, "#stations", "Paused"), "the word")
    gateway.say(T.station_queue("lamp"), QueueState(station="lamp"))
    until(lambda: "Paused" not in phone.text("#stations"), "it is gone again")


def test_the_stop_turns_green_only_after_every_board_has_proved_it(phone: Phone, gateway: Peer) -> None:
    phone.press("#stop")
    trip = trip_of(gateway)
    until(lambda: tone(phone) in ("busy", "bad"), "pressed")
    assert "confirmed" not in phone.text("#proof")
    gateway.say(T.gateway_estop("pi-1"), scene.proof(trip, silent={"cannon": "does not answer"}))
    until(says(phone, "#proof", "not proven: does not answer. Cut its power."), "the board that is open")
    assert "Not proven: Confetti cannon" in phone.text("#proof")
    assert tone(phone) == "bad"
    gateway.say(T.gateway_estop("pi-1"), scene.proof(EstopTrip(id="another-trip")))
    gateway.say(T.station_state("lamp"), scene.station("lamp", stopped=True, done=77))
    until(says(phone, "#stations", "77"), "a later message is on the page")
    assert tone(phone) != "good", "a proof of another trip proves nothing"
    gateway.say(T.gateway_estop("pi-1"), scene.proof(trip))
    until(lambda: tone(phone) == "good", "green")
    assert "Stopped: all 3 boards confirmed" in phone.text("#proof")


def test_after_a_stop_a_person_resets_and_arms_again(phone: Phone, gateway: Peer) -> None:
    phone.press("#stop")
    trip = trip_of(gateway)
    gateway.say(T.gateway_estop("pi-1"), scene.proof(trip))
    until(lambda: tone(phone) == "good", "green")
    phone.press("#reset")
    reset: EstopReset = decode(until(lambda: gateway.of(T.estop_reset), "the reset")[-1].payload, EstopReset)
    assert reset.trip == trip.id
    gateway.say(T.estop_trip, b"")
    scene.open_gateway(gateway, armed=False)
    until(lambda: not tone(phone), "the stop is over")
    until(says(phone, "#arming", "Disarmed"), "never armed by itself")
    phone.press("#arm")
    until(says(phone, "#arming", "Machines will move"), "a question first")
    assert not gateway.of(T.gateway_request("pi-1", "arm"))
    phone.press("#arm-yes")
    asked = until(lambda: gateway.of(T.gateway_request("pi-1", "arm")), "the request")[-1]
    request: Request = decode(asked.payload, Request)
    assert request.params == {"armed": True}
    gateway.say(T.gateway_response("pi-1", "arm"), Response(transaction=request.transaction, ok=True), False)
    scene.open_gateway(gateway, armed=True)
    until(says(phone, "#arming", "Armed"), "armed")


def test_a_refused_arming_shows_the_gateways_reason(phone: Phone, gateway: Peer) -> None:
    scene.open_gateway(gateway, armed=False)
    until(lambda: phone.js("!!document.querySelector('#arm')"), "disarmed")
    phone.press("#arm")
    until(lambda: phone.js("!!document.querySelector('#arm-yes')"), "the question")
    phone.press("#arm-yes")
    asked = until(lambda: gateway.of(T.gateway_request("pi-1", "arm")), "the request")[-1]
    request: Request = decode(asked.payload, Request)
    answer = Response(transaction=request.transaction, ok=False, error="the drum's lid is open")
    gateway.say(T.gateway_response("pi-1", "arm"), answer, False)
    until(says(phone, "#arming", "Not armed: the drum's lid is open"), "the reason")


def test_a_page_whose_server_dies_says_so_within_three_seconds_and_keeps_the_stop(
    phone: Phone, gateway: Peer, page: Page
) -> None:
    page.stop(signal.SIGKILL)
    start = time.monotonic()
    until(says(phone, "#banners", "This page lost its server"), "it says so")
    assert time.monotonic() - start < PROMISE_S
    assert phone.text("#link").startswith("Cut off")
    phone.press("#stop")
    until(says(phone, "#proof", "Stop not sent yet"), "the stop is kept in sight")
    assert "hard-wired stop" in phone.text("#proof")
    page.start()
    trip = trip_of(gateway)
    gateway.say(T.gateway_estop("pi-1"), scene.proof(trip))
    until(lambda: tone(phone) == "good", "sent and proved when the server is back")
    until(says(phone, "#link", "Connected"), "the page is back")


def test_a_page_whose_server_hangs_says_so_within_three_seconds(phone: Phone, page: Page) -> None:
    page.process.send_signal(signal.SIGSTOP)
    start = time.monotonic()
    try:
        until(says(phone, "#banners", "This page lost its server"), "it says so")
        assert time.monotonic() - start < PROMISE_S
    finally:
        page.process.send_signal(signal.SIGCONT)
    until(says(phone, "#link", "Connected"), "the page is back by itself")


def test_a_lost_broker_is_said_within_three_seconds_and_a_stop_stays_pending_until_it_is_back(
    phone: Phone, gateway: Peer, broker: Mosquitto
) -> None:
    broker.stop(signal.SIGKILL)
    start = time.monotonic()
    until(says(phone, "#banners", "This page lost the broker"), "it says so")
    assert time.monotonic() - start < PROMISE_S
    phone.press("#stop")
    until(says(phone, "#proof", "The stop is sent the moment it is back"), "pending, and in words")
    assert tone(phone) == "bad"
    broker.start()
    trip = trip_of(gateway)
    scene.open_gateway(gateway)
    gateway.say(T.gateway_estop("pi-1"), scene.proof(trip))
    until(lambda: tone(phone) == "good", "sent and proved")


def test_a_gateway_that_goes_offline_is_said_within_three_seconds_and_green_goes_with_it(
    phone: Phone, gateway: Peer
) -> None:
    phone.press("#stop")
    gateway.say(T.gateway_estop("pi-1"), scene.proof(trip_of(gateway)))
    until(lambda: tone(phone) == "good", "green")
    gateway.say(T.gateway_availability("pi-1"), OFFLINE)
    start = time.monotonic()
    until(says(phone, "#link", "Gateway lost"), "it says so")
    assert time.monotonic() - start < PROMISE_S
    until(lambda: tone(phone) == "warn", "what cannot be seen is not green")


def test_hostile_names_stay_text(phone: Phone, gateway: Peer) -> None:
    bad = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>'
    user = scene.user(bad)
    scene.say_event(gateway, scene.event(CommentEvent, Comment(user=user, text=bad), "h1"))
    gift = Gift(user=scene.user("\u202eevil"), gift_id="1", name=bad, count=1, total=1)
    scene.say_event(gateway, scene.event(GiftEvent, gift, "h2"))
    scene.act(gateway, "ha", "lamp", "flash", Status.FAILED, user=bad, reason=bad)
    gateway.say(T.station_state("drum"), scene.station("drum", fault=bad))
    for part in ("#feed", "#actions", "#stations"):
        until(says(phone, part, "<img src=x"), f"the words in {part}")
    assert phone.js("document.querySelectorAll('main img, main script').length") == 0
    assert phone.js("window.hurt ?? null") is None
    isolated = "[...document.querySelectorAll('#feed bdi')].some((b) => b.textContent === '\\u202eevil')"
    assert phone.js(isolated), "a name that turns the line around is kept to itself"
    assert phone.complaints() == []
    with pytest.raises(Exception, match="TrustedHTML"):
        phone.js("(document.body.innerHTML = '<b>x</b>')")


def test_a_phone_beyond_the_last_stream_polls_and_still_follows(browser: Phone, page: Page, gateway: Peer) -> None:
    browser.get("about:blank")
    streams = [listen(page) for _ in range(MAX_STREAMS)]
    try:
        browser.get(page.url)
        until(says(browser, "#link", "Connected"), "it polls")
        gateway.say(T.station_state("lamp"), scene.station("lamp", running="flash"))
        until(says(browser, "#stations", "Running flash"), "and follows")
        browser.press("#stop")
        trip_of(gateway)
    finally:
        for stream in streams:
            stream.close()
        browser.get("about:blank")


@pytest.mark.parametrize(("size", "dark"), [(PHONE, True), (DESK, False)], ids=["phone, dark", "desk, light"])
def test_everyone_can_read_and_reach_everything(
    page: Page, gateway: Peer, size: tuple[int, int], dark: bool
) -> None:
    with Phone(size, dark=dark) as phone:
        phone.get(page.url)
        phone.until("document.querySelectorAll('#stations .card').length === 3")
        scene.play(gateway)
        gateway.say(T.station_state("lamp"), scene.station("lamp", fault="Its supply is low. Check the fuse."))
        until(says(phone, "#stations", "Check the fuse"), "the scene")
        assert phone.audit() == []
        phone.press("#disarm")
        until(says(phone, "#arming", "Not disarmed: gateway pi-1 did not answer within 2 s"), "no answer, said")
        assert phone.audit() == []
        phone.press("#stop")
        trip = trip_of(gateway)
        gateway.say(T.gateway_estop("pi-1"), scene.proof(trip, silent={"cannon": "does not answer"}))
        until(lambda: tone(phone) == "bad", "not proven")
        assert phone.audit() == []
        gateway.say(T.gateway_estop("pi-1"), scene.proof(trip))
        until(lambda: tone(phone) == "good", "green")
        assert phone.audit() == []
        landmarks = "['header', 'main', 'aside'].every((t) => document.querySelectorAll(t).length >= 1)"
        assert phone.js(landmarks)
