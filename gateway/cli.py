"""The ``stagewire`` command. Each subcommand imports its own rooms, so a connector never loads the page."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any

import click

from gateway import __version__
from gateway.cli_backtest import backtest, rules
from gateway.cli_backup import backup, restore
from gateway.cli_boards import boards, flash
from gateway.cli_connector import diagnose, record
from gateway.cli_erase import erase, retention
from gateway.cli_export import export
from gateway.cli_games import games
from gateway.cli_journal import journal
from gateway.cli_people import people
from gateway.cli_practice import practice
from gateway.cli_sessions import sessions
from gateway.cli_trace import trace
from gateway.errors import SettingsError, StagewireError
from gateway.logs import configure

CONFIG = "stagewire.yaml"
MOST_WORKERS = 64

config_option = click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path, dir_okay=False),
    default=CONFIG,
    envvar="STAGEWIRE_CONFIG",
    show_default=True,
    help="The venue's settings file.",
)


def _quiet_errors(run: Callable[..., Any]) -> Callable[..., Any]:
    """Our own errors are for a person: no traceback, exit status 1."""

    @wraps(run)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return run(*args, **kwargs)
        except SettingsError as e:
            for mistake in e.mistakes:
                click.secho(mistake, fg="red", err=True)
            click.secho(f"{_count(e.mistakes, 'mistake')}.", err=True)
            sys.exit(1)
        except StagewireError as e:
            click.secho(str(e), fg="red", err=True)
            sys.exit(1)

    return wrapped


def _logging(verbose: bool) -> None:
    configure(logging.DEBUG if verbose else logging.INFO)


def _run(main: Coroutine[Any, Any, None]) -> None:
    # The selector loop is the one that paho's sockets can be watched on, on every system.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        try:
            runner.run(main)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="stagewire")
@click.option("--verbose", "-v", is_flag=True, help="Say everything, also what repeats.")
def main(verbose: bool) -> None:
    """Gifts, likes and comments of a TikTok LIVE move machines in a room.

    \b
    Try it now, without any hardware:    stagewire demo
    Rehearse with invented viewers:      stagewire practice
    See what this machine has:           stagewire doctor
    Check your settings and rules:       stagewire check stagewire.yaml
    Name and flash boards:               stagewire boards, stagewire flash
    See why something moved, or did not: stagewire trace last gift
    See why an account is not heard:     stagewire connector --account NAME --diagnose
    Games to put into the rules:         stagewire games
    Look at past sessions:               stagewire sessions
    Statistics for a spreadsheet:        stagewire export
    Record a LIVE, to play it again:     stagewire record NAME
    Try your rules on a recording:       stagewire backtest FILE
    Save all that the venue has:         stagewire backup, stagewire restore FILE
    Let people use the page:             stagewire people
    Go live, each in a terminal or as a service:
      stagewire gateway     decides and drives the boards (on the Raspberry Pi)
      stagewire connector   listens to the LIVE accounts (here, on a PC or in the cloud)
      stagewire web         the page for the phone
    """
    _logging(verbose)


@main.command()
@click.option("--for", "seconds", type=click.FloatRange(min=1), help="End by itself after so many seconds.")
@click.option(
    "--boards",
    type=click.Choice(["auto", "virtual", "avr"]),
    default="auto",
    envvar="BOARDS",
    show_default=True,
    help="virtual: boards in Python. avr: the real firmware in an AVR simulator. auto: avr where it is installed.",
)
@click.option(
    "--broker",
    type=click.Choice(["auto", "mosquitto", "embedded"]),
    default="auto",
    show_default=True,
    help="auto: Mosquitto where it is installed, else an embedded one.",
)
@click.option("--host", help="Where the page listens. Default: the whole network in a terminal (for a phone), "
              "this machine only without one.")  # fmt: skip
@click.option(
    "--rate", type=click.FloatRange(0.1, 100), default=1.0, show_default=True, help="How busy the crowd is."
)
@_quiet_errors
def demo(seconds: float | None, boards: str, broker: str, host: str | None, rate: float) -> None:
    """Everything on this machine, with a practice TikTok and simulated boards."""
    from gateway.demo import run_demo

    sys.exit(run_demo(seconds=seconds, boards=boards, broker=broker, host=host, rate=rate))


@main.command()
@config_option
@_quiet_errors
def gateway(config: Path) -> None:
    """Decide and drive: events in, machines moved, everything written down."""
    from gateway.process import run_gateway
    from gateway.settings.load import load

    _run(run_gateway(load(config)))


@main.command()
@config_option
@click.option("--account", "-a", "accounts", multiple=True, help="Only this account; may be given again. "
              "A name that is not in the settings is taken as a TikTok @name.")  # fmt: skip
@click.option("--workers", metavar="N|auto", help="Spread the accounts over so many processes, for many accounts; "
              "auto: as many as the load needs. Default: all in this one.")  # fmt: skip
@click.option("--diagnose", "diagnosis", is_flag=True,
              help="Connect once to that account, without a broker; say what happens and what to do.")  # fmt: skip
@click.option("--for", "seconds", type=click.FloatRange(min=1), default=30, show_default=True,
              help="With --diagnose: listen for so many seconds.")  # fmt: skip
@click.option("--keep", type=click.Path(path_type=Path, dir_okay=False),
              help="With --diagnose: keep the frames in this file, viewers under invented names.")  # fmt: skip
@_quiet_errors
def connector(
    config: Path,
    accounts: tuple[str, ...],
    workers: str | None,
    diagnosis: bool,
    seconds: float,
    keep: Path | None,
) -> None:
    """Listen to the LIVE accounts and publish what happens there to the broker."""
    if diagnosis:
        diagnose(config, accounts, seconds, keep)
    from gateway.connector.service import run_connector
    from gateway.settings.load import load

    loaded = load(config)
    _run(
        _until_terminated(
            run_connector(
                loaded.settings, accounts, base_dir=loaded.base_dir, config=config, workers=_processes(workers)
            )
        )
    )


async def _until_terminated(work: Coroutine[Any, Any, None]) -> None:
    """Run it; SIGTERM ends it in good order, where there is such a thing."""
    task = asyncio.ensure_future(work)
    with contextlib.suppress(NotImplementedError):  # Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise


def _processes(workers: str | None) -> tuple[int, int] | None:
    """``--workers`` as the fewest and the most. Raises ``click.BadParameter``."""
    if workers is None:
        return None
    if workers == "auto":
        return 2, max(2, os.cpu_count() or 1)  # two, so that a dead one's accounts need not wait for a new one
    if workers.isascii() and workers.isdecimal() and 1 <= int(workers) <= MOST_WORKERS:
        return int(workers), int(workers)
    raise click.BadParameter(f"expected auto or 1 to {MOST_WORKERS}; found {workers!r}", param_hint="--workers")


@main.command()
@config_option
@_quiet_errors
def web(config: Path) -> None:
    """Serve the page for the phone."""
    from gateway.settings.load import load
    from web.serve import serve

    loaded = load(config)
    serve(loaded.settings, loaded.base_dir, config)


@main.command()
@click.argument("config", type=click.Path(path_type=Path, dir_okay=False), default=CONFIG)
@_quiet_errors
def check(config: Path) -> None:
    """Check settings and rules: every mistake at once, with file, line and what to write instead."""
    from gateway.settings.load import load

    if config.name == "rules.yaml" and (settings := config.with_name(CONFIG)).exists():
        config = settings  # rules are checked against their venue
    loaded = load(config, strict=True)
    s = loaded.settings
    click.secho(
        f"{config}: good. Venue {s.venue}: {_count(s.accounts, 'account')}, {_count(s.stations, 'station')}, "
        f"{_count(loaded.rules.rules, 'rule')}.",
        fg="green",
    )


def _count(things: Any, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


@main.command()
@_quiet_errors
def doctor() -> None:
    """What is installed, which ports and boards are found, what is missing and what installs it."""
    from gateway.doctor import report

    problems = 0
    for line in report():
        problems += line.bad
        mark, colour = ("missing", "yellow") if line.bad else ("ok", "green")
        click.echo(click.style(f"{mark:<8}", fg=colour) + f"{line.what:<22} {line.words}")
    click.echo("All is there." if not problems else f"{_count(range(problems), 'thing')} to look at, see above.")


@main.command()
@click.argument("which", type=click.Choice(["settings", "rules", "tests", "show"]))
def schema(which: str) -> None:
    """The JSON Schema of a settings file, rules, tests of rules, or a practice show, for editors."""
    import json

    from gateway.practice.tiktok.show import Show
    from gateway.settings.expectations import RuleTests
    from gateway.settings.models import RuleBook, Settings
    from gateway.settings.yamlfile import json_schema

    kind = {"settings": Settings, "rules": RuleBook, "tests": RuleTests, "show": Show}[which]
    click.echo(json.dumps(json_schema(kind), indent=2))


main.add_command(backtest)
main.add_command(backup)
main.add_command(restore)
main.add_command(boards)
main.add_command(flash)
main.add_command(erase)
main.add_command(retention)
main.add_command(export)
main.add_command(record)
main.add_command(games)
main.add_command(journal)
main.add_command(people)
main.add_command(practice)
main.add_command(rules)
main.add_command(sessions)
main.add_command(trace)


if __name__ == "__main__":
    main()
