"""What the gateway shows of itself: retained states of stations, accounts and gateway, kept current."""

import logging
from collections.abc import Mapping
from itertools import islice

from msgspec import Struct

from gateway import __version__
from gateway.dispatch.dispatcher import Dispatcher
from gateway.drivers.base import BoardDriver, Input
from gateway.messages import (
    Ack,
    ChannelInfo,
    Event,
    GatewayHealth,
    GatewayInfo,
    GatewayState,
    GiftEvent,
    InputEvent,
    QueueItem,
    QueueState,
    StationInfo,
    StationState,
    Status,
    Timestamp,
    stamp,
)
from gateway.messages import Input as InputData
from gateway.retained import RetainedStates
from gateway.settings import parameters
from gateway.settings.models import Settings, Station
from gateway.settings.stations import OUTPUTS, Channel
from gateway.settings.values import duration, milliseconds
from gateway.stats.latency import Latency
from gateway.topics import OFFLINE, ONLINE, Topics

log = logging.getLogger(__name__)

QUEUE_SHOWN = 20
"""Waiting commands told of each station; a phone shows fewer."""
MAX_NOISY_TOPICS = 100
"""Topics whose garbage is named in the log once each; more are only counted."""


class Counts(Struct):
    """Since the gateway started."""

    events: int = 0
    gifts: int = 0
    duplicates: int = 0
    garbage: int = 0
    actions: int = 0
    not_done: int = 0


class States:
    """Puts each state where it changes; ``retained`` decides when it is sent."""

    def __init__(
        self,
        settings: Settings,
        topics: Topics,
        retained: RetainedStates,
        dispatcher: Dispatcher,
        drivers: Mapping[str, BoardDriver],
        latency: Latency,
    ) -> None:
        self.counts = Counts()
        self._settings, self._topics, self._retained = settings, topics, retained
        self._dispatcher, self._drivers, self._latency = dispatcher, drivers, latency
        self._gateway = settings.gateway.id
        self._done: dict[str, int] = dict.fromkeys(drivers, 0)
        self._failed: dict[str, int] = dict.fromkeys(drivers, 0)
        self._noisy: set[str] = set()

    def info(self, started: Timestamp, fingerprint: str) -> None:
        """Another set of rules is another ``fingerprint``."""
        info = GatewayInfo(
            gateway=self._gateway,
            version=__version__,
            started=started,
            config=fingerprint,
            stations=list(self._settings.stations),
        )
        self._retained.put(self._topics.gateway_info(self._gateway), info)

    def start(self) -> None:
        for name, station in self._settings.stations.items():
            self._retained.put(self._topics.station_info(name), station_info(name, station))
            self.station(name)
        self._put_gateway()

    # -- what the road reports ---------------------------------------------------------------------

    def counted(self, event: Event) -> None:
        self.counts.events += 1
        if isinstance(event, GiftEvent):
            self.counts.gifts += event.data.count

    def ended(self, ack: Ack) -> None:
        """A command's ending."""
        if ack.status is Status.DONE:
            self.counts.actions += 1
            self._done[ack.station] = self._done.get(ack.station, 0) + 1
        else:
            self.counts.not_done += 1
            if ack.station in self._failed:
                self._failed[ack.station] += 1

    def garbage(self, topic: str, words: str) -> None:
        """Something that does not follow the contract: counted, and named in the log once a topic."""
        self.counts.garbage += 1
        first = topic not in self._noisy and len(self._noisy) < MAX_NOISY_TOPICS
        if first:
            self._noisy.add(topic)
        log.log(logging.WARNING if first else logging.DEBUG, "%s: ignored: %s", topic, words)

    # -- states ------------------------------------------------------------------------------------

    def station(self, name: str) -> None:
        health = self._drivers[name].health
        self._retained.put(
            self._topics.station_state(name),
            StationState(
                station=name,
                online=health.online,
                armed=health.armed,
                stopped=health.stopped,
                running=self._dispatcher.running(name),
                command=self._dispatcher.running_command(name),
                waits_for=self._dispatcher.waits_for(name),
                queue=self._dispatcher.waiting(name),
                fault=health.fault,
                board=health.board,
                firmware=health.firmware,
                outputs=health.outputs,
                done=self._done[name],
                failed=self._failed[name],
                simulated=self._settings.stations[name].board.simulated,
            ),
        )
        self._retained.put(self._topics.station_availability(name), ONLINE if health.online else OFFLINE)

    def board(self, name: str) -> None:
        """What is known of the board behind a station."""
        self._retained.put(self._topics.station_board(name), self._drivers[name].board)

    def queue(self, name: str) -> None:
        """What waits for a station."""
        waiting = self._dispatcher.queue(name)
        items = [
            QueueItem(
                id=w.command.id,
                action=w.command.action,
                user=w.command.user,
                rule=w.command.rule,
                since=stamp(w.decided),
                expires_at=w.command.expires_at,
                held=w.held,
            )
            for w in islice(waiting, QUEUE_SHOWN)
        ]
        self._retained.put(
            self._topics.station_queue(name),
            QueueState(
                station=name,
                paused=self._dispatcher.paused(name),
                waiting=items,
                more=len(waiting) - len(items),
            ),
        )

    def controls(self) -> None:
        """Somebody ordered something: mode, arming or what waits may have changed."""
        self._put_gateway()
        for name in self._drivers:
            self.queue(name)

    def tick(self, health: GatewayHealth) -> None:
        """Once a second: what changes too often to be put at each change."""
        self.controls()
        for name in self._drivers:
            self.board(name)
        self._retained.put(self._topics.gateway_health(self._gateway), health)

    def _put_gateway(self) -> None:
        c = self.counts
        self._retained.put(
            self._topics.gateway_state(self._gateway),
            GatewayState(
                gateway=self._gateway,
                mode=self._dispatcher.mode,
                armed=self._dispatcher.armed,
                queue=sum(self._dispatcher.waiting(s) for s in self._drivers),
                events=c.events,
                gifts=c.gifts,
                duplicates=c.duplicates,
                garbage=c.garbage,
                actions=c.actions,
                not_done=c.not_done,
                latency_p50_ms=self._latency.percentile(50),
                latency_p95_ms=self._latency.percentile(95),
                latency_p99_ms=self._latency.percentile(99),
            ),
        )


def station_info(name: str, station: Station) -> StationInfo:
    """What a station offers, each action with the JSON Schema of its parameters."""
    actions = {
        action_name: {"title": action.title or action_name, "params": parameters.schema(station, action_name)}
        for action_name, action in station.actions.items()
    }
    channels = {channel_name: _channel_info(channel) for channel_name, channel in station.channels.items()}
    return StationInfo(
        station=name, title=station.title or name, driver=station.driver, actions=actions, channels=channels
    )


def _channel_info(channel: Channel) -> ChannelInfo:
    output = channel.kind in OUTPUTS
    return ChannelInfo(
        kind=channel.kind,
        pin=channel.pin,
        active_low=channel.active_low,
        max_on_ms=milliseconds(channel.max_on) if output else 0,
        rest_ms=milliseconds(channel.rest) if output else 0,
        group=channel.group or "",
        power=channel.power,
        duty_percent=channel.duty.percent if channel.duty else None,
        duty_seconds=duration(channel.duty.window) if channel.duty else None,
        test=parameters.schema_of(parameters.of_test(channel)) if output else None,
    )


def input_event(station: str, change: Input) -> InputEvent:
    """What a driver saw, as the station's own event. Its id is the edge's: a change told twice is one."""
    at = stamp(change.at)
    data = InputData(station=station, channel=change.channel, level=change.level, count=change.count)
    edge = f"input/{station}/{change.channel}/{at}/{int(change.level)}"
    return InputEvent(id=edge, source=f"/station/{station}", time=at, received=at, data=data)
