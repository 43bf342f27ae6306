"""The connector and the bus: nothing lost while the broker is away, commands obeyed, secrets kept."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import messages as m
from gateway.bus import Bus, Message
from gateway.connector import Connector, run_connector
from gateway.connector.service import account_id, alongside
from gateway.errors import SettingsError, SourceError
from gateway.practice.tiktok.acts import GIFTS
from gateway.settings.models import Account, Settings, TikTok
from gateway.settings.models import Connector as ConnectorSettings
from gateway.settings.secrets import secret
from gateway.topics import OFFLINE, ONLINE, Topics
from tests.broker import Mosquitto
from tests.connector.conftest import HURRIED, PATIENCE, Recorder, Rig, viewer

pytestmark = pytest.mark.needs("tiktoklive")

TOPICS = Topics("hall")


def command(account: str, verb: str, *, retain: bool = False) -> Message:
    return Message(TOPICS.account_command(account, verb), b"", 1, retain, lambda: None)


async def test_events_wait_for_the_broker_in_order_and_states_are_told_again(rig: Rig) -> None:
    room = await rig.live("ada")
    rig.bus.away = True
    rig.connector.on_bus(False, "gone")
    for n in range(30):
        room.comment(viewer(n), str(n))
    room.like(viewer(1), 5)
    async with asyncio.timeout(PATIENCE):
        await room.until(acks=31)
    states = len(rig.bus.states("ada"))
    rig.bus.away = False
    rig.connector.on_bus(True, "back")
    room.comment(viewer(1), "30")
    await rig.bus.until(lambda: len(rig.bus.events("ada", m.CommentEvent)) == 31)
    assert [c.data.text for c in rig.bus.events("ada", m.CommentEvent)] == [str(n) for n in range(31)]
    assert len(rig.bus.states("ada")) == states + 1
    assert rig.bus.states("ada")[-1].phase == "live"
    assert rig.connector.delivery.lost == 0


async def test_a_bus_that_refuses_without_going_away_is_tried_again(rig: Rig) -> None:
    room = await rig.live("ada")
    rig.bus.away = True
    room.gift(viewer(1), GIFTS[-1])
    async with asyncio.timeout(PATIENCE):
        await room.until(acks=1)
    rig.bus.away = False  # nobody says that it takes messages again
    await rig.bus.until(lambda: rig.bus.events("ada", m.GiftEvent))


async def test_disconnect_and_connect_keep_the_session_and_tell_the_gap(rig: Rig) -> None:
    room = await rig.live("ada")
    rig.connector.on_message(command("ada", "disconnect"))
    await rig.bus.until(lambda: rig.bus.phases("ada")[-1] == "offline")
    assert rig.bus.states("ada")[-1].detail == "disconnected on request"
    async with asyncio.timeout(PATIENCE):
        await room.until(watchers=0)
    rig.connector.on_message(command("ada", "connect"))
    await rig.bus.until(lambda: rig.bus.events("ada", m.GapEvent))
    assert rig.bus.phases("ada")[-1] == "live"
    assert len(rig.bus.events("ada", m.LiveEvent)) == 1
    assert "not watching" in rig.bus.events("ada", m.GapEvent)[0].data.why


async def test_connecting_at_once_after_disconnecting_ends_connected(rig: Rig) -> None:
    await rig.live("ada")
    for verb in ("disconnect", "connect", "disconnect", "connect", "connect"):
        rig.connector.on_message(command("ada", verb))
    await rig.bus.until(lambda: rig.bus.events("ada", m.GapEvent))
    assert rig.bus.phases("ada")[-1] == "live"


async def test_retained_and_senseless_commands_do_nothing(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    await rig.live("ada")
    rig.connector.on_message(command("ada", "disconnect", retain=True))
    rig.connector.on_message(command("ada", "dance"))
    rig.connector.on_message(command("nobody", "disconnect"))
    rig.connector.on_message(Message("stagewire/1/hall/account/ada/state", b"", 1, True, lambda: None))
    rig.connector.on_message(Message("///", b"", 0, False, lambda: None))
    assert "refused, because it is retained" in caplog.text
    assert "there is no command 'dance'" in caplog.text
    assert rig.bus.phases("ada")[-1] == "live"


async def test_an_account_switched_off_in_the_settings_is_offline_until_asked_for(
    rig: Rig, tmp_path: Path
) -> None:
    rig.room("ada")
    settings = Settings(
        venue="hall",
        connector=rig.settings().connector,
        accounts={"ada": Account(username="ada.live", enabled=False)},
    )
    bus = Recorder()
    connector = Connector(settings, bus, pace=HURRIED, base_dir=tmp_path)
    task = asyncio.create_task(connector.run())
    connector.on_bus(True)
    assert bus.states("ada")[-1].detail == "switched off in the settings (enabled: false)"
    connector.on_message(command("ada", "connect"))
    await bus.until(lambda: "live" in bus.phases("ada"))
    task.cancel()
    await asyncio.wait([task])


def test_accounts_may_be_chosen_by_name_or_given_as_a_username() -> None:
    settings = Settings(venue="hall", accounts={"ada": Account(username="ada.live"), "bo": Account(username="bo")})
    connector = Connector(settings, Recorder(), accounts=["ada", "@Cleo.Comet_7"])
    assert {name: a.state.username for name, a in connector.accounts.items()} == {
        "ada": "ada.live",
        "cleo-comet-7": "Cleo.Comet_7",
    }


@pytest.mark.parametrize(
    ("username", "expected"), [("ada", "ada"), ("__", "account"), ("A" * 40, "a" * 32), (".a..b.", "a-b")]
)
def test_an_account_id_is_made_of_what_topics_allow(username: str, expected: str) -> None:
    assert account_id(username) == expected


async def test_the_sign_key_is_read_from_its_file_and_shown_to_the_service_only(
    rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = tmp_path / "sign.key"
    key.write_text("very-secret\n")
    key.chmod(0o644)
    settings = rig.settings("ada", sign_key_file="sign.key")
    with pytest.raises(SettingsError, match="chmod 600"):
        Connector(settings, rig.bus, base_dir=tmp_path)
    key.chmod(0o600)
    rig.room("ada")
    caplog.set_level("DEBUG")
    connector = Connector(settings, rig.bus, base_dir=tmp_path, pace=HURRIED)
    task = asyncio.create_task(connector.run())
    await rig.bus.until(lambda: "live" in rig.bus.phases("ada"))
    task.cancel()
    await asyncio.wait([task])
    assert rig.tiktok.sign_keys == ["very-secret"]
    assert "very-secret" not in caplog.text


async def test_a_key_from_the_environment_goes_before_the_file_and_is_never_logged(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("STAGEWIRE_SIGN_KEY", " secret-of-the-environment ")
    caplog.set_level("DEBUG")
    rig.tiktok.limit_signing(1.0)
    rig.room("ada")
    settings = rig.settings("ada", sign_key_file="there-is-none.key")
    connector = Connector(settings, rig.bus, base_dir=rig.folder, pace=HURRIED)
    task = asyncio.create_task(connector.run())
    await rig.bus.until(lambda: "live" in rig.bus.phases("ada"))
    task.cancel()
    await asyncio.wait([task])
    assert set(rig.tiktok.sign_keys) == {"secret-of-the-environment"}
    assert "secret-of-the-environment" not in caplog.text
    assert not any("secret-of-the" in s.detail for s in rig.bus.states("ada"))


def test_the_keys_of_all_services_come_from_the_environment_or_a_file_that_is_ours_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STAGEWIRE_EULER_KEY", raising=False)
    file = tmp_path / "euler.key"
    file.write_text("from-the-file\n")
    file.chmod(0o600)
    setting = "connector.euler.key_file"
    assert secret("STAGEWIRE_EULER_KEY", tmp_path, "euler.key", setting) == "from-the-file"
    assert secret("STAGEWIRE_EULER_KEY", tmp_path, None, setting) is None
    monkeypatch.setenv("STAGEWIRE_EULER_KEY", "from-the-environment")
    assert secret("STAGEWIRE_EULER_KEY", tmp_path, "euler.key", setting) == "from-the-environment"
    monkeypatch.setenv("STAGEWIRE_EULER_KEY", "")
    file.chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        secret("STAGEWIRE_EULER_KEY", tmp_path, "euler.key", setting)


def test_a_missing_sign_key_is_named() -> None:
    accounts = {"ada": Account(username="ada.live")}
    tiktok = TikTok(sign_key_file="no.key")
    settings = Settings(venue="hall", accounts=accounts, connector=ConnectorSettings(tiktok=tiktok))
    with pytest.raises(SettingsError, match=r"sign_key_file: no\.key cannot be read"):
        Connector(settings, Recorder())


@pytest.mark.needs("mosquitto")
async def test_gifts_cross_a_real_broker_that_goes_away_and_comes_back(rig: Rig, tmp_path: Path) -> None:
    room = rig.room("ada")
    broker = Mosquitto(tmp_path)
    broker.start()
    settings = Settings(
        venue="hall",
        broker=broker.settings,
        connector=rig.settings().connector,
        accounts={"ada": Account(username="ada.live")},
    )
    heard = Heard()
    listener = Bus(broker.settings, "listener", on_message=heard, keep_session=False)
    listener.subscribe(TOPICS.account_event("+", "+"))
    listener.subscribe(TOPICS.account_state("+"))
    listener.subscribe(TOPICS.connector_availability("+"))
    tasks = [asyncio.create_task(listener.run())]
    connector = asyncio.create_task(run_connector(settings, base_dir=tmp_path))
    try:
        await heard.until(lambda: heard.states() and heard.states()[-1].phase == "live")
        await heard.until(lambda: heard.last(TOPICS.connector_availability("connector")) == ONLINE)
        room.gift(viewer(1), GIFTS[-1])
        await heard.until(lambda: len(heard.gifts()) == 1)
        broker.stop()
        for n in range(5):
            room.gift(viewer(n), GIFTS[-1])
        async with asyncio.timeout(PATIENCE):
            await room.until(acks=6)
        told = len(heard.states())
        broker.start()  # it remembers nothing: a state means that connector and listener are both back
        await heard.until(lambda: len(heard.states()) > told)
        room.gift(viewer(9), GIFTS[-1])
        await heard.until(lambda: viewer(9).name in [g.data.user.name for g in heard.gifts()])
    finally:
        connector.cancel()
        await asyncio.wait([connector])
        if listener.connected:
            await heard.until(lambda: heard.last(TOPICS.connector_availability("connector")) == OFFLINE)
            assert heard.states()[-1].phase == "offline"
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        broker.stop()


class Heard:
    """What a subscriber received."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._changed = asyncio.Event()

    def __call__(self, message: Message) -> None:
        self.messages.append(message)
        self._changed.set()

    def gifts(self) -> list[m.GiftEvent]:
        events = [m.decode_event(e.payload) for e in self.messages if e.topic.endswith("/event/gift")]
        return [e for e in events if isinstance(e, m.GiftEvent)]

    def states(self) -> list[m.AccountState]:
        return [m.decode(e.payload, m.AccountState) for e in self.messages if e.topic.endswith("/state")]

    def last(self, topic: str) -> bytes:
        return next((e.payload for e in reversed(self.messages) if e.topic == topic), b"")

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


def test_a_name_that_can_be_no_account_is_refused_with_the_known_ones() -> None:
    settings = Settings(venue="hall", accounts={"ada": Account(username="ada.otter")})
    with pytest.raises(SourceError, match=r"'not a name' .* accounts in the settings: ada"):
        Connector(settings, Recorder(), accounts=["not a name"])


async def test_two_connectors_on_one_live_tell_the_same_under_the_same_ids(rig: Rig, tmp_path: Path) -> None:
    room = await rig.live("ada")
    bus = Recorder()
    second = Connector(rig.settings("ada"), bus, pace=HURRIED, base_dir=tmp_path, outbox="second")
    task = asyncio.create_task(second.run())
    await bus.until(lambda: bus.phases("ada")[-1:] == ["live"])
    async with asyncio.timeout(PATIENCE):
        await room.until(watchers=2)
    for n in range(20):
        room.gift(viewer(n), GIFTS[0], 3)
        room.comment(viewer(n), str(n))
        room.follow(viewer(n))
    room.end()
    for heard in (rig.bus, bus):
        await heard.until(lambda heard=heard: "ended" in heard.phases("ada"))  # type: ignore[misc]
    told = [
        {e.id: m.encode(e) for e in heard.everything("ada") if m.KINDS[type(e)] != "like"}
        for heard in (rig.bus, bus)
    ]
    assert told[0].keys() == told[1].keys()
    assert len(told[0]) == 20 * (3 + 1 + 1 + 1) + 2
    gifts = [e for heard in (rig.bus, bus) for e in heard.events("ada", m.GiftEvent)]
    assert sum({e.id: e.data.count for e in gifts}.values()) == 60
    task.cancel()
    await asyncio.wait([task])


async def test_a_bus_that_fails_ends_the_connector_rather_than_leave_it_deaf_for_the_evening(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def bus() -> None:
        await asyncio.sleep(0)
        raise LookupError("a fault of ours")

    with pytest.raises(LookupError, match="a fault of ours"):
        async with asyncio.timeout(PATIENCE), alongside(bus(), "bus"):
            await asyncio.get_running_loop().create_future()
    assert "the connector's bus failed" in caplog.text


@pytest.mark.needs("mosquitto")
@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM that a program could hear")
async def test_sigterm_ends_the_program_in_good_order(tmp_path: Path) -> None:
    heard = Heard()
    with Mosquitto(tmp_path) as broker:
        (tmp_path / "stagewire.yaml").write_text(
            f"venue: hall\nbroker: {{port: {broker.port}}}\n"
            "accounts: {tea: {username: tea, source: tikfinity}}\n"
            "connector: {tikfinity: {url: 'ws://127.0.0.1:9'}}\n"
        )
        listener = Bus(broker.settings, "listener", on_message=heard)
        listener.subscribe(TOPICS.account_state("+"))
        listener.subscribe(TOPICS.connector_availability("+"))
        link = asyncio.create_task(listener.run())
        program = subprocess.Popen([sys.executable, "-m", "gateway.cli", "connector"], cwd=tmp_path)
        try:
            await heard.until(lambda: heard.states() and heard.states()[-1].next_retry)
            program.send_signal(signal.SIGTERM)
            await heard.until(lambda: heard.last(TOPICS.connector_availability("connector")) == OFFLINE)
            assert await asyncio.to_thread(program.wait, PATIENCE) == 0
            assert (heard.states()[-1].phase, heard.states()[-1].detail) == (
                "offline",
                "the connector was stopped",
            )
        finally:
            program.kill()
            program.wait()
            link.cancel()
            await asyncio.wait([link])
