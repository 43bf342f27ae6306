"""``stagewire journal``: what is written down, and whether it is sound."""

import logging
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NoReturn, get_args

import click
import msgspec

from gateway.cli_trace import LONGEST, what
from gateway.errors import PayloadError, StagewireError
from gateway.journal import Entry, JournalReader, Kind
from gateway.logs import only
from gateway.messages import Ack, Command, Decided
from gateway.text import clean
from gateway.wording import several, size

KINDS = get_args(Kind)
MOST = 100_000


@click.group()
def journal() -> None:
    """What the gateway wrote down: look at it, or check that it is sound."""


def _where(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which data folder is meant."""
    config = click.option(
        "--config",
        "-c",
        type=click.Path(path_type=Path, dir_okay=False),
        default="stagewire.yaml",
        envvar="STAGEWIRE_CONFIG",
        show_default=True,
        help="The venue's settings file.",
    )
    data = click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        help="The gateway's data folder, or a copy of it. Default: the one in the settings.",
    )
    return data(config(command))


@journal.command()
@click.option("--last", type=click.IntRange(1, MOST), default=20, show_default=True, help="So many records.")
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Only these; may be given again.")
@click.option("--json", "as_json", is_flag=True, help="JSON, one record a line, for programs.")
@_where
def show(last: int, kinds: tuple[Kind, ...], as_json: bool, data: Path | None, config: Path) -> None:
    """The newest records, the newest last; also while the gateway runs."""
    reader = JournalReader(_folder(data, config))
    with only(logging.CRITICAL, "gateway.journal"):  # it is said below
        found = sorted(
            (entry for kind in kinds or (None,) for entry in reader.last(last, kind=kind)), key=lambda e: e.seq
        )
    for path, why in reader.damaged.items():
        click.secho(f"{path} cannot be read ({why}): what stands in it is missing here", fg="yellow", err=True)
    for entry in found[-last:]:
        click.echo(as_line(entry) if as_json else in_words(entry))


def in_words(entry: Entry) -> str:
    """One record, one line."""
    at = datetime.fromtimestamp(entry.time / 1000).astimezone()
    where = " ".join(filter(None, (entry.account, entry.station, "(practice)" if entry.simulated else "")))
    try:
        words = _said(entry)
    except PayloadError as e:
        words = click.style(f"cannot be read: {e}", fg="red")
    time = f"{at:%m-%d %H:%M:%S}.{entry.time % 1000:03d}"
    return f"{entry.seq:>8} {time} {entry.kind:<8} {where:<20} {words}  {clean(entry.id, LONGEST)}"


def _said(entry: Entry) -> str:
    match entry.message():
        case Decided() as decided:
            said = ", ".join(f"{r.rule}: {r.outcome.value}" for r in decided.reasons)
            return clean(said, LONGEST)
        case Command() as command:
            return clean(f"{command.action} for {command.user or 'nobody'} by rule {command.rule or '-'}", LONGEST)
        case Ack() as ack:
            return clean(f"{ack.status.value} {ack.reason}", LONGEST)
        case event:
            return clean(what(event), LONGEST)


def as_line(entry: Entry) -> str:
    """``message`` is the record as it was on the bus."""
    record = {
        "seq": entry.seq,
        "time": entry.time,
        "kind": entry.kind,
        "type": entry.type,
        "simulated": bool(entry.simulated),
    }
    try:
        entry.message()
        return msgspec.json.encode(record | {"message": msgspec.Raw(entry.body)}).decode()
    except PayloadError:
        return msgspec.json.encode(record | {"damaged": entry.body.hex()}).decode()


@journal.command()
@_where
def verify(data: Path | None, config: Path) -> None:
    """Read everything that was ever written down, and say what is wrong, where, and what to do.

    Reads only, and may run while the gateway runs; a month of busy evenings takes minutes. Exit status 1 when
    something is wrong.
    """
    from gateway.journal.verify import verify as look
    from gateway.rules.state import State

    folder = _folder(data, config)
    with click.progressbar(length=1000, label="reading", file=sys.stderr) as bar:
        report = look(folder, lambda done, of: bar.update(round(done / max(of, 1) * 1000) - bar.pos))
    if not report.files and not report.problems:
        _fail(f"there is nothing in {folder}: is this the gateway's data folder, and did the gateway run?")
    with only(logging.CRITICAL, "gateway.journal"):  # it is said below
        _, lost = State.restored(JournalReader(folder).state())
    if lost:
        report.problems.append(
            f"of what the rules remember {len(lost)} things cannot be read ({', '.join(sorted(lost)[:5])}); they "
            "begin anew at the gateway's next start: look at counters and goals, and set them on the page"
        )
    for file in report.files:
        click.echo(f"{file.path.name}  schema {file.schema}, {several(file.records, 'record')}, {size(file.size)}")
    for note in report.notes:
        click.echo(note)
    for problem in report.problems:
        click.secho(problem, fg="red")
    if report.problems:
        sys.exit(1)
    click.secho(
        f"All is sound: {several(report.records, 'record')} in {several(len(report.files), 'file')}.", fg="green"
    )


def _folder(data: Path | None, config: Path) -> Path:
    from gateway.settings.load import load

    try:
        if data is None:
            loaded = load(config)
            data = loaded.base_dir / loaded.settings.gateway.data
        if not data.is_dir():
            _fail(f"{data} is no folder: is this the gateway's data folder, and did the gateway run?")
        next(data.iterdir(), None)
    except PermissionError as e:
        _fail(f"{e.filename} belongs to another user: run this as that one, such as `sudo -u stagewire ...`")
    except (StagewireError, OSError) as e:
        _fail(str(e))
    return data


def _fail(words: str) -> NoReturn:
    click.secho(words, fg="red", err=True)
    sys.exit(1)
