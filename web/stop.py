"""What the page may say of the emergency stop. Pure, and the one place where green is decided."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from gateway.messages import BoardProof, EstopProof, EstopTrip, Text, Timestamp

Phase = Literal["clear", "pending", "stopping", "stopped"]
"""``pending``: pressed, but the broker does not have it. ``stopping``: on its way, or a board has not
proved it. ``stopped``: every board has proved this very trip, and its gateway answers now."""


class Seen(Struct, frozen=True, kw_only=True):
    """What is known of one gateway: does it answer, its last proof, the stations it says are its own."""

    online: bool
    proof: EstopProof | None = None
    stations: list[str] = []


class Doubt(Struct, frozen=True, omit_defaults=True):
    """Why something is not proved. ``text`` is English with the place ``{gateway}``: each phone says it in its own
    language."""

    text: str
    gateway: str = ""

    @property
    def words(self) -> str:
        return self.text.replace("{gateway}", self.gateway)


class Stop(Struct, frozen=True, kw_only=True):
    """The stop in one look. ``doubts`` say what is not proved and why, ``words`` the same in English; empty when
    there is nothing to say."""

    phase: Phase
    trip: str = ""
    by: Text = ""
    at: Timestamp | None = None
    reason: Text = ""
    boards: list[BoardProof] = []
    words: Text = ""
    doubts: list[Doubt] = []
    can_reset: bool = False


def later(text: str) -> str:
    """A text that the page's scripts put into their language; Babel finds it by this mark."""
    return text


UNSENT = Doubt(later("The broker does not answer. The stop is sent the moment it is back."))
UNHEARD = Doubt(later("The broker does not answer: this list may be old."))
NOBODY = Doubt(later("No gateway has ever answered here: nothing is proved."))
SILENT = later("Gateway {gateway} does not answer: nothing on its boards is proved.")
EMPTY = later("Gateway {gateway} has no station: it has nothing to stop.")
NO_ANSWER, GONE, LEFT_OUT = later("no answer yet"), later("its gateway is gone"), later("not in the proof")
"""Of a board."""
CLEAR = Stop(phase="clear")


def judge(
    *, pending: EstopTrip | None, trip: EstopTrip | None, gateways: Mapping[str, Seen], connected: bool
) -> Stop:
    """The state of the stop.

    ``pending`` is our own trip that the broker has not shown us back, ``trip`` the one retained there (an
    empty id: tripped by something that is not a Stagewire client, so any proof is a proof of it).
    """
    standing = pending or trip or _tripped_by_gateway(gateways)
    if standing is None:
        return CLEAR
    if pending is not None:
        return Stop(
            phase="pending",
            trip=pending.id,
            by=pending.by,
            at=pending.at,
            reason=pending.reason,
            words="" if connected else UNSENT.words,
            doubts=[] if connected else [UNSENT],
        )
    boards: list[BoardProof] = []
    doubts: list[Doubt] = []
    proved = connected and bool(gateways)
    can_reset = False
    for name, seen in sorted(gateways.items()):
        proof = seen.proof if _proves(seen.proof, standing) else None
        its_boards = _boards(seen, proof)
        boards += its_boards
        if not seen.online:
            doubts.append(Doubt(SILENT, name))
        if proof is not None and not its_boards:
            doubts.append(Doubt(EMPTY, name))
        proved = proved and seen.online and proof is not None and (proof.confirmed or not its_boards)
        can_reset = can_reset or (connected and seen.online and proof is not None)
    if not gateways:
        doubts.append(NOBODY)
    if not connected:
        doubts.append(UNHEARD)
    return Stop(
        phase="stopped" if proved and boards and all(b.confirmed for b in boards) else "stopping",
        trip=standing.id or _proved_id(gateways),
        by=standing.by,
        at=standing.at,
        reason=standing.reason,
        boards=boards,
        words=" ".join(doubt.words for doubt in doubts),
        doubts=doubts,
        can_reset=can_reset,
    )


def _boards(seen: Seen, proof: EstopProof | None) -> list[BoardProof]:
    """Every board of this gateway; one that the proof leaves out, or whose gateway is gone, is not proved."""
    if proof is None:
        return [BoardProof(station=s, confirmed=False, detail=NO_ANSWER) for s in seen.stations]
    told = {b.station for b in proof.boards}
    silent = [s for s in seen.stations if s not in told]
    boards = [
        b if seen.online else BoardProof(station=b.station, confirmed=False, detail=GONE) for b in proof.boards
    ]
    return boards + [BoardProof(station=s, confirmed=False, detail=LEFT_OUT) for s in silent]


def _proves(proof: EstopProof | None, trip: EstopTrip) -> bool:
    if proof is None or not proof.tripped:
        return False
    return not trip.id or (proof.trip is not None and proof.trip.id == trip.id)


def _tripped_by_gateway(gateways: Mapping[str, Seen]) -> EstopTrip | None:
    """A gateway may be tripped without the retained instruction: by its own stop input, for one."""
    for seen in gateways.values():
        if seen.proof is not None and seen.proof.tripped:
            return seen.proof.trip or EstopTrip(id="")
    return None


def _proved_id(gateways: Mapping[str, Seen]) -> str:
    found = _tripped_by_gateway(gateways)
    return found.id if found is not None else ""
