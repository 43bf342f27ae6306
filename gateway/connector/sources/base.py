"""What the connector asks of a source, and every way in which a source can fail."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gateway import messages as m
from gateway.connector.account.streaks import CLOSE_AFTER
from gateway.errors import SourceError
from gateway.settings.models import Account


class Offline(SourceError):
    """The account is not live now."""


class Finished(Offline):
    """The source has nothing more to give: it is not asked again until the account is connected anew."""


class NotFound(SourceError):
    """There is no such account, or it cannot go live."""


class RateLimited(SourceError):
    """We asked too often. ``retry_at``: seconds since 1970 when we may ask again."""

    def __init__(self, words: str, retry_at: float) -> None:
        super().__init__(words)
        self.retry_at = retry_at


class Refused(SourceError):
    """The platform answered, but not to us: blocked, captcha, age limit, a reply without meaning."""


class NotSigned(Refused):
    """The signing service, which stands between us and the platform, gave no good signature."""


class Lost(SourceError):
    """The connection broke, or could not be made."""


class Stalled(SourceError):
    """The connection stands, but nothing has come through it for too long."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient the connector is, in seconds.

    ``poll`` is the platform's own tolerance (one question a minute for each account); the others are ours.
    """

    poll: float = 60.0
    """Shortest time between two questions whether an account is live."""
    not_found: float = 300.0
    """Until an account that does not exist is asked for again."""
    refused: float = 15.0
    """After a refusal at the least: every try costs a signature, and pressing makes it worse."""
    first: float = 0.5
    """Until the first reconnect; doubles with each failure."""
    longest: float = 60.0
    """Longest time between reconnects."""
    steady: float = 30.0
    """A connection that lasted so long forgives the failures before it."""
    stall: float = 30.0
    """Without a message for so long the LIVE counts as stalled: six of the client's heartbeats unanswered."""
    streak: float = CLOSE_AFTER
    """Without a tap until a gift streak counts as over."""
    connect: float = 30.0
    """For everything between the first question and the open socket, but for the wait for a signature."""
    sign: float = 0.25
    """Shortest time between two signatures, of all accounts together."""


PACE = Pace()
"""What suits TikTok; tests hurry."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Whose LIVE it is: what every event of a source carries."""

    account: str
    source: str
    simulated: bool = False

    @property
    def username(self) -> str:
        """The @name of the account's host."""
        return self.source.rpartition("@")[2]


class Sink(Protocol):
    """Who listens to a source. Called on the loop, in order; must return at once."""

    def on_waiting(self, words: str) -> None:
        """Connected to somebody who will tell of the next LIVE; there is none now, or nobody can tell."""

    def on_found(self, room: str) -> None:
        """The account is live; connecting to this room."""

    def on_live(self, room: str) -> None:
        """Connected: what follows belongs to this room."""

    def on_event(self, event: m.Event) -> None:
        """Something happened. Gifts carry the streak's count so far in ``total``; see ``streaks``."""

    def on_frame(self, acknowledge: Callable[[], None]) -> None:
        """The events since the last frame came with this one. Call ``acknowledge`` once all of them are safe:
        the platform then counts them as delivered. It does nothing when the connection is gone by then."""


class Source(Protocol):
    """One account's LIVE on one platform; used by one task at a time, again and again."""

    @property
    def heard(self) -> float:
        """When the platform last said anything, in seconds since 1970; 0 before that."""

    async def run(self, sink: Sink, room: str = "") -> None:
        """One connection: ask whether the account is live, connect, pass events on, return at the LIVE's end.

        With ``room``, a LIVE known to be running, it connects without asking first.
        Raises one of the errors above. Cancelling it hangs up.
        """


MakeSource = Callable[[Stream, Account], Source]
"""Makes the source of an account from its stream and its settings."""
