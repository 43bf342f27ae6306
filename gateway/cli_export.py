"""``stagewire export``: statistics, events and actions as files for spreadsheets and programs."""

import sys
import time
from pathlib import Path

import click

from gateway.cli_sessions import library, nothing, of_days, of_venue, told
from gateway.errors import StagewireError
from gateway.export.what import FORMATS, SHEETS, Format, SheetName, What


@click.command()
@click.option("--format", "kind", type=click.Choice(FORMATS), default="csv", show_default=True,
              help="csv: a file for each sheet, in a .zip or a folder. jsonl: events alone, as they were sent.",
)  # fmt: skip
@of_days
@click.option("--session", "chosen", multiple=True, metavar="ID|last",
              help="Only this session; may be given again.")  # fmt: skip
@click.option("--account", help="Only of this account.")
@click.option("--practice", is_flag=True, help="Practice instead of what was real; the two never mix.")
@click.option("--sheets", metavar="A,B", help=f"Which: {', '.join(SHEETS)}. Default: all but events and actions.")
@click.option("--interval", type=click.Choice(["10", "60", "300", "3600"]), default="60", show_default=True,
              help="Seconds of a row of buckets.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path),
              help="The file to make; for csv a folder, or a file that ends with .zip. "
              "Default: in the folder exports of the data folder.")  # fmt: skip
@of_venue
@told
def export(
    kind: Format,
    since: str | None,
    until: str | None,
    chosen: tuple[str, ...],
    account: str | None,
    practice: bool,
    sheets: str | None,
    interval: str,
    out: Path | None,
    config: Path,
    data: Path | None,
) -> None:
    """Write statistics into a file: for a spreadsheet (csv, xlsx) or a program (json, jsonl).

    Ctrl-C ends it, and leaves nothing behind.
    """
    from gateway.export.export import Export
    from gateway.review.days import span
    from gateway.settings.load import load

    loaded = load(config)
    first, end = span(since, until, loaded.settings.timezone, time.time())
    what = What(
        format=kind,
        sheets=_sheets(sheets) if sheets is not None else What().sheets,
        sessions=chosen,
        since=first,
        until=end,
        account=account,
        practice=practice,
        interval=int(interval),  # type: ignore[arg-type]  # a choice of them
        out=out,
    )
    if chosen and (since or until or account or practice):
        raise StagewireError("--session says what is meant already: leave out --from, --to, --account, --practice")
    if kind == "jsonl" and sheets is not None:
        raise StagewireError("--format jsonl is of events alone: leave out --sheets, or take another format")
    known = library(config, data)
    if account is not None:
        known.account(account)
    if not chosen and not known.summaries(simulated=practice, since=first, until=end, account=account):
        click.secho(nothing(known, first, end, account, practice=practice), fg="yellow", err=True)
    job = Export(loaded.settings, known.data, what)
    with click.progressbar(length=1, label="exporting", file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = max(1, total)
            bar.update(done - bar.pos)

        try:
            written = job.run(progress)
        except KeyboardInterrupt:
            written = None
    if written is None:
        click.secho("cancelled: nothing was written", fg="yellow", err=True)
        sys.exit(1)
    for words in written.notes:
        click.secho(f"{words}: the export may not be complete", fg="yellow", err=True)
    rows = ", ".join(f"{name} {count}" for name, count in written.rows.items())
    click.echo(f"{written.path}: rows of {rows}")


def _sheets(words: str) -> tuple[SheetName, ...]:
    names = [word.strip() for word in words.split(",") if word.strip()]
    unknown = [name for name in names if name not in SHEETS]
    if unknown or not names:
        wrong = f"there is no sheet {', '.join(unknown)}" if unknown else "no sheet is named"
        raise StagewireError(f"--sheets: {wrong}; there are {', '.join(SHEETS)}")
    return tuple(name for name in SHEETS if name in names)
