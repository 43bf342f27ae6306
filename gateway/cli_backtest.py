"""``stagewire backtest``: rules tried on a recorded LIVE; ``stagewire rules test``: on what is said to happen."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli_sessions import library, of_days, say_trouble, told
from gateway.errors import StagewireError

if TYPE_CHECKING:
    from gateway.backtest.play import Recording

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("recording", type=click.Path(path_type=Path, exists=True), required=False)
@click.option("--session", metavar="ID|last", help="Play this session of the journal, see `stagewire sessions`.")
@of_days
@click.option("--rules", type=click.Path(path_type=Path, exists=True), default=".", show_default=True,
              help="A folder with rules.yaml and stagewire.yaml, or a rules file.")  # fmt: skip
@click.option(
    "--stations", type=_FILE, help="The settings, where they are not the stagewire.yaml beside the rules."
)
@click.option("--against", type=click.Path(path_type=Path, exists=True),
              help="Other rules (a folder or a file), to compare: what differs comes first.")  # fmt: skip
@click.option("--html", type=_FILE, help="Write a page with plots to this file.")
@click.option("--json", "as_json", type=_FILE, help="Write everything to this file, for programs.")
@told
def backtest(
    recording: Path | None,
    session: str | None,
    since: str | None,
    until: str | None,
    rules: Path,
    stations: Path | None,
    against: Path | None,
    html: Path | None,
    as_json: Path | None,
) -> None:
    """Play a recorded LIVE under your rules, without moving anything: what fires, what waits, what it costs.

    RECORDING is a file of `stagewire record`, or a gateway's data folder: then what it heard last is played. With
    --session, or with --from and --to, it may be left out: then it is the data folder of the settings.
    """
    from gateway.backtest.html import page
    from gateway.backtest.play import play, venue
    from gateway.backtest.report import as_bytes, compare
    from gateway.backtest.text import differences, summary

    here = venue(rules, stations)
    there = None if against is None else venue(against, stations, otherwise=here.settings)
    settings = stations or (rules if rules.is_dir() else rules.parent) / "stagewire.yaml"
    played = _played(recording, settings, session, since, until)
    report = play(played, here)
    comparison = None if there is None else compare(report, play(played, there))
    if html is not None:
        _write(html, page(report if comparison is None else comparison).encode())
    if as_json is not None:
        _write(as_json, as_bytes(report if comparison is None else comparison))
    if comparison is not None:
        click.echo("\n".join(differences(comparison)) + "\n")
    click.echo("\n".join(summary(report if comparison is None else comparison.after)))


def _played(
    recording: Path | None, settings: Path, session: str | None, since: str | None, until: str | None
) -> "Recording":
    """What shall be played. Raises ``StagewireError``."""
    from gateway.backtest.play import read
    from gateway.review.playing import of_days, of_session

    if session is None and since is None and until is None:
        if recording is None:
            raise StagewireError(
                "what shall be played? Name a file of `stagewire record`, a session (--session last, see "
                "`stagewire sessions`), or days (--from 2026-11-22 --to 2026-11-22)"
            )
        return read(recording)
    if session is not None and (since or until):
        raise StagewireError("--session says what is meant already: leave out --from and --to")
    if recording is not None and not recording.is_dir():
        raise StagewireError(f"{recording} is a file; --session, --from and --to are of a gateway's data folder")
    known = library(settings, recording)
    played = of_days(known, since, until, time.time()) if session is None else of_session(known, session)
    say_trouble(known)
    return played


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as e:
        raise StagewireError(f"{path} cannot be written: {e.strerror}") from None


@click.group()
def rules() -> None:
    """Tests of rules: what is written beside them in rules.test.yaml."""


@rules.command("test")
@click.option("--config", "-c", type=_FILE, default="stagewire.yaml", envvar="STAGEWIRE_CONFIG", show_default=True,
              help="The venue's settings file; the tests stand beside its rules: rules.test.yaml.")  # fmt: skip
@told
def rules_test(config: Path) -> None:
    """Try every expectation in rules.test.yaml: given these events, this has to come of them."""
    from gateway.backtest.expectations import run_file

    results = run_file(config)
    wrong = 0
    for name, failures in results.items():
        wrong += bool(failures)
        mark, colour = ("FAILED", "red") if failures else ("ok", "green")
        click.echo(f"{click.style(f'{mark:<8}', fg=colour)}{name}")
        for failure in failures:
            click.secho(f"        {failure}", fg="red")
    number = f"{len(results)} test{'' if len(results) == 1 else 's'}"
    click.echo(f"{number}, {f'{wrong} failed' if wrong else 'all good'}")
    sys.exit(wrong > 0)
