"""Whether a command may move anything, by what people have said. Pure."""

from dataclasses import dataclass

from gateway.dispatch.acks import Verdict
from gateway.messages import Command, Mode, Status


@dataclass(slots=True)
class Permission:
    """``stopped``: the words of the stop in force. ``held``: nothing starts for now, and what comes may wait.
    ``unwritten``: nobody waits for the disk to have what was done, since it refuses."""

    mode: Mode = "live"
    armed: bool = False
    stopped: str = ""
    held: bool = False
    unwritten: bool = False

    def refusal(self, command: Command, *, moves: bool) -> Verdict | None:
        """Why ``command`` ends here. ``moves``: of its station; what moves nothing needs no arming."""
        if self.stopped:
            return Verdict(Status.BLOCKED, self.stopped, "stop")
        if self.mode != "live" or command.dry_run:
            why = "dry run" if command.dry_run else self.mode
            return Verdict(Status.BLOCKED, f"{why}: decided, but nothing moves", "mode")
        if moves and not self.armed:
            return Verdict(Status.BLOCKED, "not armed: press Arm on the page", "disarmed")
        return None
