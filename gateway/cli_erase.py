"""``stagewire erase`` and ``stagewire retention``."""

import contextlib
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from gateway.errors import StagewireError
from gateway.logs import only
from gateway.wording import several, size

if TYPE_CHECKING:
    from gateway.keeping.erase import Preview
    from gateway.keeping.find import Somebody
    from gateway.keeping.prove import Proof
    from gateway.keeping.retention import Plan
    from gateway.keeping.venue_files import VenueFiles

FILE = click.Path(path_type=Path, dir_okay=False)
OUT_OF_REACH = """\
Out of reach from here, and for you to think of:
  - TikTok itself; the connector's outbox, on whatever machine it runs (it holds minutes)
  - recordings (stagewire record), exports and backups that somebody put elsewhere
  - the logs of broker and system, and what a broker or a page kept retained until the gateway starts again
  - free blocks of an SD card or SSD: no program can reach those; encrypt the card, or destroy it
Whoever writes in a LIVE again is heard again: from then on, as somebody new."""


@click.command()
@click.argument("viewer", metavar="USER")
@click.option("--yes", is_flag=True, help="Do not ask: erase.")
@click.option("--backups", is_flag=True, help="Delete the backups that hold the viewer as well.")
@click.option("--config", "-c", type=FILE, default="stagewire.yaml", envvar="STAGEWIRE_CONFIG", show_default=True,
              help="The venue's settings file.")  # fmt: skip
def erase(viewer: str, yes: bool, backups: bool, config: Path) -> None:
    """Forget one viewer: journal, statistics, what rules remember, exports; and prove it.

    USER is the platform's id, an @name, or a nickname that only one viewer has. Sums stay: the gifts still count,
    and nobody knows any more who gave them. Works while the gateway runs, and while it does not.
    """
    from gateway.keeping.venue_files import opened

    if not viewer.strip():
        _fail("whom? Give the platform id, the @name, or the nickname")
    with only(logging.WARNING, "gateway.bus"), _in_words("nothing was erased") as state, opened(config) as files:
        _finish(files)
        people = files.who(viewer)
        if len(people) != 1:
            _nobody(viewer, people)
        found = files.find(people[0].id)
        for line in _found(found, backups=backups):
            click.echo(line)
        if not yes:
            click.confirm("Erase all of this? It cannot be undone", abort=True)
        state.otherwise = "not everything was erased; the next `stagewire erase`, or the gateway's start, goes on"
        proof = files.erase(found, backups=backups)
        _prove(proof, found, backups=backups)


@click.command()
@click.option("--apply", "go", is_flag=True, help="Make a backup, then delete it.")
@click.option("--without-backup", is_flag=True, help="With --apply: delete without a backup.")
@click.option("--force", is_flag=True, help="With --apply: also when the clock looks wrong.")
@click.option("--config", "-c", type=FILE, default="stagewire.yaml", envvar="STAGEWIRE_CONFIG", show_default=True,
              help="The venue's settings file.")  # fmt: skip
def retention(go: bool, without_backup: bool, force: bool, config: Path) -> None:
    """Show what is older than gateway.keep_days and would go. Changes nothing without --apply."""
    from gateway.keeping.backup import make_backup
    from gateway.keeping.venue_files import opened

    with only(logging.WARNING, "gateway.bus"), _in_words("nothing was deleted") as state, opened(config) as files:
        planned = files.retention()
        for line in _planned(planned):
            click.echo(line)
        if not go or not planned.anything:
            return
        if planned.why and not force:
            _fail(f"nothing was deleted: {planned.why} (--force deletes all the same)")
        if not without_backup:
            made = make_backup(files.config)
            click.echo(f"backup: {made.path}")
        state.otherwise = "not all of it was deleted; `stagewire retention` shows what is left"
        files.apply_retention(planned, force=force)
        click.secho("It is gone.", fg="green")


def _finish(files: "VenueFiles") -> None:
    proof = files.finish()
    if proof is not None:
        click.secho("An erasure that was interrupted has been finished now.", fg="yellow")
        for line in proof.left:
            click.secho(f"  still there: {line}", fg="red")


def _nobody(viewer: str, people: "list[Somebody]") -> NoReturn:
    if not people:
        _fail(f"nobody is known as {viewer!r} here: give the platform id, the @name, or the whole nickname")
    click.echo(f"{viewer!r} may be any of these; say which, by the id:")
    for person in people:
        click.echo(f"  {person.id}  {', '.join(person.called)}  last seen {person.last or 'long ago'}")
    sys.exit(1)


def _found(found: "Preview", *, backups: bool) -> Iterator[str]:
    """Where the viewer stands, a line each."""
    called = [f"@{name}" for name in found.viewer.names] + list(found.viewer.nicknames)
    yield click.style(f"{found.viewer.id} ({', '.join(called) or 'without a name'})", bold=True)
    if found.last:
        yield f"  last seen     {found.last}"
    if found.records:
        yield "  journal       " + ", ".join(several(n, kind) for kind, n in sorted(found.records.items()))
    if found.rules:
        yield f"  rules         {several(found.rules, 'thing')} remembered (own counters of this viewer are lost)"
    if found.sessions or found.leaders:
        leaders = ", ".join(found.leaders) or "nobody"
        yield f"  statistics    {several(found.sessions, 'session')}, leaders of {leaders}"
    for name in found.exports:
        yield f"  export        {name}: would be deleted"
    for name in found.damaged:
        yield f"  damaged file  {name}: cannot be searched, would be deleted"
    for name in found.copies:
        yield f"  backup        {name}: {'would be deleted' if backups else 'stays (--backups deletes it)'}"


def _prove(proof: "Proof", found: "Preview", *, backups: bool) -> None:
    """The proof in words; ends with 1 where it failed."""
    click.echo(
        f"Searched again: {proof.records} records, {proof.remembered} things that rules remember, "
        f"{several(proof.documents, 'document')}; and byte by byte {several(proof.files, 'file')}, "
        f"{size(proof.bytes)}."
    )
    for name, n in proof.elsewhere.items():
        click.echo(
            f"  {name!r} stands there {several(n, 'time')} for something else: a gift, a rule, another viewer"
        )
    for name in proof.common:
        click.echo(f"  {name!r} is too short to be searched for in bytes; every field and text was looked at")
    for name in proof.rules:
        click.secho(f"  {name} names the viewer: you wrote that in your rules; edit them", fg="yellow")
    if backups and found.copies:
        click.secho(
            "  the backups that held the viewer are deleted: make a new one, stagewire backup", fg="yellow"
        )
    else:
        for name in found.copies:
            click.secho(f"  {name} still holds the viewer (--backups deletes it)", fg="yellow")
    click.echo(OUT_OF_REACH)
    if proof.places:
        for line in proof.left:
            click.secho(f"  found: {line}", fg="red", err=True)
        _fail(
            f"found in {several(proof.places, 'place')}: see above. A viewer who is in the LIVE now is heard anew "
            "at once"
        )
    click.secho("Found: 0.", fg="green")


def _planned(planned: "Plan") -> Iterator[str]:
    for month in planned.months:
        yield (
            f"  {month.file}  {several(month.records, 'record')}, {month.since[:10]} to {month.until[:10]}, "
            f"{size(month.bytes)}"
        )
    for session in planned.sessions:
        yield f"  session {session}: the viewers' names in it; its sums stay"
    for name in planned.damaged:
        yield f"  {name}: moved aside as damaged"
    if planned.anything:
        yield f"Older than {planned.keep_days} days (gateway.keep_days): {planned.words}."
    else:
        yield f"Nothing is older than {planned.keep_days} days (gateway.keep_days)."
    if planned.why:
        yield click.style(f"By itself the gateway deletes nothing: {planned.why}", fg="yellow")


@dataclass
class _State:
    """``otherwise``: what is so when it fails now."""

    otherwise: str


@contextlib.contextmanager
def _in_words(otherwise: str) -> Iterator[_State]:
    state = _State(otherwise)
    try:
        yield state
    except BrokenPipeError:
        raise
    except StagewireError as e:
        _fail(f"{state.otherwise}: {e}")
    except OSError as e:
        from gateway.keeping.files import words

        _fail(f"{state.otherwise}: {words(e)}")
    except KeyboardInterrupt:
        _fail(f"stopped: {state.otherwise}")


def _fail(words: str) -> NoReturn:
    click.secho(words, fg="red", err=True)
    sys.exit(1)
