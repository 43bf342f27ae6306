"""Accounts come and go while the others run: by the settings' file, and by orders over MQTT."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from gateway import messages as m
from gateway.bus import Message
from gateway.connector.control import Control
from gateway.connector.reload import follow
from gateway.connector.roster import Change, difference
from gateway.settings.load import Config
from gateway.settings.models import Account, Settings
from gateway.topics import Topics
from tests.connector.conftest import HURRIED, PATIENCE, Rig

TOPICS = Topics("hall")


def order(account: str, verb: str, payload: bytes | dict[str, Any] = b"", *, retain: bool = False) -> Message:
    data = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
    return Message(TOPICS.account_command(account, verb), data, 1, retain, lambda: None)


# -- settings ----------------------------------------------------------------------------------


def test_the_difference_names_only_what_must_be_done() -> None:
    before = {
        "ada": Account(username="ada"),
        "bo": Account(username="bo"),
        "cleo": Account(username="cleo"),
        "dan": Account(username="dan"),
    }
    after = {
        "ada": Account(username="ada", title="Ada at the bar"),
        "bo": Account(username="bo.new"),
        "cleo": Account(username="cleo", enabled=False),
        "eve": Account(username="eve"),
    }
    assert difference(before, after) == Change(
        added=("eve",), removed=("dan",), changed=("bo",), switched=("cleo",)
    )
    assert difference(after, after) == Change()


@pytest.mark.needs("tiktoklive")
async def test_changed_settings_touch_only_the_accounts_that_changed(rig: Rig) -> None:
    for name in ("ada", "bo", "cleo", "dan"):
        rig.room(name)
    rig.start("ada", "bo", "cleo")
    await rig.bus.until(lambda: all("live" in rig.bus.phases(a) for a in ("ada", "bo", "cleo")))
    told = len(rig.bus.states("ada"))
    accounts = {
        "ada": Account(username="ada.live", title="new words only"),
        "bo": Account(username="bo.live", enabled=False),
        "dan": Account(username="dan.live"),
    }
    rig.connector.control.apply(msgspec.structs.replace(rig.settings(), accounts=accounts))
    await rig.bus.until(lambda: "live" in rig.bus.phases("dan") and rig.bus.cleared("cleo"))
    await rig.bus.until(lambda: rig.bus.phases("bo")[-1] == "offline")
    assert rig.bus.states("bo")[-1].detail == "switched off in the settings (enabled: false)"
    assert len(rig.bus.states("ada")) == told
    assert sorted(rig.connector.accounts) == ["ada", "bo", "dan"]
    rig.connector.control.apply(rig.settings("ada", "bo", "dan"))
    await rig.bus.until(lambda: rig.bus.phases("bo")[-1] == "live")
    assert rig.bus.events("bo", m.GapEvent)


@pytest.mark.needs("tiktoklive")
async def test_an_account_that_gets_another_username_is_another_live(rig: Rig) -> None:
    await rig.live("ada")
    rig.room("other")
    settings = msgspec.structs.replace(rig.settings(), accounts={"ada": Account(username="other.live")})
    rig.connector.control.apply(settings)
    await rig.bus.until(
        lambda: rig.bus.states("ada")[-1].username == "other.live" and rig.bus.phases("ada")[-1] == "live"
    )
    assert len({e.room for e in rig.bus.events("ada", m.LiveEvent)}) == 2


SETTINGS = "venue: hall\naccounts:\n  ada: {username: ada.live}\n"


async def test_a_changed_file_is_read_again_and_one_with_mistakes_is_refused_with_all_of_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "stagewire.yaml"
    path.write_text(SETTINGS)
    applied: list[Config] = []
    task = asyncio.create_task(follow(path, applied.append, 0.02))

    async def until(condition: Any) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.01)

    try:
        await asyncio.sleep(0)
        path.write_text(SETTINGS + "  bo: {usernam: bo}\n  Cleo: {username: cleo}\n")
        await until(lambda: "3 mistakes" in caplog.text or caplog.text.count("stagewire.yaml:") >= 3)
        assert "did you mean 'username'?" in caplog.text
        assert "all goes on as before" in caplog.text
        assert applied == []
        path.unlink()  # an editor that writes anew
        path.write_text(SETTINGS + "  bo: {username: bo.live}\n")
        await until(lambda: applied)
        assert list(applied[0].settings.accounts) == ["ada", "bo"]
        path.touch()
        await until(lambda: len(applied) == 2)
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_fault_while_settings_are_read_again_ends_neither_the_accounts_nor_the_watching(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, applied = tmp_path / "stagewire.yaml", list[Config]()
    path.write_text(SETTINGS)

    def apply(read: Config) -> None:
        applied.append(read)
        if len(applied) == 1:
            raise LookupError("a fault of ours")

    task = asyncio.create_task(follow(path, apply, 0.02))
    try:
        for n, name in enumerate(("bo", "cleo"), 1):
            await asyncio.sleep(0)  # it has seen the file as it was
            path.write_text(f"{SETTINGS}  {name}: {{username: {name}.live}}\n")
            async with asyncio.timeout(PATIENCE):
                while len(applied) < n:
                    await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert "a fault of ours" in caplog.text


def test_changes_that_need_a_restart_are_named(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    runner = Noted()
    control = Control(Settings(venue="hall"), runner, lambda _: None)
    control.apply(Settings(venue="other"))
    assert "restart the connector" in caplog.text
    assert runner.done == []
    caplog.clear()
    control.apply(Settings(venue="other"))
    control.apply(Settings(venue="hall"))  # what runs
    assert caplog.text == ""


# -- orders ------------------------------------------------------------------------------------


class Noted:
    """A runner that only notes what it is told."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []

    def put(self, name: str, account: Account, note: str = "") -> None:
        self.done.append(("put", name))

    def connect(self, name: str) -> None:
        self.done.append(("connect", name))

    def disconnect(self, name: str, why: str) -> None:
        self.done.append(("disconnect", name))

    def drop(self, name: str) -> None:
        self.done.append(("drop", name))


@pytest.mark.needs("tiktoklive")
async def test_an_account_is_added_and_removed_over_mqtt_and_its_state_says_until_when(rig: Rig) -> None:
    await rig.live("ada")
    rig.room("bo")
    rig.connector.on_message(order("bo", "add", {"username": "bo.live"}))
    await rig.bus.until(lambda: rig.bus.phases("bo")[-1:] == ["live"])
    assert rig.bus.states("bo")[-1].detail == "added over MQTT, until the connector restarts"
    rig.connector.control.apply(rig.settings("ada"))  # a reload leaves it alone
    assert "bo" in rig.connector.accounts
    rig.connector.on_message(order("bo", "remove"))
    await rig.bus.until(lambda: rig.bus.cleared("bo"))
    assert "bo" not in rig.connector.accounts
    assert rig.bus.phases("ada")[-1] == "live"


@pytest.mark.needs("tiktoklive")
async def test_a_state_that_could_not_be_cleared_is_cleared_when_the_broker_is_back(rig: Rig) -> None:
    await rig.live("ada")
    rig.bus.away = True
    rig.connector.on_bus(False)
    rig.connector.on_message(order("ada", "remove"))
    async with asyncio.timeout(PATIENCE):
        while rig.connector.accounts:
            await asyncio.sleep(0.01)
    rig.bus.away = False
    rig.connector.on_bus(True)
    await rig.bus.until(lambda: rig.bus.cleared("ada"))


@pytest.mark.parametrize(
    ("account", "verb", "payload", "words"),
    [
        ("ada", "dance", b"", "there are connect, disconnect, add, remove, simulate"),
        ("ada", "add", {"username": "x"}, "remove it first"),
        ("new", "add", {"user": "x"}, "missing required field `username`"),
        ("new", "add", {"username": "not a name"}, "username"),
        ("new", "add", {"username": "@bo"}, "without the @: write 'bo'"),
        ("new", "add", {"username": "Ada"}, "@Ada is account 'ada' already"),
        ("new", "add", {"username": "ada", "source": "euler"}, "@ada is account 'ada' already"),
        ("new", "add", {"username": "x", "source": "myspace"}, "source"),
        ("new", "add", {"username": "x", "source": "replay", "file": "../../secret"}, "folder of the settings"),
        ("new", "add", {"username": "x", "source": "replay", "file": "C:\\secret"}, "folder of the settings"),
        ("new", "add", {"username": "x", "source": "replay", "file": "/etc/passwd"}, "folder of the settings"),
        ("new", "add", {"username": "x", "source": "practice", "file": "sign.key"}, "must be a show"),
        ("new", "add", {"username": "x", "speed": -1}, "speed"),
        ("new", "add", b"no json", "malformed"),
        ("ada", "connect", b"[]", "object"),
        ("ada", "simulate", b"", "kind"),
        ("ada", "simulate", {"kind": "live"}, "kind"),
        ("ada", "simulate", {"kind": "gift", "data": {"count": -1}}, "count"),
        ("ada", "simulate", {"kind": "comment"}, "text"),
        ("ada", "simulate", {"kind": "viewers", "data": {"count": "many"}}, "count"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words_and_does_nothing(
    account: str, verb: str, payload: Any, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    runner, sent = Noted(), list[m.Event]()
    control = Control(Settings(venue="hall", accounts={"ada": Account(username="ada")}), runner, sent.append)
    runner.done.clear()
    control.on_message(order(account, verb, payload))
    assert runner.done == []
    assert sent == []
    assert words in caplog.text
    assert f"account/{account}/command/{verb}: refused" in caplog.text


def test_an_account_name_that_cannot_be_is_refused_in_words(caplog: pytest.LogCaptureFixture) -> None:
    runner = Noted()
    control = Control(Settings(venue="hall"), runner, lambda _: None)
    topic = "stagewire/1/hall/account/Ada_1/command/add"
    control.on_message(Message(topic, b'{"username": "ada"}', 1, False, lambda: None))
    assert f"{topic}: refused: an account's name is of a-z, 0-9 and -" in caplog.text
    assert runner.done == []


def test_a_live_that_is_heard_already_may_be_played_beside_it() -> None:
    runner = Noted()
    control = Control(Settings(venue="hall", accounts={"ada": Account(username="ada")}), runner, lambda _: None)
    runner.done.clear()
    control.on_message(order("played", "add", {"username": "ada", "source": "practice"}))
    assert runner.done == [("put", "played"), ("connect", "played")]


def test_orders_for_others_and_retained_ones_do_nothing(caplog: pytest.LogCaptureFixture) -> None:
    runner = Noted()
    control = Control(Settings(venue="hall", accounts={"ada": Account(username="ada")}), runner, lambda _: None)
    runner.done.clear()
    control.on_message(order("elsewhere", "disconnect"))
    control.on_message(order("new", "add", {"username": "x", "connector": "another"}))
    assert caplog.text == ""
    control.on_message(order("new", "add", {"username": "x"}, retain=True))
    assert "retained" in caplog.text
    assert runner.done == []
    control.on_message(order("new", "add", {"username": "x", "connector": "connector"}))
    assert runner.done == [("put", "new"), ("connect", "new")]


@pytest.mark.parametrize("kind", get_args(get_type_hints(m.Simulate)["kind"]))
def test_every_kind_can_be_simulated_with_as_little_as_possible_and_is_marked(kind: str) -> None:
    sent: list[m.Event] = []
    control = Control(Settings(venue="hall", accounts={"ada": Account(username="ada")}), Noted(), sent.append)
    least = {"comment": {"text": "Hállo"}, "question": {"text": "why?"}, "viewers": {"count": 12}}.get(kind, {})
    for _ in range(2):
        control.on_message(order("ada", "simulate", {"kind": kind, "data": least}))
    first, second = sent
    assert m.KINDS[type(first)] == kind
    assert first.simulated
    assert first.account == "ada"
    assert first.id != second.id
    assert m.decode_event(m.encode(first)) == first
    if isinstance(first, m.CommentEvent):
        assert first.data.plain == "halo"


def test_of_two_connectors_the_one_that_is_named_invents() -> None:
    sent: list[m.Event] = []
    control = Control(Settings(venue="hall", accounts={"ada": Account(username="ada")}), Noted(), sent.append)
    control.on_message(order("ada", "simulate", {"kind": "follow", "connector": "another"}))
    assert not sent
    control.on_message(order("ada", "simulate", {"kind": "follow", "connector": "connector"}))
    assert len(sent) == 1


def test_a_simulated_gift_says_what_it_was_told() -> None:
    sent: list[m.Event] = []
    control = Control(Settings(venue="hall", accounts={"ada": Account(username="ada")}), Noted(), sent.append)
    control.on_message(
        order("ada", "simulate", {"kind": "gift", "data": {"name": "Comet", "coins": 10, "count": 3}})
    )
    (gift,) = sent
    assert isinstance(gift, m.GiftEvent)
    assert (gift.data.name, gift.data.coins, gift.data.count, gift.data.total) == ("Comet", 10, 3, 3)


def test_what_can_be_added_is_what_the_settings_know() -> None:
    known = {f.name: f for f in msgspec.structs.fields(Account)}
    for field in msgspec.structs.fields(m.AddAccount):
        if field.name in ("source", "guest_gifts"):
            assert get_args(field.type) == get_args(known[field.name].type)
        elif field.name not in ("connector", "by"):
            assert field.name in known


# -- how often the platform is asked -----------------------------------------------------------


@pytest.mark.needs("tiktoklive")
async def test_no_pause_reload_or_new_name_makes_it_ask_more_often(rig: Rig) -> None:
    rig.room("ada", live=False)
    began = time.monotonic()
    rig.start("ada", pace=replace(HURRIED, poll=0.5))
    await rig.bus.until(lambda: rig.bus.states("ada")[-1:] and rig.bus.states("ada")[-1].next_retry)
    page = rig.tiktok.requests["page"]
    for n in range(6):
        rig.connector.on_message(order("ada", "disconnect"))
        await rig.bus.until(lambda: rig.bus.phases("ada")[-1] == "offline")
        rig.connector.on_message(order("ada", "connect"))
        await rig.bus.until(lambda: rig.bus.phases("ada")[-1] == "waiting")
        rig.connector.control.apply(rig.settings())
        await rig.bus.until(lambda n=n: rig.bus.cleared("ada") == n + 1)  # type: ignore[misc]
        rig.connector.control.apply(rig.settings("ada"))
        await rig.bus.until(lambda: rig.bus.states("ada")[-1].next_retry)
    assert rig.tiktok.requests["page"] - page <= (time.monotonic() - began) / 0.5
    assert "asked a moment ago" in " ".join(s.detail for s in rig.bus.states("ada"))
