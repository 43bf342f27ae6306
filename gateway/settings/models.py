"""What a settings file says, as frozen Structs. The JSON Schema for editors comes from these."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway.messages import Id, Score
from gateway.settings.outputs import Sound as Sound
from gateway.settings.outputs import Webhook as Webhook
from gateway.settings.rules import Rule as Rule
from gateway.settings.rules import RuleBook as RuleBook
from gateway.settings.rules import Then as Then
from gateway.settings.schedule import Zone, zone
from gateway.settings.stations import OUTPUTS as OUTPUTS
from gateway.settings.stations import Action as Action
from gateway.settings.stations import Board as Board
from gateway.settings.stations import Channel as Channel
from gateway.settings.stations import Duty as Duty
from gateway.settings.stations import Queue as Queue
from gateway.settings.stations import Station as Station
from gateway.settings.stations import Step as Step
from gateway.settings.values import Duration as Duration
from gateway.settings.values import Name as Name
from gateway.settings.values import Port as Port
from gateway.settings.values import duration as duration
from gateway.settings.values import milliseconds as milliseconds

USERNAME = r"^[A-Za-z0-9._]{1,32}$"
"""TikTok's own rule for an @name, without the @."""


class Broker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the MQTT broker is. The password stands in a file of mode 0600, never in YAML."""

    host: Name = "127.0.0.1"
    port: Port = 1883
    username: Name | None = None
    password_file: Name | None = None
    protocol: Literal["v5", "v3.1.1"] = "v5"
    tls: bool = False
    ca_file: Name | None = None


class TikTok(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The three addresses of the platform; leave them out for the real TikTok.

    ``sign_key_file`` holds the key of the signing service, mode 0600; STAGEWIRE_SIGN_KEY in the environment goes
    before it.
    """

    app_url: Name | None = None
    webcast_url: Name | None = None
    sign_url: Name | None = None
    sign_key_file: Name | None = None
    simulated: bool = False


class Euler(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Euler Stream, which keeps the connection to TikTok for us. ``key_file`` holds its API key, mode 0600;
    STAGEWIRE_EULER_KEY in the environment goes before it."""

    url: Name = "wss://ws.eulerstream.com"
    key_file: Name | None = None


class TikFinity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The TikFinity desktop program of the streamer's PC."""

    url: Name = "ws://127.0.0.1:21213"


class Connector(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``data``: the folder of the outbox and of the learned prices. ``privacy``: with ``pseudonymous`` nobody
    behind the connector sees a viewer's platform id or @name; ``privacy_key_file`` is the venue's key for that,
    the same in all its connectors, made at the first start where there is none.

    ``stale_after``: older events are delivered marked ``stale``; they count but fire nothing.
    ``outbox_mb``: the most that waits on disk for a broker that is away.
    """

    id: Id = "connector"
    data: Name = "connector-data"
    outbox_mb: Annotated[int, Meta(ge=1, le=100_000)] = 64
    stale_after: Duration = "60s"
    privacy: Literal["names", "pseudonymous"] = "names"
    privacy_key_file: Name = "privacy.key"
    tiktok: TikTok = TikTok()
    euler: Euler = Euler()
    tikfinity: TikFinity = TikFinity()


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A LIVE account; ``username`` is the @name without the @.

    ``source``: where its LIVE is heard. ``replay`` plays the recorded session ``file`` at ``speed``; ``practice``
    invents a crowd, with the show of ``file`` if there is one. Both are marked ``simulated``.
    ``guest_gifts``: what is given to other hosts of a group LIVE counts (``keep``) or not (``drop``).
    """

    username: Annotated[str, Meta(pattern=USERNAME, description="the @name, without the @")]
    title: Name | None = None
    enabled: bool = True
    source: Literal["tiktok", "euler", "tikfinity", "replay", "practice"] = "tiktok"
    file: Name | None = None
    speed: Annotated[float, Meta(gt=0, le=1000)] = 1.0
    guest_gifts: Literal["drop", "keep"] = "drop"


class Backup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A backup that the gateway makes by itself: when (cron), into which folder, and how many are kept."""

    at: Annotated[Name, Meta(description="cron: minute hour day month weekday")] = "30 4 * * *"
    folder: Name = "backups"
    keep: Annotated[int, Meta(ge=1, le=1000)] = 7


class Gateway(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``arm``: ``manual`` needs a person's press after every start and stop; ``at-start`` is only
    for simulated boards and is refused with real ones.

    ``after_stop``: what becomes of paid runs that a stop, disarming or a broken station kept from being done.
    ``owed``: they can be given again later, one by one or all; ``cancelled``: they are over.
    """

    id: Id = "gateway"
    data: Name = "data"
    arm: Literal["manual", "at-start"] = "manual"
    after_stop: Literal["owed", "cancelled"] = "owed"
    keep_days: Annotated[int, Meta(ge=1, le=36_500, description="days that the journal is kept")] = 90
    backup: Backup | None = None


class Leaderboard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What leaderboards show: at most ``top`` viewers with a score of ``minimum`` and more, without those who have
    no name where ``hide_anonymous`` says so."""

    top: Annotated[int, Meta(ge=1, le=50)] = 10
    minimum: Annotated[int, Meta(ge=0)] = 0
    by: Score = "coins"
    hide_anonymous: bool = False


class Statistics(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``usd_per_coin``: what estimates are made with; TikTok pays about half of what a coin costs a viewer."""

    usd_per_coin: Annotated[float, Meta(ge=0, le=1)] = 0.005
    leaderboard: Leaderboard = Leaderboard()


class Web(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``hosts``: further names under which browsers may ask for the page, such as the proxy's."""

    host: Name = "127.0.0.1"
    port: Port = 8080
    hosts: list[Name] = []


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One venue's ``stagewire.yaml``; the rules stand in a file of their own beside it.

    ``power_budget``: watts of the machines' supply. A command waits until what runs at all stations leaves it what
    its channels' ``power`` says. ``interlocks``: of the stations, or actions as ``station/action``, in one list at
    most one runs at a time; the others wait.
    """

    venue: Id
    timezone: Annotated[Name, Meta(description="such as Europe/Berlin; for cron and opening hours")] = "UTC"
    broker: Broker = Broker()
    connector: Connector = Connector()
    gateway: Gateway = Gateway()
    accounts: dict[Id, Account] = {}
    stations: dict[Id, Station] = {}
    power_budget: Annotated[float, Meta(description="watts", gt=0, le=1_000_000)] | None = None
    interlocks: dict[Id, list[Name]] = {}
    sounds: dict[Id, Sound] = {}
    webhooks: dict[Id, Webhook] = {}
    sound_player: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None
    rules_file: Name = "rules.yaml"
    statistics: Statistics = Statistics()
    web: Web = Web()

    @property
    def zone(self) -> Zone:
        """The ``timezone``. Raises ``SettingsError`` for one that does not exist."""
        return zone(self.timezone)
