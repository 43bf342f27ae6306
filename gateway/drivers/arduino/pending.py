"""One command on its way to a board."""

import asyncio
import time
from collections.abc import Callable
from math import inf

from gateway.drivers.arduino.plans import Plan
from gateway.drivers.base import Outcome
from gateway.messages import Command, seconds


class Pending:
    """``run_id`` stands for it on the wire. Times are on the loop's clock."""

    def __init__(self, run_id: int, command: Command, plan: Plan, on_moved: Callable[[float], None]) -> None:
        loop = asyncio.get_running_loop()
        self.command = command
        self.plan = plan
        self.on_moved = on_moved
        self.id = run_id
        self.messages = plan.messages(run_id)
        self.deadline = loop.time() + seconds(command.expires_at) - time.time()
        self.sent: float | None = None
        self.moved: float | None = None
        self.asked = False  # the board's next word answers a question, and its time is no edge's
        self.doubtful = False  # the board may have forgotten that it ever had this one
        self.question = False  # it is asked what became of this one, and nothing is sent
        self.again = False  # it was refused once already
        self.not_before = -inf  # until then it would be refused again
        self.outcome: asyncio.Future[Outcome | None] = loop.create_future()
        self.timer: asyncio.TimerHandle | None = None
        self.renewal: asyncio.TimerHandle | None = None
        self.wait: asyncio.TimerHandle | None = None  # not sent yet: the board would refuse it

    def refused(self, run_id: int, not_before: float) -> None:
        """It never moved, and will be sent once more, as ``run_id``."""
        self.again, self.sent, self.not_before = True, None, not_before
        self.id, self.messages = run_id, self.plan.messages(run_id)
        if self.renewal is not None:
            self.renewal.cancel()
            self.renewal = None

    def wait_no_more(self) -> None:
        if self.wait is not None:
            self.wait.cancel()
            self.wait = None

    def close(self) -> None:
        """It is over."""
        for timer in (self.timer, self.renewal, self.wait):
            if timer is not None:
                timer.cancel()
