"""One account as the parent of the workers knows it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway import messages as m
from gateway.connector.account.session import Memory
from gateway.connector.sources.base import Stream
from gateway.connector.workers import wire
from gateway.settings import models


@dataclass(slots=True)
class Moving:
    """On the way to worker ``to``. ``prepared``: a second connection is made there first, that is given up when it
    does not stand at ``until``; once it does, ``until`` is when the first one may end."""

    to: int
    until: float
    prepared: bool = False
    stands: bool = False


@dataclass(slots=True)
class Charge:
    """``where``: the number of the worker that has it. ``state``: the last one, while no worker has it."""

    name: str
    config: models.Account
    note: str
    state: m.AccountState
    wanted: bool = False
    why_not: str = ""
    where: int | None = None
    releasing: bool = False
    memory: Memory = field(default_factory=Memory)
    moved_at: float = float("-inf")
    moving: Moving | None = None
    then: Callable[[], None] | None = None
    """What to do when no worker has it any more."""

    def remember(self, sight: wire.Sight | None, last_heard: float, why: str) -> None:
        """Its worker died: go on from what was seen of it last."""
        if sight is None:
            return
        silent = (sight.heard or last_heard, why) if sight.started else None
        self.memory = Memory(
            room=sight.room, started=sight.started, silent=silent, asked=sight.asked, likes=sight.likes
        )

    def say(self, phase: m.AccountPhase, detail: str) -> m.AccountState:
        """A state told by the parent."""
        old = self.state
        self.state = m.AccountState(
            account=self.name,
            username=self.config.username,
            phase=phase,
            since=old.since if old.phase == phase else m.stamp(time.time()),
            detail=f"{detail} ({self.note})" if self.note else detail,
            room=self.memory.room,
            simulated=old.simulated,
        )
        return self.state


def charge_of(stream: Stream, config: models.Account, note: str) -> Charge:
    """A new account, offline."""
    state = m.AccountState(
        account=stream.account,
        username=config.username,
        phase="offline",
        since=m.stamp(time.time()),
        simulated=stream.simulated,
    )
    return Charge(stream.account, config, note, state)
