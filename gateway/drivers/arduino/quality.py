"""How well a wire does, from what both its ends count: a cable that goes bad is said before it fails."""

from gateway.drivers.arduino.link import Link
from gateway.drivers.arduino.wire import Stats

ASK_S = 5.0
"""How often a board is asked for its counts: one frame in a thousand."""
NOISY, GOOD = 0.02, 0.01
"""Share of damaged frames at which a wire is called noisy, and good again. One frame in fifty costs milliseconds,
not movements: there is time to look at the cable."""
LEAST = 5
"""Damaged frames: fewer may be a plug that was touched."""


class Quality:
    """``words`` is the complaint for a person, empty while the wire is good. Times are seconds."""

    def __init__(self) -> None:
        self.words = ""
        self._asked = float("-inf")
        self._before: tuple[int, int] | None = None

    def due(self, now: float) -> bool:
        """Whether to ask the board for its counts now."""
        if now - self._asked < ASK_S:
            return False
        self._asked = now
        return True

    def told(self, stats: Stats, link: Link) -> None:
        """The board's counts came; ``link`` has ours."""
        counts = stats.frames + link.frames, stats.bad_frames + link.bad
        before, self._before = self._before, counts
        if before is None or counts[0] < before[0]:
            return  # the board counts anew
        good, bad = counts[0] - before[0], counts[1] - before[1]
        share = bad / max(1, good + bad)
        if share >= NOISY and bad >= LEAST:
            self.words = (
                f"the wire to the board is noisy: {100 * share:.0f} % of its frames are damaged and sent again; "
                "check the USB cable, the common ground, and motor wires beside it"
            )
        elif share < GOOD:
            self.words = ""
