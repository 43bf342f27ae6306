"""What waits for the broker, one lane for each topic, in order. Pure: the clock is an argument.

A lane's beginning is in memory; when there is much, its middle is on disk alone, and what came last and is not on
disk yet is in memory again. Order is kept within a topic, which is also what MQTT keeps.
"""

from bisect import insort
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.connector.delivery.outbox import Row

IN_MEMORY = 2_000
"""Events on disk that are kept in memory too, to be sent at once; some 2 MB."""
PAGE = 500
"""Events read back from disk in one go."""
RETRY_S = 3.0
"""Between two tries on a topic that nobody subscribes to."""
UNHEARD_S = 30.0
"""What nobody subscribes to is let go after this, unless it is paid: long enough for a gateway to restart."""


@dataclass(slots=True, eq=False)
class Entry:
    """An event under way. ``born``: when it came, by the loop's clock. ``safe``: on disk, or known to the broker;
    ``over``: done with."""

    seq: int
    topic: str
    payload: bytes
    received: float
    paid: bool
    born: float
    on_disk: bool = False
    safe: bool = False
    over: bool = False

    def row(self) -> Row:
        return Row(self.seq, self.topic, self.payload, self.received, self.paid)


@dataclass(slots=True)
class _Lane:
    topic: str
    front: deque[Entry] = field(default_factory=deque)
    spilled: int = 0
    """Events between ``front`` and ``tail`` that are on disk alone, behind ``read_to``."""
    read_to: int = 0
    tail: deque[Entry] = field(default_factory=deque)
    deaf_since: float | None = None
    """Since when nobody subscribes."""
    try_at: float = 0.0
    """When a deaf lane tries with one event; infinite while that one is under way."""


class Lanes:
    """``held``: events in memory. True while anything waits, in memory or on disk."""

    def __init__(self) -> None:
        self.held = 0
        self._lanes: dict[str, _Lane] = {}

    def __bool__(self) -> bool:
        return bool(self._lanes)

    def __len__(self) -> int:
        return self.held + sum(lane.spilled for lane in self._lanes.values())

    def __iter__(self) -> Iterator[Entry]:
        """All in memory."""
        for lane in self._lanes.values():
            yield from lane.front
            yield from lane.tail

    # -- in and out --------------------------------------------------------------------------------

    def add(self, entry: Entry) -> None:
        """A new event, behind all others."""
        lane = self._lane(entry.topic)
        (lane.tail if lane.spilled else lane.front).append(entry)
        self.held += 1
        if lane.deaf_since is not None and not entry.paid:
            entry.safe = True  # the broker would only say again that nobody wants it

    def put_back(self, entry: Entry) -> None:
        """An event that was taken, to its old place."""
        lane = self._lane(entry.topic)
        insort(lane.front, entry, key=_seq)
        lane.try_at = 0.0
        self.held += 1

    def take(self, now: float) -> Entry | None:
        """The oldest that can be sent now."""
        ready = [
            lane for lane in self._lanes.values() if lane.front and (lane.deaf_since is None or lane.try_at <= now)
        ]
        if not ready:
            return None
        lane = min(ready, key=lambda lane: lane.front[0].seq)
        if lane.deaf_since is not None:
            lane.try_at = float("inf")
        self.held -= 1
        entry = lane.front.popleft()
        self._tidy(lane)
        return entry

    # -- who listens -------------------------------------------------------------------------------

    def unheard(self, entry: Entry, now: float) -> bool:
        """Nobody subscribes to this event's topic: it waits in its place. True when that is news."""
        self.put_back(entry)
        entry.safe = entry.safe or not entry.paid
        lane = self._lanes[entry.topic]
        news = lane.deaf_since is None
        if lane.deaf_since is None:
            lane.deaf_since = now
            for other in lane.front:
                other.safe = other.safe or not other.paid
        lane.try_at = now + RETRY_S
        return news

    def heard(self, topic: str) -> bool:
        """Somebody subscribes to the topic. True when that is news."""
        lane = self._lanes.get(topic)
        if lane is None or lane.deaf_since is None:
            return False
        lane.deaf_since = None
        self._tidy(lane)
        return True

    def hear_anew(self) -> None:
        """Another connection, perhaps another broker: who subscribes is not known any more."""
        for lane in list(self._lanes.values()):
            lane.deaf_since = None
            self._tidy(lane)

    def expire(self, now: float, wall: float) -> list[Entry]:
        """Lets go of what nobody wanted for ``UNHEARD_S`` and nobody paid for, and returns it. ``wall``: seconds
        since 1970."""
        gone: list[Entry] = []
        for lane in self._lanes.values():
            if lane.deaf_since is None or now - lane.deaf_since < UNHEARD_S:
                continue
            while lane.front and not lane.front[0].paid and wall - lane.front[0].received > UNHEARD_S:
                gone.append(lane.front.popleft())
                self.held -= 1
        return gone

    # -- memory and disk ---------------------------------------------------------------------------

    def on_disk(self, topic: str, count: int, after: int) -> None:
        """Events that wait on disk alone, with a ``seq`` greater than ``after``."""
        lane = self._lane(topic)
        if not lane.spilled:
            lane.read_to = after
        lane.spilled += count

    def saved(self) -> None:
        """Entries have come to disk: what need not be in memory leaves it."""
        for lane in self._lanes.values():
            while lane.tail and lane.tail[0].on_disk:
                lane.tail.popleft()
                lane.spilled += 1
                self.held -= 1
            while self.held > IN_MEMORY and not lane.tail and len(lane.front) > PAGE and lane.front[-1].on_disk:
                if lane.spilled and lane.front[-1].seq > lane.read_to:
                    break  # others' events, adopted, are to be read first
                lane.front.pop()
                lane.read_to = lane.front[-1].seq
                lane.spilled += 1
                self.held -= 1

    def hungry(self, now: float) -> tuple[str, int] | None:
        """Topic and ``seq`` behind which to read the next ``PAGE`` for ``loaded``."""
        for lane in self._lanes.values():
            if lane.spilled and not lane.front and (lane.deaf_since is None or lane.try_at <= now):
                return lane.topic, lane.read_to
        return None

    def loaded(self, topic: str, entries: list[Entry]) -> None:
        """The answer to ``hungry``; fewer than ``PAGE`` are all there were."""
        lane = self._lane(topic)
        lane.front = deque(sorted((*lane.front, *entries), key=_seq))  # some may have been put back meanwhile
        self.held += len(entries)
        lane.spilled = max(1, lane.spilled - len(entries)) if len(entries) >= PAGE else 0
        if entries:
            lane.read_to = entries[-1].seq
        if not lane.spilled:
            lane.front += lane.tail
            lane.tail.clear()
        self._tidy(lane)

    def given_up(self, rows: list[tuple[int, str]]) -> None:
        """Events of which the disk had too many."""
        seqs = {seq for seq, _ in rows}
        for topic in {topic for _, topic in rows}:
            if (lane := self._lanes.get(topic)) is None:
                continue
            before = len(lane.front)
            lane.front = deque(e for e in lane.front if e.seq not in seqs)
            self.held -= before - len(lane.front)
            if lane.spilled:  # at least 1, until a reading finds no more
                spilled = sum(1 for seq, of in rows if of == topic and seq > lane.read_to)
                lane.spilled = max(1, lane.spilled - spilled)
            self._tidy(lane)

    def disk_lost(self) -> int:
        """The file is gone. Returns how many events went with it; those in memory wait on."""
        lost = 0
        for lane in list(self._lanes.values()):
            lost += lane.spilled
            lane.spilled = 0
            lane.front += lane.tail
            lane.tail.clear()
            self._tidy(lane)
        return lost

    def make_room(self, count: int) -> list[Entry]:
        """Give up ``count`` events in memory that are not on disk: paid ones last, oldest first."""
        gone = sorted((e for e in self if not e.on_disk), key=lambda e: (e.paid, e.seq))[:count]
        seqs = {e.seq for e in gone}
        for lane in list(self._lanes.values()):
            lane.front = deque(e for e in lane.front if e.seq not in seqs)
            lane.tail = deque(e for e in lane.tail if e.seq not in seqs)
            self._tidy(lane)
        self.held -= len(gone)
        return gone

    def _lane(self, topic: str) -> _Lane:
        lane = self._lanes.get(topic)
        if lane is None:
            lane = self._lanes[topic] = _Lane(topic)
        return lane

    def _tidy(self, lane: _Lane) -> None:
        if not (lane.front or lane.spilled or lane.tail or lane.deaf_since is not None):
            self._lanes.pop(lane.topic, None)


def _seq(entry: Entry) -> int:
    return entry.seq
