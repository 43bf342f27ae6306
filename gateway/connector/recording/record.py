"""``stagewire record``: writes what one account tells into a session file, from the broker or from the source."""

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from msgspec import Struct

from gateway import messages as m
from gateway.bus import Bus, Message
from gateway.connector.account.account import Account
from gateway.connector.recording import session_file
from gateway.connector.recording.disguise import Disguise
from gateway.connector.roster import chosen
from gateway.connector.sources.base import PACE, Pace, Source, Stream
from gateway.connector.sources.make import Sources
from gateway.errors import PayloadError, StorageError
from gateway.lines_file import LinesWriter
from gateway.settings import models
from gateway.topics import Topics, parse

log = logging.getLogger(__name__)

FLUSH_INTERVAL = 5.0
"""Seconds; what a power cut costs at most. Each flush writes some hundred bytes more than none would."""
SEEN = 10_000
"""Event ids remembered: the broker and a second connector repeat the last seconds, never so many events."""
HINT_AFTER = 5.0
"""Seconds; the broker tells the account's state at once, if it has one."""
NOTHING = (
    "nothing is known of {0} there yet: is the name right, and a connector running? (--direct needs none). "
    "Still listening"
)
SOURCE = "stagewire/record"
"""Who says that the recording has a gap."""

Disguised = Callable[[m.Event], m.Event]


class Job(Struct, frozen=True, kw_only=True):
    """What to record: ``direct`` from the account's source, else what its connector publishes to the broker.

    ``names``: keep the viewers' ids and names. ``seconds``: end after so long, else when cancelled.
    """

    account: str
    file: Path | None = None
    direct: bool = False
    names: bool = False
    seconds: float | None = None


class Recorder:
    """Writes Events and states into a file, each Event once. ``counts``: Events by kind."""

    def __init__(self, writer: LinesWriter, disguised: Disguised) -> None:
        self.counts: Counter[str] = Counter()
        self.gifts = 0
        self.state = ""
        self.room = ""
        self._writer = writer
        self._disguised = disguised
        self._seen: dict[str, None] = {}
        self._failure: StorageError | None = None

    def take(self, event: m.Event) -> None:
        if event.id in self._seen:
            return
        self._seen[event.id] = None
        if len(self._seen) > SEEN:
            del self._seen[next(iter(self._seen))]
        self.room = event.room
        self.counts[m.KINDS[type(event)]] += 1
        if isinstance(event, m.GiftEvent):
            self.gifts += event.data.count
        self._write(m.encode(self._disguised(event)))

    def tell(self, state: m.AccountState, *, last: bool = False) -> None:
        """``last``: it says only that the recording ends."""
        if not last:
            self.state = state.phase
        self._write(m.encode(session_file.StateLine(at=m.stamp(time.time()), state=state)))

    async def keep(self) -> None:
        """Make what was written safe every few seconds, until cancelled. Raises ``StorageError``."""
        while True:
            await asyncio.sleep(FLUSH_INTERVAL)
            if self._failure is not None:
                raise self._failure
            self._writer.flush()
            await asyncio.to_thread(self._writer.sync)

    @property
    def words(self) -> str:
        """What is in the file so far."""
        state = f"; the account is {self.state}" if self.state else "; nothing is known of the account"
        counts = ((self.counts.total(), "event"), (self.gifts, "gift"), (self.counts["comment"], "comment"))
        events, *some = (f"{n} {what}{'' if n == 1 else 's'}" for n, what in counts)
        return f"{events}: {', '.join(some)}{state}"

    def _write(self, line: bytes) -> None:
        if self._failure is None:
            try:
                self._writer.write(line)
            except StorageError as e:  # told by ``keep``: the one who sends us events cannot help it
                self._failure = e


async def record(
    settings: models.Settings,
    job: Job,
    *,
    base_dir: Path = Path(),
    say: Callable[[str], None],
    on_start: Callable[[Recorder], None] = lambda _: None,
) -> None:
    """Record until cancelled or ``job.seconds`` are over; the file is whole either way.

    ``say`` takes the lines for a person, ``on_start`` who has the counts. Raises ``StorageError`` when the file
    cannot be written, ``SourceError``, ``SettingsError`` and ``BusError`` for what can never work.
    """
    ((name, account),) = chosen(settings, [job.account]).items()
    sources = Sources(settings.connector, base_dir, PACE)
    stream = sources.stream(name, account)
    now = time.time()
    path = job.file or Path(time.strftime(f"{name}-%Y%m%d-%H%M%S.session.gz", time.localtime(now)))
    with session_file.create(path, name, stream.source, m.stamp(now), pseudonymous=not job.names) as writer:
        recorder = Recorder(writer, _as_it_is if job.names else Disguise())
        where = stream.source if job.direct else f"the broker {settings.broker.host}:{settings.broker.port}"
        viewers = "with the viewers' ids and names" if job.names else "viewers get invented names"
        say(f"recording {name} from {where} to {path}, {viewers}; end it with Ctrl-C")
        on_start(recorder)
        loop = asyncio.get_running_loop()
        hint = loop.call_later(HINT_AFTER, lambda: None if recorder.state else say(NOTHING.format(name)))
        if job.direct:
            source = sources(stream, account)
            listening = _follow(stream, account, source, sources.pace(account), recorder)
        else:
            listening = _subscribe(settings, name, stream, recorder, base_dir)
        try:
            await _first_of(listening, recorder.keep(), seconds=job.seconds)
        finally:
            hint.cancel()
            say(f"{path}: {recorder.words}")


async def _follow(stream: Stream, account: models.Account, source: Source, pace: Pace, recorder: Recorder) -> None:
    """Straight from the source, as the connector listens to it."""
    guests = account.guest_gifts == "keep"
    ending = False

    def tell(state: m.AccountState) -> None:
        recorder.tell(state, last=ending)

    own = Account(stream, account.username, source, recorder.take, tell, pace, guests=guests)
    try:
        await own.run()
    finally:
        ending = True
        own.switch_off("the recording was ended")


async def _subscribe(
    settings: models.Settings, name: str, stream: Stream, recorder: Recorder, base_dir: Path
) -> None:
    """What the account's connector publishes. While the broker is away, that is a gap of the recording."""
    topics = Topics(settings.venue)
    away: float | None = None

    def on_message(message: Message) -> None:
        address = parse(message.topic)
        if address is None or not message.payload:
            return
        try:
            if address.facet == "state":
                recorder.tell(m.decode(message.payload, m.AccountState))
            elif not message.retain:
                recorder.take(m.decode_event(message.payload))
        except PayloadError as e:
            log.warning("%s: left out, it does not follow the contract: %s", message.topic, e)

    def on_state(connected: bool, _words: str) -> None:
        nonlocal away
        if not connected:
            away = away or time.time()
        else:
            if away is not None and recorder.counts:  # before the first event, nothing was interrupted
                recorder.take(_gap(stream, recorder.room, away, time.time()))
            away = None

    client_id = f"stagewire-{settings.venue}-record-{secrets.token_hex(4)}"
    bus = Bus(settings.broker, client_id, on_message=on_message, on_state=on_state, base_dir=base_dir)
    bus.subscribe(topics.account_event(name, "+"))
    bus.subscribe(topics.account_state(name))
    await bus.run()


def _gap(stream: Stream, room: str, start: float, end: float) -> m.GapEvent:
    why = "the recorder was not connected to the broker"
    return m.GapEvent(
        id=f"record-gap-{int(start * 1000)}",
        source=SOURCE,
        time=m.stamp(start),
        received=m.stamp(end),
        account=stream.account,
        room=room,
        simulated=stream.simulated,
        data=m.Gap(start=m.stamp(start), end=m.stamp(end), why=why),
    )


def _as_it_is(event: m.Event) -> m.Event:
    return event


async def _first_of(*work: Coroutine[Any, Any, None], seconds: float | None) -> None:
    """Until one of them fails, or so long; then all are ended."""
    tasks = [asyncio.create_task(w) for w in work]
    try:
        done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
