"""``stagewire record`` and ``stagewire connector --diagnose``: one account, looked at by a person."""

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from gateway.errors import StagewireError

if TYPE_CHECKING:
    from gateway.connector.recording.record import Recorder

REDRAWN = 1.0
"""Seconds between two drawings of the line that counts, in a terminal."""
LOGGED = 60.0
"""Seconds between two such lines where they are kept, in a log."""


@click.command()
@click.argument("account")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False),
              help="The file to write. Default: ACCOUNT-DATE-TIME.session.gz, here.")  # fmt: skip
@click.option("--direct", is_flag=True,
              help="Listen to the account's source itself: no broker, no running connector.")  # fmt: skip
@click.option("--names", is_flag=True,
              help="Keep the viewers' ids and names. Default: invented ones.")  # fmt: skip
@click.option("--for", "seconds", type=click.FloatRange(min=1), help="End by itself after so many seconds.")
@click.option("--config", "-c", type=click.Path(path_type=Path, dir_okay=False), default="stagewire.yaml",
              envvar="STAGEWIRE_CONFIG", show_default=True, help="The venue's settings file.")  # fmt: skip
def record(
    account: str, output: Path | None, direct: bool, names: bool, seconds: float | None, config: Path
) -> None:
    """Write what happens on ACCOUNT into a file, to play it again (source: replay).

    ACCOUNT is a name from the settings, or a TikTok @name.
    """
    from gateway.connector.recording.record import Job
    from gateway.connector.recording.record import record as run
    from gateway.settings.load import load

    async def work() -> None:
        loaded = load(config)
        job = Job(account=account, file=output, direct=direct, names=names, seconds=seconds)
        progress = _Progress()
        async with progress.shown():
            await run(loaded.settings, job, base_dir=loaded.base_dir, say=progress.say, on_start=progress.count)

    _run(work())


def diagnose(config: Path, accounts: tuple[str, ...], seconds: float, keep: Path | None) -> NoReturn:
    """``stagewire connector --diagnose``: ends the program, with status 0 when all is well."""
    from gateway.connector.diagnosis.diagnose import Diagnosis
    from gateway.settings.load import load

    if len(accounts) != 1:
        raise click.UsageError("--diagnose looks at one account: name it with --account")
    diagnosis: Diagnosis | None = None

    async def work() -> None:
        nonlocal diagnosis
        loaded = load(config)
        diagnosis = Diagnosis(loaded.settings, accounts[0], base_dir=loaded.base_dir, keep=keep, say=click.echo)
        await diagnosis.run(seconds)

    log = logging.getLogger("gateway")
    level = log.level
    log.setLevel(logging.ERROR)  # the diagnosis says the same in its own words
    try:
        _run(work())
    finally:
        log.setLevel(level)
    if diagnosis is None:  # stopped before it began
        sys.exit(1)
    verdict = diagnosis.verdict
    click.secho(verdict.words, fg="green" if verdict.good else "red", bold=True)
    if verdict.advice:
        click.echo(verdict.advice)
    sys.exit(0 if verdict.good else 1)


class _Progress:
    """A line that counts, drawn over itself in a terminal; other lines push it down."""

    def __init__(self) -> None:
        self._recorder: Recorder | None = None
        self._drawn = False

    def count(self, recorder: "Recorder") -> None:
        self._recorder = recorder

    def say(self, line: str) -> None:
        if self._drawn:
            click.echo("\r\033[K", nl=False, err=True)
            self._drawn = False
        click.echo(line, err=True)

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        drawing = asyncio.create_task(self._draw())
        try:
            yield
        finally:
            drawing.cancel()

    async def _draw(self) -> None:
        terminal = sys.stderr.isatty()
        began = time.monotonic()
        while True:
            await asyncio.sleep(REDRAWN if terminal else LOGGED)
            if self._recorder is None:
                continue
            minutes, seconds = divmod(int(time.monotonic() - began), 60)
            line = f"{minutes:3}:{seconds:02}  {self._recorder.words}"
            if terminal:
                click.echo(f"\r\033[K{line}", nl=False, err=True)
                self._drawn = True
            else:
                click.echo(line, err=True)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Our own errors are for a person: no traceback, exit status 1. Ctrl-C is how such work usually ends."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        try:
            runner.run(work)
        except KeyboardInterrupt:
            return
        except StagewireError as e:
            click.secho(str(e), fg="red", err=True)
            sys.exit(1)
