"""What a connector and its workers say to each other: JSON, a line each, over the worker's stdin and stdout."""

import msgspec
from msgspec import Struct

from gateway import messages as m
from gateway.connector.account.session import Memory
from gateway.connector.sources.base import Pace
from gateway.settings import models


class _Line(Struct, frozen=True, tag_field="say"):
    pass


# -- to a worker --------------------------------------------------------------------------------


class Setup(_Line, frozen=True, tag="setup"):
    """The first line. The settings hold no secrets: those stay in the environment and in their files."""

    worker: int
    settings: models.Settings
    base_dir: str
    pace: Pace
    log_level: int


class Start(_Line, frozen=True, tag="start"):
    """Listen to the account, going on with ``memory``."""

    account: str
    config: models.Account
    note: str
    memory: Memory


class Prepare(_Line, frozen=True, tag="prepare"):
    """Make a connection to its LIVE beside another worker's, and say ``Standing``."""

    account: str
    config: models.Account
    room: str


class Forget(_Line, frozen=True, tag="forget"):
    """Hang up what was prepared."""

    account: str


class Adopt(_Line, frozen=True, tag="adopt"):
    """As ``Start``, on the connection that was prepared, if it still stands."""

    account: str
    config: models.Account
    note: str
    memory: Memory


class Release(_Line, frozen=True, tag="release"):
    """Stop listening and answer ``Released``: with ``why``, after saying ``offline`` for that reason."""

    account: str
    why: str


class Inherit(_Line, frozen=True, tag="inherit"):
    """Send what waits in the outboxes of workers that are gone, too."""


class Turn(_Line, frozen=True, tag="turn"):
    """The account may sign."""

    account: str


# -- to the parent ------------------------------------------------------------------------------


class Up(_Line, frozen=True, tag="up"):
    """Ready for accounts."""


class Failed(_Line, frozen=True, tag="failed"):
    """It cannot work, for a reason that a person must look into; of all accounts where none is named."""

    words: str
    account: str = ""


class Sight(Struct, frozen=True):
    """An account as its worker sees it. ``heard`` and ``asked`` as in ``Account``; ``events``: so far."""

    phase: m.AccountPhase
    room: str
    started: bool
    heard: float
    asked: float
    likes: int
    events: int
    streaking: bool


class Beat(_Line, frozen=True, tag="beat"):
    """The worker's loop is alive. ``cpu``: seconds of processor time since it began."""

    cpu: float
    accounts: dict[str, Sight]


class Standing(_Line, frozen=True, tag="standing"):
    """What was prepared is connected."""

    account: str


class Released(_Line, frozen=True, tag="released"):
    account: str
    memory: Memory


class Ask(_Line, frozen=True, tag="ask"):
    """The account would like a turn at the signing service."""

    account: str


# -- both ways ----------------------------------------------------------------------------------


class Limited(_Line, frozen=True, tag="limited"):
    """Nobody may sign before ``until``, seconds since 1970."""

    until: float


Order = Setup | Start | Prepare | Forget | Adopt | Release | Inherit | Turn | Limited
Word = Up | Failed | Beat | Standing | Released | Ask | Limited

_order: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)
_word: msgspec.json.Decoder[Word] = msgspec.json.Decoder(Word)


def encode(line: Order | Word) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def order(line: bytes) -> Order:
    """Raises ``msgspec.MsgspecError``."""
    return _order.decode(line)


def word(line: bytes) -> Word:
    """Raises ``msgspec.MsgspecError``."""
    return _word.decode(line)
