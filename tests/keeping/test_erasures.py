"""Erasing a viewer while the gateway runs: in its files and in its memory, asked over a real broker."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from gateway import messages as m
from gateway.bus import Bus, Message
from gateway.cli import main
from gateway.deciding import Deciding
from gateway.dispatch.dispatcher import Dispatcher
from gateway.errors import StorageError
from gateway.journal import Journal, JournalReader
from gateway.keeping import erase
from gateway.keeping.erasures import Erasures
from gateway.keeping.forget import Forget
from gateway.keeping.inventory import venue_of
from gateway.keeping.memory import Memory
from gateway.keeping.retention import Retention
from gateway.requests import Requests
from gateway.rules.engine import compile_rules
from gateway.rules.runs import Act
from gateway.rules.state import State
from gateway.service import own_folder
from gateway.stats.totals import Totals
from gateway.stats.writer import StatsStore
from gateway.topics import Topics, parse
from gateway.trace import TraceBook
from tests.broker import Mosquitto, free_port
from tests.flow.stage import until
from tests.keeping.evening import NADIA, OTTO, by, gift_of, happen
from tests.keeping.test_erase import bytes_with

pytestmark = pytest.mark.needs("mosquitto")


class Running:
    """The rooms of a gateway that know viewers, on one loop, answering requests on a broker."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        (folder / "stagewire.yaml").write_text(f"venue: hall\nbroker: {{port: {broker.port}}}\n")
        self.folder, self.data, self.config = folder, folder / "data", venue_of(folder / "stagewire.yaml")
        self.journal, self.totals = Journal(self.data), Totals()
        self.store = StatsStore(self.data, lambda: self.totals.kept(self.journal.durable))
        trace = TraceBook(self.journal.reader)
        program = compile_rules(self.config.rules, self.config.settings)
        dispatcher = Dispatcher({}, lambda _ack: None, lambda _station: None)
        self.deciding = Deciding(program, dispatcher, self.journal, trace, time.time)
        self.forgotten: list[str] = []
        memory = Memory(self.deciding, self.journal, [self.forgotten.append, self._forget])
        topics = Topics("hall")
        self.bus = Bus(broker.settings, "gateway", on_message=self._heard)
        self.bus.subscribe(topics.gateway_request("gateway", "+"))
        self.requests = Requests(topics, "gateway", self.bus.publish)
        self.requests.add(Erasures(self.config, self.journal, self.store, memory).handlers)
        self.requests.add(Retention(self.config, self.journal, self.store).handlers)

    def _heard(self, message: Message) -> None:
        address = parse(message.topic)
        assert address is not None
        self.requests.handle(address.detail, message.payload)

    def _forget(self, viewer: str) -> None:
        for account in self.totals:
            if account.session is not None:
                account.session.contributions.forget(viewer)

    def happened(self, event: m.Event) -> None:
        self.deciding.happened(event)
        self.totals.event(event)
        self.store.touch()

    async def say(self, *args: str) -> Result:
        """``stagewire`` in another thread, as another process would do it."""
        command = [*args, "--config", str(self.folder / "stagewire.yaml")]
        return await asyncio.to_thread(CliRunner().invoke, main, command)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with contextlib.AsyncExitStack() as stack:
        broker = stack.enter_context(Mosquitto(tmp_path))
        await happen(tmp_path / "data")
        gateway = Running(tmp_path, broker)
        stack.enter_context(own_folder(gateway.data))
        await gateway.journal.open()
        await gateway.store.open()
        stack.push_async_callback(gateway.journal.close)
        stack.push_async_callback(gateway.store.close)
        stack.push_async_callback(gateway.requests.close)
        gateway.deciding.clocks(False)  # what waits for its time shall wait
        gateway.deciding.restore(gateway.journal.reader.state())
        task = asyncio.create_task(gateway.bus.run())
        stack.callback(task.cancel)
        await until(lambda: gateway.bus.connected)
        yield gateway


def kept(state: State) -> str:
    """All that the rules remember, as one text."""
    return str({name: table for name, table in vars(state).items() if isinstance(table, dict)})


async def test_a_running_gateway_forgets_on_disk_and_in_memory_and_counts_on(running: Running) -> None:
    for number, user in enumerate((NADIA, OTTO, NADIA)):
        running.happened(gift_of(user, f"live-{number}", time.time(), coins=7))
    before = running.totals.stats("mara")
    assert NADIA.id in kept(running.deciding.state)
    result = await running.say("erase", "@nadia.quill", "--yes")
    assert result.exit_code == 0, result.output
    assert "Found: 0." in result.output
    assert bytes_with(running.data) == {}
    assert set(running.forgotten) == {NADIA.id}
    assert NADIA.id not in kept(running.deciding.state)
    assert NADIA.nickname not in kept(running.deciding.state)
    assert running.totals.stats("mara") == before
    session = running.totals.session("mara")
    assert session is not None
    assert [c.viewer for c in session.contributions.contributions()] == [OTTO.id]
    assert session.contributions.others.coins == 2 * 2 * 7
    # It goes on: what comes now is counted beside what was, and nothing of her comes back.
    running.happened(gift_of(OTTO, "live-3", time.time(), coins=7))
    assert await running.journal.flush()
    assert await running.store.flush()
    after = running.totals.stats("mara")
    assert after.coins == before.coins + 14
    assert bytes_with(running.data) == {}
    restored, lost = State.restored(JournalReader(running.data).state())
    assert lost == []
    assert restored.counters == running.deciding.state.counters
    assert set(restored.owed) == set(running.deciding.state.owed) == {"room-1-2/shoot/0"}


async def test_what_is_read_of_old_sessions_meanwhile_is_forgotten_as_well(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, rewritten = running.forgotten, erase.statistics

    def rewriting(data: Path, *, forget: Forget) -> None:
        rewritten(data, forget=forget)
        steps.append("statistics")

    monkeypatch.setattr(erase, "statistics", rewriting)
    assert (await running.say("erase", NADIA.id, "--yes")).exit_code == 0
    assert steps == [NADIA.id, "statistics", NADIA.id]


async def test_an_erasure_that_the_disk_cut_short_is_finished_before_the_next_one(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_data: Path, *, forget: Forget) -> None:
        raise StorageError("the card is full")

    with monkeypatch.context() as patch:
        patch.setattr(erase, "statistics", refused)
        result = await running.say("erase", NADIA.id, "--yes")
        assert "the card is full" in result.output
    assert bytes_with(running.data)
    result = await running.say("erase", OTTO.id, "--yes")
    assert result.exit_code == 0, result.output
    assert bytes_with(running.data) == {}
    assert erase.pending(running.data) is None


async def test_what_is_on_its_way_to_a_machine_for_the_viewer_is_waited_for(running: Running) -> None:
    state = running.deciding.state
    run = msgspec.structs.replace(state.runs["room-1-3/wait/0"], open={"c": Act("cannon", "fire")})
    state.keep(run)
    result = await running.say("erase", NADIA.id, "--yes")
    assert result.exit_code == 1
    assert "cannon is just about to fire for this viewer (rule wait)" in result.output
    assert bytes_with(running.data)
    state.keep(msgspec.structs.replace(run, open={}))
    assert (await running.say("erase", NADIA.id, "--yes")).exit_code == 0


async def test_a_name_of_two_viewers_is_asked_back(running: Running) -> None:
    other = m.User(id="7055555555555555555", name="nq", nickname=NADIA.nickname)
    running.happened(by(other, "follow", "f-1", time.time()))
    assert await running.journal.flush()
    result = await running.say("erase", NADIA.nickname, "--yes")
    assert result.exit_code == 1
    assert "7055555555555555555  @nq, Nadia Quill  last seen 2" in result.output
    assert NADIA.id in result.output


async def test_retention_of_a_running_gateway_is_asked_for(running: Running) -> None:
    result = await running.say("retention")
    assert result.exit_code == 0, result.output
    assert "Nothing is older than 90 days" in result.output


async def test_where_no_broker_is_the_running_gateway_cannot_be_asked_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "stagewire.yaml").write_text(f"venue: hall\nbroker: {{port: {free_port()}}}\n")
    with own_folder(tmp_path / "data"), pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.keeping.asking.CONNECT_S", 0.5)
        command = ["erase", "x", "--config", str(tmp_path / "stagewire.yaml")]
        result = await asyncio.to_thread(CliRunner().invoke, main, command)
    assert result.exit_code == 1
    assert "stop the gateway, then try again" in result.output
