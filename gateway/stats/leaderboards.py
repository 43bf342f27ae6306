"""Leaderboards: places from what each viewer gave, in one session or in many (``contributions.merged``). Pure."""

import heapq

from gateway.messages import Board, Contribution, Leaderboard, Place, Score, Timestamp
from gateway.stats.contributions import Table


def board(
    table: Table,
    *,
    account: str,
    board: Board = "session",
    by: Score = "coins",
    top: int = 10,
    minimum: int = 0,
    hide_anonymous: bool = False,
    since: Timestamp | None = None,
    simulated: bool = False,
) -> Leaderboard:
    """The ``top`` viewers with the highest scores of ``minimum`` and more; who gave nothing has no place.

    Equal scores share a place, and the next one is as many further on (1, 1, 3). Among them the order is that of
    the viewers' ids, the same at every look. ``hide_anonymous``: only viewers with a name or a nickname; the
    others do not hold a place then.
    """
    least = max(1, minimum)
    best = heapq.nsmallest(
        top,
        (
            (-score, c.viewer, c)
            for c in table.contributions
            if (score := _score(c, by)) >= least and (c.name or c.nickname or not hide_anonymous)
        ),
        key=lambda found: found[:2],
    )
    places: list[Place] = []
    for n, (minus_score, viewer, c) in enumerate(best, 1):
        shared = bool(places) and places[-1].score == -minus_score
        place = places[-1].place if shared else n
        places.append(Place(place=place, score=-minus_score, viewer=viewer, name=c.name, nickname=c.nickname))
    return Leaderboard(
        account=account,
        board=board,
        by=by,
        places=places,
        exact=table.exact,
        missing_at_most=table.missing_at_most,
        since=since,
        simulated=simulated,
    )


def _score(c: Contribution, by: Score) -> int:
    score: int = getattr(c, by)
    return score
