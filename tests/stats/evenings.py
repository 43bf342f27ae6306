"""Statistics to be kept, whose parts must always agree with each other. The viewers are invented."""

from pathlib import Path

from gateway.messages import (
    Bucket,
    CatalogueGift,
    Contribution,
    GiftTotal,
    SessionRecord,
    SessionSummary,
    stamp,
)
from gateway.stats.archive import DETAILS
from gateway.stats.kept import Kept, KeptAccount, KeptStation, Leaders
from gateway.stats.reader import StatsReader
from tests.records import NOON

VIEWERS = ("otto.quist", "lena.bram", "ina.velde")
GIFTS = 3
"""In each session, one of each viewer, 10 coins each."""


def record(
    n: int = 0, *, account: str = "mara", simulated: bool = False, at: float | None = None
) -> SessionRecord:
    """Session ``n`` of an account, an hour after the one before, with ``GIFTS``."""
    since = NOON + 3600 * n if at is None else at
    digits = "".join(c for c in stamp(since)[:19] if c.isdigit())
    summary = SessionSummary(
        id=f"{digits[:8]}-{digits[8:]}-{account}",
        account=account,
        simulated=simulated,
        since=stamp(since),
        last=stamp(since + 1800),
        ended=stamp(since + 1800),
        gifts=GIFTS,
        coins=10 * GIFTS,
        unique_viewers=len(VIEWERS),
    )
    minutes = [Bucket(since=stamp(since + 60 * i), seconds=60, gifts=GIFTS * (i == 0)) for i in range(30)]
    return SessionRecord(
        summary=summary,
        gifts=[GiftTotal(name="Rose", count=GIFTS, coins=10 * GIFTS)],
        buckets={"60": minutes},
        contributions=[Contribution(viewer=str(i), name=v, coins=10, gifts=1) for i, v in enumerate(VIEWERS)],
    )


def kept(gifts: int, ended: int = 0, practice: int = 0) -> Kept:
    """After so many gifts, sessions that ended, and gifts of practice."""
    time = stamp(NOON + gifts)
    latest = record(ended - 1).summary if ended else None
    names = ["Rose" * (gifts % 9)]  # the file grows and shrinks
    accounts = [
        KeptAccount(account="mara", gifts=gifts, coins=10 * gifts, sessions=ended, session=latest),
        KeptAccount(account="mara", simulated=True, gifts=practice, coins=10 * practice),
    ]
    return Kept(
        mark=gifts,
        accounts=accounts if practice else accounts[:1],
        stations=[KeptStation(station="bell", since=stamp(NOON), cycles=gifts, actions={"ring": gifts})],
        catalogue=[CatalogueGift(gift_id="5655", names=names, count=gifts, first=time, last=time)],
    )


def leaders(ended: int, account: str = "mara", *, simulated: bool = False) -> Leaders:
    """After so many sessions."""
    if not ended:
        return Leaders(account=account, simulated=simulated)
    return Leaders(
        account=account,
        simulated=simulated,
        through=record(ended - 1, account=account, simulated=simulated).summary.id,
        contributions=[
            Contribution(viewer=str(i), name=v, coins=10 * ended, gifts=ended) for i, v in enumerate(VIEWERS)
        ],
    )


class Evening:
    """Counts as a gateway does; ``snapshot`` is for its store."""

    def __init__(self, then: Kept | None = None) -> None:
        accounts = then.accounts if then else []
        self.gifts = then.mark if then else 0
        self.ended = sum(a.sessions for a in accounts)
        self.practice = sum(a.gifts for a in accounts if a.simulated)

    def snapshot(self) -> Kept:
        return kept(self.gifts, self.ended, self.practice)

    def session(self) -> tuple[SessionRecord, Leaders]:
        """One more has ended."""
        self.gifts += GIFTS
        self.ended += 1
        return record(self.ended - 1), leaders(self.ended)


def check_kept(folder: Path) -> Kept:
    """What a reader sees there, which must be one of ``kept`` and its sessions ``record``. Raises
    ``AssertionError``."""
    reader = StatsReader(folder)
    seen = reader.kept()
    assert seen == (kept(seen.mark, seen.accounts[0].sessions) if seen.accounts else Kept()), seen
    (practice,) = reader.kept(True).accounts or [KeptAccount(account="mara", simulated=True)]
    assert practice.coins == 10 * practice.gifts
    best = reader.leaders("mara")
    sessions = reader.summaries()  # after what was kept: they are never behind it
    assert [s.id for s in sessions] == [record(n).summary.id for n in reversed(range(len(sessions)))]
    assert len(sessions) >= (seen.accounts[0].sessions if seen.accounts else 0)
    for summary in sessions[:2]:  # details are on disk before their summary
        whole = reader.record(summary.id)
        assert whole is not None
        assert whole.summary == summary
        assert sum(c.coins for c in whole.contributions) == summary.coins == sum(g.coins for g in whole.gifts)
    assert {(c.coins, c.gifts) for c in best.contributions} <= {(10 * n, n) for n in range(1, len(sessions) + 1)}
    assert len({c.gifts for c in best.contributions}) <= 1
    assert not reader.damaged
    return seen


def unfinished(folder: Path) -> list[Path]:
    return [*folder.glob("*.new"), *(folder / DETAILS).glob("*.new")]
