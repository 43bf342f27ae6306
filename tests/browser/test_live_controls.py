"""Owed, queue, buttons and rules on the live screen, under a thumb; the test is the gateway."""

import time
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from gateway.messages import Announcement, RuleState, StageState, stamp
from tests.broker import Mosquitto
from tests.browser.phone import DESK, PHONE, Phone, says
from tests.web import desk_scene, scene
from tests.web.desk_scene import debt, ledger, queue, rules, waits
from tests.web.peer import Peer, T, until
from tests.web.process import Page

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.needs("chromium"), pytest.mark.timeout(120)]
BAD = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>'


def line(of: str, n: int = 1) -> str:
    """The ``n``th line of a list."""
    return f"{of} .fold li:nth-child({n})"


def button(phone: Phone, where: str, word: str) -> Any:
    """The button with this word."""
    script = (
        "return [...document.querySelectorAll(arguments[0])].find((b) => b.innerText === arguments[1]) ?? null"
    )
    return until(lambda: phone.driver.execute_script(script, f"{where} button", word), f"{where}: {word}")


def press(phone: Phone, where: str, word: str) -> None:
    found = button(phone, where, word)
    phone.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    found.click()


def card(name: str) -> str:
    """A station's card; they stand in the order of their ids."""
    return f"#stations .card:nth-child({1 + sorted(scene.STATIONS).index(name)})"


def test_what_is_owed_is_given_one_by_one_in_the_gateways_words(phone: Phone, gateway: Peer) -> None:
    assert phone.js("document.querySelector('#owed').hidden"), "nothing owed, nothing shown"
    gateway.say(T.gateway_rules("pi-1"), rules())
    gateway.say(T.gateway_ledger("pi-1"), ledger(debt("r1", "Liên"), debt("r2", "Noor", simulated=True)))
    until(says(phone, "#owed", "Liên A dear gift fires the cannon"), "the debt")
    assert "100 coins · 3 min ago" in phone.text("#owed")
    assert "the emergency stop was pressed" in phone.text("#owed")
    assert "practice" in phone.text(line("#owed", 2))
    assert "practice" not in phone.text(line("#owed", 1))

    press(phone, line("#owed"), "Give now")
    asked = gateway.asked("ledger")
    assert asked.params == {"do": "pay", "run": "r1"}
    gateway.answer("ledger", asked, error="not armed: arm first; what is owed stays owed")
    until(says(phone, line("#owed"), "Not given: not armed: arm first; what is owed stays owed"), "the refusal")
    until(lambda: phone.js("document.querySelector('#say').textContent.includes('arm first')"), "and it is spoken")

    press(phone, line("#owed"), "Give now")
    gateway.answer("ledger", gateway.asked("ledger"), runs=1)
    until(says(phone, "#owed", "Given to Liên: it waits its turn."), "the yes")
    gateway.say(T.gateway_ledger("pi-1"), ledger(debt("r2", "Noor", simulated=True)))
    until(
        lambda: "cannon" in phone.text(line("#owed", 1)) and "Noor" in phone.text(line("#owed", 1)), "one is left"
    )
    gateway.say(T.gateway_ledger("pi-1"), ledger())
    until(lambda: phone.js("document.querySelector('#owed').hidden"), "it goes, after the answer was read", 12)
    assert all("409" in c for c in phone.complaints())


def test_giving_all_and_forgiving_are_asked_first(phone: Phone, gateway: Peer) -> None:
    gateway.say(T.gateway_ledger("pi-1"), ledger(*(debt(f"r{n}", "Budi") for n in range(5)), more=7))
    until(says(phone, "#owed", "12 actions paid for and not given."), "the sum")
    assert "9 more" in phone.text("#owed .fold")
    press(phone, "#owed", "Give all…")
    until(says(phone, "#owed", "Give all 12? Machines move for each of them. Is everyone clear?"), "the question")
    press(phone, "#owed", "Not now")
    until(says(phone, "#owed", "Give all…"), "taken back")
    press(phone, "#owed", "Give all…")
    press(phone, "#owed", "Give all 12")
    asked = gateway.asked("ledger")
    assert asked.params == {"do": "pay-all"}
    gateway.answer("ledger", asked, runs=12)
    until(says(phone, "#owed", "12 of them wait for their turn."), "what became of it")
    press(phone, line("#owed"), "Forgive…")
    until(says(phone, line("#owed"), "It will not be given any more."), "the question")
    press(phone, line("#owed"), "Forgive")
    asked = gateway.asked("ledger")
    assert asked.params == {"do": "forgive", "run": "r0"}, "the first question sent nothing"
    gateway.answer("ledger", asked, runs=1)
    press(phone, "#owed", "9 more")
    until(lambda: phone.js("document.querySelectorAll('#owed .fold li').length") == 5, "all that are known")
    assert "7 more behind these" in phone.text("#owed")


def test_a_queue_is_shown_in_order_and_changed_line_by_line(phone: Phone, gateway: Peer) -> None:
    items = [waits("q1", "Liên"), waits("q2", "Tomás", held=True), waits("q3", "Noor"), waits("q4", "Budi")]
    gateway.say(T.station_queue("drum"), queue("drum", *items, more=5))
    drum = card("drum")
    until(says(phone, drum, "6 more"), "the queue")
    assert [phone.text(f"{line(drum, n)} .state") for n in (1, 2, 3)] == ["Next", "Held", "Waits"]
    marks = [phone.js(f"document.querySelector({line(drum, n)!r}+' use').getAttribute('href')") for n in (1, 2, 3)]
    assert len(set(marks)) == 3, "held is an icon and a word, not a colour alone"
    for n, word, do, command in (
        (1, "Hold", "hold", "q1"),
        (2, "Let go", "release", "q2"),
        (3, "First", "first", "q3"),
    ):
        press(phone, line(drum, n), word)
        asked = gateway.asked("queue")
        assert asked.params == {"station": "drum", "do": do, "command": command}
        gateway.answer("queue", asked)
    press(phone, line(drum, 1), "Skip")
    asked = gateway.asked("queue")
    gateway.answer("queue", asked, error="command 'q1' does not wait for drum: it ran, ended, or never was")
    until(says(phone, line(drum, 1), "Not done: command 'q1' does not wait for drum"), "the gateway's words")
    press(phone, drum, "6 more")
    until(says(phone, drum, "5 more behind these"), "what the gateway does not tell")
    assert "Budi" in phone.text(line(drum, 4))


def test_a_line_that_goes_does_not_take_the_focus_of_the_next(phone: Phone, gateway: Peer) -> None:
    gateway.say(
        T.station_queue("drum"), queue("drum", waits("q1", "Liên"), waits("q2", "Noor"), waits("q3", "Budi"))
    )
    held = button(phone, line(card("drum"), 3), "Hold")
    phone.driver.execute_script("arguments[0].focus()", held)
    gateway.say(T.station_queue("drum"), queue("drum", waits("q2", "Noor"), waits("q3", "Budi")))
    until(lambda: phone.js(f"!document.querySelector({line(card('drum'), 3)!r})"), "one is gone")
    assert "Budi" in phone.js("document.activeElement.getAttribute('aria-label')")
    phone.driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert gateway.asked("queue").params == {"station": "drum", "do": "hold", "command": "q3"}


def test_a_question_puts_the_focus_on_what_undoes_it(phone: Phone, gateway: Peer) -> None:
    gateway.say(T.gateway_ledger("pi-1"), ledger(debt("r1", "Liên")))
    phone.driver.execute_script("arguments[0].focus()", button(phone, "#owed .over", "Give all…"))
    phone.driver.switch_to.active_element.send_keys(Keys.ENTER)
    until(
        lambda: phone.js("document.activeElement.innerText") == "Not now",
        "pressed twice by mistake, nothing moves",
    )
    phone.driver.switch_to.active_element.send_keys(Keys.ENTER)
    until(lambda: phone.js("document.activeElement.innerText") == "Give all…", "and back")
    assert not gateway.of(T.gateway_request("pi-1", "ledger"))


def test_while_the_venue_is_out_of_sight_nothing_of_it_can_be_pressed(
    phone: Phone, gateway: Peer, broker: Mosquitto
) -> None:
    desk_scene.open_desk(gateway)
    until(says(phone, card("drum"), "6 more"), "the scene")
    until(says(phone, "#buttons", "confetti"), "the buttons")
    broker.stop()
    until(says(phone, "#banners", "This page lost the broker"), "it says so")
    buttons = "[...document.querySelectorAll('.rest section button')]"
    pressable = f"{buttons}.filter((b) => b.checkVisibility() && !b.disabled)"
    until(lambda: set(phone.js(f"{pressable}.map((b) => b.innerText)")) == {"3 more", "6 more"}, "looking only")
    assert "Liên" in phone.text("#owed"), "what was known stays in sight"
    broker.start()
    until(lambda: gateway.connected, "the gateway is back")
    scene.open_gateway(gateway)
    until(lambda: not phone.text("#banners").startswith("This page lost"), "it is back")


def test_one_station_or_all_are_paused_and_go_on(phone: Phone, gateway: Peer) -> None:
    gateway.say(T.station_queue("lamp"), queue("lamp"))
    press(phone, card("lamp"), "Pause")
    asked = gateway.asked("queue")
    assert asked.params == {"station": "lamp", "do": "pause", "command": ""}
    gateway.answer("queue", asked)
    gateway.say(T.station_queue("lamp"), queue("lamp", paused=True))
    until(says(phone, card("lamp"), "Resume"), "it can go on")
    assert "Paused" in phone.text(card("lamp"))
    press(phone, "#queues", "Pause all")
    asked = gateway.asked("queue")
    assert asked.params == {"do": "pause"}
    gateway.answer("queue", asked)
    press(phone, "#queues", "Resume all")
    asked = gateway.asked("queue")
    assert asked.params == {"do": "resume"}
    until(says(phone, ".head + .room", "did not answer within 2 s; look whether it was done"), "silence is no yes")


def test_a_button_says_what_fired_and_what_kept_it_still(phone: Phone, gateway: Peer) -> None:
    gateway.say(T.gateway_rules("pi-1"), rules())
    press(phone, "#buttons", "confetti")
    asked = gateway.asked("press")
    assert asked.params == {"button": "confetti"}
    gateway.answer("press", asked, event="press/confetti/1", fired=["confetti"])
    until(says(phone, "#buttons", "Fired: confetti."), "the answer")
    press(phone, "#buttons", "encore")
    gateway.answer("press", gateway.asked("press"), event="p2", fired=["encore"], but="not armed: arm first")
    until(says(phone, "#buttons", "Fired: encore. But not armed: arm first."), "and why nothing moves")


def test_rules_at_a_glance_and_a_broken_one_with_its_line(phone: Phone, gateway: Peer) -> None:
    gateway.say(T.gateway_rules("pi-1"), rules())
    until(says(phone, "#banners", "1 part of the rules does not run. The others do."), "the banner")
    assert f"bell-rings {desk_scene.BROKEN}" in phone.text("#banners")
    assert "2 rules run · 1 switched off · 1 broken" in phone.text("#rules")
    assert "crowd full" in phone.text("#rules")
    assert "84 of 100 for packed" in phone.text("#rules")
    assert phone.js("document.querySelector('#rules progress').value") == pytest.approx(0.84)
    assert "goal\n25" in phone.text("#rules")
    assert "king\nTomás" in phone.text("#rules")
    first = phone.js("document.querySelector('#rules .kept').innerText.match(/\\d:\\d\\d left/)[0]")
    until(lambda: first not in phone.text("#rules"), "the timer counts down")
    top = StageState(stage="crowd", level="packed", since=stamp(time.time()), metric=140.0, locked=True)
    gateway.say(T.gateway_rules("pi-1"), rules(rules=[], stages=[top], timers={"round": stamp(time.time() - 1)}))
    until(says(phone, "#rules", "highest level · 140 measured · for 0 s · locked by a person"), "the top")
    assert "round\nover" in phone.text("#rules")
    assert "does not run" not in phone.text("#banners")


def test_the_ledger_adds_up_or_says_loudly_that_it_does_not(phone: Phone, gateway: Peer) -> None:
    gateway.say(T.gateway_ledger("pi-1"), ledger(debt("r1", "Liên")))
    until(says(phone, "#ledger", "Received 97 = 90 done + 1 owed + 6 blocked"), "the sums")
    assert "The ledger adds up" in phone.text("#ledger")
    gateway.say(T.gateway_ledger("pi-1"), ledger(debt("r1", "Liên"), balanced=False))
    until(says(phone, "#banners", "The ledger does not add up."), "the warning")
    assert "does not add up" in phone.text("#ledger")


def test_cards_tell_what_stations_and_accounts_have_done(phone: Phone, gateway: Peer) -> None:
    desk_scene.open_desk(gateway)
    until(says(phone, "#accounts", "318 different viewers · 192 on average · about $21.55"), "the account")
    until(says(phone, ".top3 li:first-child", "Liên"), "the board")
    assert "1,420 coins" in phone.text(".top3 li:first-child")
    assert phone.js("document.querySelectorAll('.top3 li').length") == 3
    until(says(phone, card("cannon"), "cycles"), "the station's figures")
    assert "1,204 cycles · 99.7 % done · 95 of 100 within 7.4 ms" in phone.text(card("cannon"))


def test_hostile_names_stay_text_here_too(phone: Phone, gateway: Peer) -> None:
    gateway.say(
        T.gateway_rules("pi-1"),
        rules(notes={"king": BAD}, rules=[RuleState(rule="confetti", title=BAD)]),
    )
    gateway.say(T.gateway_ledger("pi-1"), ledger(debt("r1", BAD, reason=BAD)))
    gateway.say(T.station_queue("drum"), queue("drum", waits("q1", BAD)))
    said = Announcement(text=BAD, time=stamp(time.time()))
    gateway.say(T.gateway_announcement("pi-1"), said, retain=False)
    for part in ("#owed", "#rules .kept", "#rules .said", card("drum")):
        until(says(phone, part, "<img src=x"), f"the words in {part}")
    press(phone, line("#owed"), "Give now")
    gateway.answer("ledger", gateway.asked("ledger"), runs=1)
    until(says(phone, "#owed .over .told", "<img src=x"), "an answer with the name")
    assert phone.js("document.querySelectorAll('main img, main script').length") == 0
    assert phone.js("window.hurt ?? null") is None
    assert phone.complaints() == []


@pytest.mark.parametrize(("size", "dark"), [(PHONE, True), (DESK, False)], ids=["phone, dark", "desk, light"])
def test_everyone_can_read_and_reach_all_of_it(
    page: Page, gateway: Peer, size: tuple[int, int], dark: bool
) -> None:
    with Phone(size, dark=dark) as phone:
        phone.get(page.url)
        desk_scene.open_desk(gateway)
        until(says(phone, card("drum"), "6 more"), "the scene")
        assert phone.audit() == []
        press(phone, "#owed", "Give all…")
        press(phone, "#buttons", "confetti")
        press(phone, line("#owed"), "Give now")
        gateway.answer("ledger", gateway.asked("ledger"), runs=1)
        until(says(phone, "#buttons", "Gateway pi-1 did not answer within 2 s"), "silence")
        press(phone, line("#owed", 2), "Forgive…")
        gateway.say(T.gateway_ledger("pi-1"), ledger(debt("r2", "Tomás"), balanced=False))
        until(says(phone, "#banners", "does not add up"), "the loud warning")
        assert phone.audit() == []
        levels = "[...document.querySelectorAll('main h2, main h3')].filter((e) => e.checkVisibility())"
        assert phone.js(f"{levels}.length") >= 8
        named = "[...document.querySelectorAll('main section')].every((s) => s.getAttribute('aria-label') || "
        assert phone.js(named + "document.getElementById(s.getAttribute('aria-labelledby')))")
