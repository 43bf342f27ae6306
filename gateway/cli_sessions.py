"""``stagewire sessions``: what was, to look at again, to compare, and to play again."""

import logging
import sys
import time
from collections.abc import Callable
from functools import wraps
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from zoneinfo import ZoneInfo

import click

from gateway.errors import SettingsError, StagewireError
from gateway.logs import only
from gateway.messages import BOARDS, Board, Score, SessionSummary

if TYPE_CHECKING:
    from gateway.review.library import Library
    from gateway.settings import models

SORTS: dict[str, Callable[[SessionSummary], Any]] = {
    "since": attrgetter("since"),
    "length": lambda s: _length(s),
    "coins": attrgetter("coins"),
    "gifts": attrgetter("gifts"),
    "viewers": lambda s: s.average_viewers or 0.0,
    "peak": attrgetter("peak_viewers"),
    "comments": attrgetter("comments"),
    "likes": attrgetter("likes"),
    "activity": attrgetter("activity"),
    "gaps": attrgetter("gap_seconds"),
}
MOST_PLOTTED = 400
"""Lines; a longer session is plotted in longer steps."""


def told(run: Callable[..., Any]) -> Callable[..., Any]:
    """Our own errors, and those of disks, are for a person: no traceback, exit status 1."""

    @wraps(run)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            with only(logging.CRITICAL, "gateway.stats", "gateway.journal", "gateway.review"):  # see `say_trouble`
                return run(*args, **kwargs)
        except SettingsError as e:
            for mistake in e.mistakes:
                click.secho(mistake, fg="red", err=True)
        except StagewireError as e:
            click.secho(str(e), fg="red", err=True)
        except BrokenPipeError:  # `| head` has seen enough: click ends quietly
            raise
        except OSError as e:
            click.secho(f"{e.filename or 'a file'} cannot be used: {e.strerror or e}", fg="red", err=True)
        sys.exit(1)

    return wrapped


def of_venue(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say where all of it is."""
    for option in (
        click.option("--data", type=click.Path(path_type=Path, file_okay=False, exists=True),
                     help="The gateway's data folder, or a copy of it. Default: the one in the settings."),
        click.option("--config", "-c", type=click.Path(path_type=Path, dir_okay=False), default="stagewire.yaml",
                     envvar="STAGEWIRE_CONFIG", show_default=True, help="The venue's settings file."),
    ):  # fmt: skip
        command = option(command)
    return command


def of_days(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which time is meant."""
    for option in (
        click.option("--to", "until", metavar="DAY", help="Until this day, with it."),
        click.option("--from", "since", metavar="DAY",
                     help="From this day on: 2026-11-22, today or yesterday, in the venue's timezone."),
    ):  # fmt: skip
        command = option(command)
    return command


def library(config: Path, data: Path | None) -> "Library":
    """All sessions of a venue. Raises ``StagewireError``."""
    from gateway.review.library import Library
    from gateway.settings.load import load

    loaded = load(config)
    return Library(loaded.settings, data or loaded.base_dir / loaded.settings.gateway.data)


def nothing(
    known: "Library", since: float | None, until: float | None, account: str | None, *, practice: bool
) -> str:
    """That there is no such session, in words. Raises ``StorageError`` where there is none at all."""
    known.find("last")
    kind, other, how = (
        ("practice session", "real", "without --practice") if practice else ("session", "practice", "--practice")
    )
    words = f"no {kind} in {known.data} is of that time and account"
    others = known.summaries(simulated=not practice, since=since, until=until, account=account)
    return f"{words}; {other} sessions there: {len(others)} ({how})" if others else words


def say_trouble(known: "Library") -> None:
    for words in known.trouble:
        click.secho(
            f"{words}. This may not be complete; the gateway mends what it can when it starts",
            fg="yellow",
            err=True,
        )


@click.group(invoke_without_command=True)
@of_days
@click.option("--account", help="Only of this account.")
@click.option("--practice", is_flag=True, help="Practice instead of what was real.")
@click.option("--sort", type=click.Choice(list(SORTS)), default="since", show_default=True, help="The most first.")
@of_venue
@click.pass_context
@told
def sessions(
    context: click.Context,
    since: str | None,
    until: str | None,
    account: str | None,
    practice: bool,
    sort: str,
    config: Path,
    data: Path | None,
) -> None:
    """Past sessions and those that run: a line each. The commands below look at one of them.

    An ID may be shortened to a beginning that no other has; "last" is the newest.
    """
    if context.invoked_subcommand is not None:
        return
    from gateway.review.days import span
    from gateway.review.words import table

    known = library(config, data)
    zone = known.settings.timezone
    first, end = span(since, until, zone, time.time())
    if account is not None:
        known.account(account)
    found = known.summaries(simulated=practice, since=first, until=end, account=account)
    say_trouble(known)
    if not found:
        click.echo(nothing(known, first, end, account, practice=practice))
        return
    for line in table(sorted(found, key=SORTS[sort], reverse=True), ZoneInfo(zone)):
        click.echo(line)


@sessions.command()
@click.argument("session", metavar="ID|last")
@click.option("--by", type=click.Choice(get_args(Score)), help="What the leaderboard goes by.")
@click.option("--top", type=click.IntRange(1, 50), help="Places of the leaderboard.")
@of_venue
@told
def show(session: str, by: Score | None, top: int | None, config: Path, data: Path | None) -> None:
    """One session: cards, gifts, leaderboard, what made viewers rise, what became of the gifts."""
    from gateway.review import words

    known = library(config, data)
    review = known.review(known.find(session))
    lines = [
        *words.cards(review, ZoneInfo(known.settings.timezone)),
        *words.gifts(review.gifts),
        *words.leaders(review.leaderboard(_shown(known, by, top))),
        *words.rising(review.correlation()),
        *words.endings(review.ledger()),
        *words.stations(review.stations),
    ]
    say_trouble(known)
    click.echo("\n".join(lines))


@sessions.command()
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@of_venue
@told
def compare(first: str, second: str, config: Path, data: Path | None) -> None:
    """Two sessions side by side, B against A."""
    from gateway.review.words import comparison

    known = library(config, data)
    one, other = (known.review(known.find(session)) for session in (first, second))
    say_trouble(known)
    for line in comparison(one.comparison(other)):
        click.echo(line)


@sessions.command()
@click.argument("account")
@click.option("--board", type=click.Choice(BOARDS), default="30d", show_default=True,
              help="The latest session, those of the last 7 or 30 days, or all there ever were.")  # fmt: skip
@click.option("--by", type=click.Choice(get_args(Score)), help="What places are given by.")
@click.option("--top", type=click.IntRange(1, 50), help="How many places.")
@click.option("--practice", is_flag=True, help="Practice instead of what was real.")
@of_venue
@told
def leaders(
    account: str, board: Board, by: Score | None, top: int | None, practice: bool, config: Path, data: Path | None
) -> None:
    """Who gave most to an account."""
    from gateway.review import words

    known = library(config, data)
    known.account(account)
    shown = _shown(known, by, top)
    found = known.leaderboard(account, board, shown, time.time(), simulated=practice)
    say_trouble(known)
    for line in words.leaders(found):
        click.echo(line)
    if not found.places:
        click.echo(f"nobody gave any {found.by} to {account} in that time")


@sessions.command()
@click.argument("session", metavar="ID|last")
@click.option("--interval", type=click.Choice(["10", "60", "300", "3600"]),
              help="Seconds of a line. Default: as fine as fits on some screens.")  # fmt: skip
@of_venue
@told
def buckets(session: str, interval: str | None, config: Path, data: Path | None) -> None:
    """The course of a session: viewers as bars, and what came in each step of time."""
    from gateway.review.review import INTERVALS
    from gateway.review.words import plot

    known = library(config, data)
    review = known.review(known.find(session))
    say_trouble(known)
    if interval is None:
        steps = [i for i in INTERVALS[1:] if len(review.buckets(i)) <= MOST_PLOTTED]
        chosen = steps[0] if steps else INTERVALS[-1]
    else:
        chosen = int(interval)
    found = review.buckets(chosen)
    if not found:
        raise StagewireError(f"of session {review.summary.id} no steps of {chosen} s are kept")
    for line in plot(found, ZoneInfo(known.settings.timezone)):
        click.echo(line)


@sessions.command()
@click.argument("session", metavar="ID|last")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--names", is_flag=True, help="Keep the viewers' ids and names; else they get invented ones.")
@of_venue
@told
def record(session: str, file: Path, names: bool, config: Path, data: Path | None) -> None:
    """Write what was heard of a session into FILE, to play it again: `source: replay` in the settings, or
    `stagewire backtest FILE`."""
    from gateway.review.recording import record

    known = library(config, data)
    summary = known.find(session)
    recorded = record(known.journal, summary, file, names=names)
    say_trouble(known)
    viewers = "with the viewers' ids and names" if names else "viewers have invented names"
    click.echo(f"{file}: {recorded.events} events of session {summary.id}, {viewers}")
    if recorded.unreadable:
        click.secho(
            f"{recorded.unreadable} rows of the journal cannot be read, and are left out", fg="yellow", err=True
        )


def _shown(known: "Library", by: Score | None, top: int | None) -> "models.Leaderboard":
    from msgspec.structs import replace

    usual = known.settings.statistics.leaderboard
    return replace(usual, by=by or usual.by, top=top or usual.top)


def _length(summary: SessionSummary) -> float:
    from gateway.review.words import duration

    return duration(summary)
