"""The way in for what happens on streams: every event counts once, and a broker keeps it until it is on disk."""

import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

from gateway.bus import Bus, Message
from gateway.errors import PayloadError
from gateway.heard import REMEMBERED_EVENTS, REMEMBERED_STREAKS, STREAK_LIFE_S, Heard
from gateway.journal import Journal
from gateway.messages import KINDS, LIVE_KINDS, Event, decode_event
from gateway.settings.load import Config
from gateway.states import States
from gateway.topics import Topics, parse

MAX_STRANGERS = 100
"""Accounts heard of that the settings do not name; more are refused, for each costs memory and disk for good."""


class OnEvent(Protocol):
    def __call__(self, event: Event, *, urgent: bool, on_durable: Callable[[], None] | None) -> object: ...


class Intake:
    """A connection to the broker of its own: events are acknowledged only once they are on disk, and a broker
    stops sending when too many wait for that.

    ``on_event`` hears of each that is new, as it counts; ``on_state`` of the connection, as ``Bus`` tells it.
    ``heard`` is shared with those who hear of events in other ways.
    """

    def __init__(
        self,
        config: Config,
        journal: Journal,
        heard: Heard,
        on_event: OnEvent,
        states: States,
        on_state: Callable[[bool, str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        settings = config.settings
        self._known, self._strangers = settings.accounts.keys(), set[str]()
        self._journal, self._heard, self._clock = journal, heard, clock
        self._on_event, self._states = on_event, states
        self._unwritten: set[Callable[[], None]] = set()
        self._bus = Bus(
            settings.broker,
            f"stagewire-{settings.venue}-{settings.gateway.id}-events",
            on_message=self._on_message,
            on_state=on_state,
            keep_session=True,
            manual_ack=True,
            sibling=True,
            base_dir=config.base_dir,
        )
        self._bus.subscribe(Topics(settings.venue).account_event("+", "+"))
        self.run = self._bus.run

    @property
    def connected(self) -> bool:
        return self._bus.connected

    def warm(self, accounts: set[str]) -> None:
        """What happened before this start is known: a redelivered event is a duplicate, and ``accounts`` that were
        counted before are none that begin now."""
        past = self._journal.reader
        gifts = past.recent_gifts(REMEMBERED_STREAKS, since=self._clock() - STREAK_LIFE_S)
        self._heard.remember(past.recent_event_ids(REMEMBERED_EVENTS), gifts)
        self._strangers = accounts - self._known

    def go_on_unwritten(self, unwritten: bool) -> None:
        """While the disk refuses, what waits for it is acknowledged, for a broker sends only so much beyond that:
        the show goes on from memory."""
        if not unwritten:
            return
        waiting, self._unwritten = self._unwritten, set()
        for acknowledge in waiting:
            acknowledge()

    def _on_message(self, message: Message) -> None:
        address = parse(message.topic)
        if address is None or message.retain:  # events are never retained: an old one must not move anything
            self._states.garbage(message.topic, "retained, or not one of our topics")
            message.ack()
            return
        try:
            event = decode_event(message.payload)
            kind = KINDS[type(event)]
            if kind not in LIVE_KINDS or (address.id, address.detail) != (event.account, kind):
                raise PayloadError(f"a {kind} of {event.account!r} does not belong on this topic")
            self._check_stranger(event.account)
            self._take(event, message.ack)
        except PayloadError as e:
            self._states.garbage(message.topic, str(e))
            message.ack()

    def _take(self, event: Event, acknowledge: Callable[[], None]) -> None:
        """An event, for the first time or again. The broker keeps it until ``acknowledge``."""
        durable: Callable[[], None] | None = None
        if self._journal.fault:
            acknowledge()  # the disk is away: the show goes on from memory, loudly, rather than stall
        else:
            self._unwritten.add(acknowledge)
            durable = partial(self._written, acknowledge)
        if event not in self._heard:
            # From here on, the journal included, as it counts.
            self._on_event(self._heard.add(event), urgent=self._bus.crowded, on_durable=durable)
            return
        self._states.counts.duplicates += 1
        if durable is not None:  # the first copy may not be on disk yet
            self._journal.append(event, urgent=self._bus.crowded, on_durable=durable)

    def _written(self, acknowledge: Callable[[], None]) -> None:
        self._unwritten.discard(acknowledge)
        acknowledge()

    def _check_stranger(self, account: str) -> None:
        if account in self._known or account in self._strangers:
            return
        if len(self._strangers) >= MAX_STRANGERS:
            raise PayloadError(
                f"account {account!r} is not in the settings, like {MAX_STRANGERS} others before it"
            )
        self._strangers.add(account)
