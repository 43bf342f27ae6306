"""A gateway's data folder with a few evenings in it, written by the real archive and the real journal. Invented
people, some of whom mean no good."""

import math
from pathlib import Path

from gateway.messages import Outcome, Status, stamp
from tests.records import NOON
from tests.review.evening import Evening, busy, kept, written

ZONE = "Asia/Jakarta"
HOUR, DAY = 3600.0, 86_400.0
EVIL = '</script><img src=x onerror="window.hurt=1">'
"""A viewer's name, a comment and a gift."""
FORMULA = '=HYPERLINK("http://venue.example/","click")'
NAMES = ("Tomás", "Dewi", "Noor", "Aoife", "Liên", "Budi", EVIL, FORMULA)
FRIDAY, SATURDAY = NOON - 2 * DAY, NOON - DAY
"""20 and 21 November 2026, 19:00 in Jakarta."""


def evening(since: float, minutes: int = 96, *, crowd: int = 120, account: str = "mira") -> Evening:
    """A LIVE whose viewers come and go, with gifts that move things, and twelve minutes that were not heard."""
    e = Evening(account, since)
    e.happens("live", 0, phase="started", title="A night out")
    for minute in range(minutes):
        at = minute * 60.0
        if 40 <= minute < 52:
            if minute == 51:
                e.happens("gap", 52 * 60, start=stamp(since + 40 * 60), end=stamp(since + 52 * 60), why="cut off")
            continue
        wave = math.sin(minute / 9) + 0.4 * math.sin(minute / 2.3)
        e.viewers(at + 1, round(crowd * (1 + 0.45 * wave)))
        e.viewers(at + 31, round(crowd * (1 + 0.45 * wave)) + minute % 5)
        e.happens("like", at + 5, count=30 + (minute * 37) % 60)
        for n in range(1 + (minute * 11) % 5):
            words = EVIL if minute == 7 else f"once more, please! ({minute})"
            e.comment(at + 12 + n, words, NAMES[(minute + n) % len(NAMES)])
        if minute % 3 == 0:
            _gift(e, at + 20, minute)
    e.ends(minutes * 60)
    return e


def _gift(e: Evening, at: float, minute: int) -> None:
    who = NAMES[(minute // 3) % len(NAMES)]
    name, coins = (("Rose", 1), ("Confetti", 100), ("Drum roll", 15), (EVIL, 5))[(minute // 3) % 4]
    user = {"id": f"id-{who[:8]}", "name": "" if who is EVIL else f"{who.lower()[:12]}.x", "nickname": who}
    data = {"user": user, "gift_id": name[:8], "name": name, "count": 1 + minute % 4, "coins": coins}
    gift = e.happens("gift", at, **data, total=1 + minute % 4)
    match minute % 4:
        case 0 | 1:
            e.answered(gift, Status.DONE)
        case 2:
            e.answered(gift, Status.DONE, Status.EXPIRED)
        case _:
            e.answered(gift, outcome=Outcome.COOLDOWN)


async def two_evenings(folder: Path) -> tuple[Evening, Evening]:
    """Friday's and Saturday's; beside them a practice session, and one of another account that still runs."""
    friday, saturday = evening(FRIDAY, 72, crowd=80), evening(SATURDAY)
    practice = busy("mira", NOON - 3 * DAY, simulated=True, minutes=12)
    running = Evening("club", NOON)
    running.happens("live", 0, phase="started", title="Club night")
    running.viewers(5, 31)
    running.comment(20, "good evening")
    await written(folder, practice, friday, saturday, running)
    kept(folder, practice, friday, saturday, running)
    return friday, saturday


async def many(folder: Path, count: int) -> list[Evening]:
    """Short ones, a day apart, the newest last."""
    evenings = []
    for n in range(count):
        e = Evening("mira" if n % 3 else "club", NOON - (count - n) * DAY)
        e.happens("live", 0, phase="started", title="")
        e.gift(60, "Dewi", coins=(n * 7) % 50 + 1)
        e.ends(120 + n)
        evenings.append(e)
    kept(folder, *evenings)
    return evenings


async def long(folder: Path, comments: int) -> Evening:
    """One with so many comments that to export each of them takes seconds."""
    e = Evening("mira", SATURDAY)
    e.happens("live", 0, phase="started", title="")
    for n in range(comments):
        e.comment(n / 10, "halo", NAMES[n % len(NAMES)])
    e.ends(comments / 10)
    await written(folder, e)
    kept(folder, e)
    return e
