"""What a settings file says, as frozen Structs. The JSON Schema for editors comes from these."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway.messages import Id, Param

Duration = Annotated[
    str,
    Meta(
        pattern=r"^\d+(\.\d+)?(ms|s|m|h)$",
        description="a number and its unit, such as 500ms, 2s, 1.5s, 5m, 1h",
        examples=["2s", "500ms"],
    ),
]
Port = Annotated[int, Meta(ge=1, le=65535)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]

USERNAME = r"^[A-Za-z0-9._]{1,32}$"
"""TikTok's own rule for an @name, without the @."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def duration(text: Duration) -> float:
    """``"500ms"`` -> 0.5 seconds."""
    digits = text.rstrip("msh")
    return float(digits) * _UNITS[text[len(digits) :]]


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

    ``sign_key_file`` holds the key of the signing service, mode 0600.
    """

    app_url: Name | None = None
    webcast_url: Name | None = None
    sign_url: Name | None = None
    sign_key_file: Name | None = None
    simulated: bool = False


class Connector(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Id = "connector"
    tiktok: TikTok = TikTok()


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A LIVE account; ``username`` is the @name without the @."""

    username: Annotated[str, Meta(pattern=USERNAME, description="the @name, without the @")]
    title: Name | None = None
    enabled: bool = True


class Gateway(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``arm``: ``manual`` needs a person's press after every start and stop; ``at-start`` is only
    for simulated boards and is refused with real ones."""

    id: Id = "gateway"
    data: Name = "data"
    arm: Literal["manual", "at-start"] = "manual"


ChannelKind = Literal["pulse", "level", "pwm", "servo", "tone", "input", "analog", "stop", "status"]
Pin = Annotated[int, Meta(ge=2, le=69, description="the board's pin number; 0 and 1 carry the wire itself")]


class Channel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One pin of a board and its limits. The board enforces them whatever the gateway asks.

    ``max_on``: longest time energised; ``rest``: shortest time off between two; ``active_low``: a relay
    board that switches on at 0 V. ``pull_up`` and ``debounce`` are for inputs.
    """

    kind: ChannelKind
    pin: Pin
    max_on: Duration = "1s"
    rest: Duration = "0ms"
    active_low: bool = False
    pull_up: bool = True
    debounce: Duration = "20ms"


class Action(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name for what a station can do: energise ``channel`` for ``for``."""

    channel: Id
    on_for: Duration = "200ms"
    title: Name | None = None


class Board(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to find the board: by the id in its EEPROM, by USB serial number, or by a fixed port path."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,16}$")] | None = None
    serial_number: Name | None = None
    port: Name | None = None
    baud: Literal[115200, 250000, 500000, 1000000] = 250000
    simulated: bool = False


class Station(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    driver: Literal["arduino"] = "arduino"
    title: Name | None = None
    board: Board
    channels: dict[Id, Channel]
    actions: dict[Id, Action]


class Web(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``hosts``: further names under which browsers may ask for the page, such as the proxy's."""

    host: Name = "127.0.0.1"
    port: Port = 8080
    hosts: list[Name] = []


class OnGift(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gift by name or id, or any gift worth at least ``min_coins`` a piece.

    ``pay``: ``each`` runs the action once for every gift of a streak, ``start`` and ``end`` once a streak.
    """

    name: Name | None = None
    id: Name | None = None
    min_coins: Annotated[int, Meta(ge=1)] | None = None
    pay: Literal["each", "start", "end"] = "each"


class OnComment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``contains`` finds a word anywhere, ``exact`` wants the whole comment; case and accents never count."""

    contains: Name | None = None
    exact: Name | None = None


class OnLike(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every N likes of the account's LIVE; the remainder is carried over."""

    every: Annotated[int, Meta(ge=1)]


class When(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Exactly one of these."""

    gift: OnGift | None = None
    comment: OnComment | None = None
    like: OnLike | None = None


class Then(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    station: Id
    action: Id
    params: dict[Id, Param] = {}


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``cooldown`` counts from the last time the rule fired; ``deadline`` is how late it may still move."""

    when: When
    then: Annotated[list[Then], Meta(min_length=1)]
    accounts: list[Id] = []
    cooldown: Duration | None = None
    deadline: Duration = "30s"
    enabled: bool = True
    title: Name | None = None


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One venue's ``stagewire.yaml``; the rules stand in a file of their own beside it."""

    venue: Id
    broker: Broker = Broker()
    connector: Connector = Connector()
    gateway: Gateway = Gateway()
    accounts: dict[Id, Account] = {}
    stations: dict[Id, Station] = {}
    rules_file: Name = "rules.yaml"
    web: Web = Web()


class RuleBook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ``rules.yaml``. Rules are tried in the order they stand in."""

    rules: dict[Id, Rule] = {}
