"""What statistics keep on disk between two starts, in small documents. The rest is folded anew from the journal.

A session that runs is not kept part by part: its first event stands in the journal, and from there on it is
counted again at the next start. What is kept of it here is what a reader sees meanwhile, and what is left should
the journal be gone.
"""

from msgspec import Struct

from gateway.messages import CatalogueGift, Contribution, Count, Id, SessionSummary, Timestamp


class KeptAccount(Struct, frozen=True, kw_only=True):
    """Sums over all sessions of an account; ``base_...``: before its running session began.

    ``session``: the one that runs, else the latest. ``opening``: id of the event that began it. ``counted``: id of
    the last event that was counted.
    """

    account: Id
    simulated: bool = False
    gifts: Count = 0
    coins: Count = 0
    sessions: Count = 0
    base_gifts: Count = 0
    base_coins: Count = 0
    base_sessions: Count = 0
    session: SessionSummary | None = None
    opening: str = ""
    counted: str = ""


class KeptStation(Struct, frozen=True, kw_only=True):
    """A station's wear since ``since``, as in ``StationStats``. ``counted``: id of the last command counted."""

    station: Id
    since: Timestamp
    cycles: Count = 0
    practice: Count = 0
    not_done: Count = 0
    on_seconds: float = 0.0
    actions: dict[str, Count] = {}
    counted: str = ""


class Leaders(Struct, frozen=True, kw_only=True):
    """Who gave most to an account in all its sessions that ended; ``through``: the last one that is in it, so that
    none is added twice. ``others``, ``exact`` and ``missing_at_most`` as in ``SessionRecord``."""

    account: Id
    simulated: bool = False
    through: str = ""
    contributions: list[Contribution] = []
    others: Contribution = Contribution(viewer="")
    exact: bool = True
    missing_at_most: Count = 0


class Kept(Struct, frozen=True, kw_only=True):
    """One look at all of it. ``mark``: everything in the journal up to this ``seq`` has been counted."""

    mark: int = 0
    accounts: list[KeptAccount] = []
    stations: list[KeptStation] = []
    catalogue: list[CatalogueGift] = []
