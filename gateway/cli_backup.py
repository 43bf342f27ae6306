"""``stagewire backup`` and ``stagewire restore``."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from gateway.errors import StagewireError
from gateway.wording import several, size

if TYPE_CHECKING:
    from gateway.keeping.manifest import LeftOut, Manifest
    from gateway.keeping.restore import Restored

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
STOPPED = 130
"""Exit status after Ctrl-C, as the shell has it."""


@click.command()
@click.option("--to", type=click.Path(path_type=Path), metavar="FOLDER|FILE",
              help="Where to. Default: the folder that the settings name, else backups beside them.")  # fmt: skip
@click.option("--secrets", is_flag=True,
              help="Passwords and keys, too, under a passphrase that is asked for.")  # fmt: skip
@click.option("--passphrase-file", type=FILE, help="--secrets, with the passphrase from a file of mode 0600.")
@click.option("--list", "listing", is_flag=True, help="Make none: list those that are there.")
@click.option("--config", "-c", type=FILE, default="stagewire.yaml", envvar="STAGEWIRE_CONFIG", show_default=True,
              help="The venue's settings file.")  # fmt: skip
def backup(to: Path | None, secrets: bool, passphrase_file: Path | None, listing: bool, config: Path) -> None:
    """Put all that the venue has into one file: settings, rules, sounds, journal, statistics.

    The gateway may run meanwhile.
    """
    from gateway.keeping.backup import kept, make_backup
    from gateway.keeping.inventory import backup_folder, venue_of

    with _in_words("no backup was made"):
        venue = venue_of(config)
        if listing:
            folder = to or backup_folder(venue)
            found = kept(folder, venue.settings.venue)
            for path in found:
                click.echo(f"{path}  {size(path.stat().st_size)}")
            if not found:
                click.echo(f"There is no backup of {venue.settings.venue} in {folder}.")
            return
        passphrase = _passphrase(passphrase_file, new=secrets)
        with _bar("backing up") as progress:
            made = make_backup(venue, to, passphrase=passphrase, progress=progress)
    for left in made.manifest.left_out:
        _say(left)
    click.secho(f"{made.path}: {size(made.size)}, {_what(made.manifest)}.", fg="green")
    if any(left.lost for left in made.manifest.left_out):
        _fail("the backup is made, and not complete: see above")


@click.command()
@click.argument("file", type=FILE)
@click.option("--to", type=FOLDER, default=".", show_default=True, help="The folder of the settings to be.")
@click.option("--data", type=FOLDER, help="The folder of the data; only where the settings want one elsewhere.")
@click.option("--passphrase-file", type=FILE, help="The passphrase of its secrets, in a file of mode 0600; "
              "else it is asked for.")  # fmt: skip
@click.option("--force", is_flag=True, help="Move aside what is in the way; nothing is deleted.")
@click.option("--check", is_flag=True, help="Restore nothing: see that all of it is there and whole.")
def restore(
    file: Path, to: Path, data: Path | None, passphrase_file: Path | None, force: bool, check: bool
) -> None:
    """Put a backup back, here or on a new machine; nothing else has to be there."""
    from gateway.keeping.archive import Archive
    from gateway.keeping.restore import look_through
    from gateway.keeping.restore import restore as put_back

    with _in_words("nothing was restored"):
        with Archive(file) as archive:
            sealed = bool(archive.manifest.secrets)
        passphrase = _passphrase(passphrase_file, sealed=sealed)
        if check:
            with _bar("checking") as progress:
                manifest, _ = look_through(file, passphrase, progress)
            for left in manifest.left_out:
                _say(left)
            click.secho(f"{file}: good. {_what(manifest)}.", fg="green")
            return
        with _bar("restoring") as progress:
            done = put_back(file, to, data=data, passphrase=passphrase, force=force, progress=progress)
    _report(done)


def _report(done: "Restored") -> None:
    for trouble in done.trouble:
        click.secho(f"was damaged already: {trouble}", fg="yellow", err=True)
    for folder in done.aside:
        click.echo(f"What was there before is in {folder}.")
    click.secho(f"Restored {_what(done.manifest)}.", fg="green")
    click.echo(f"  settings {done.settings}\n  data     {done.data}")
    if done.missing:
        click.secho("To bring or to do by hand:", bold=True)
        for left in done.missing:
            _say(left)
    click.secho("Then:", bold=True)
    click.echo(f"  stagewire check {done.settings}")
    click.echo("  stagewire boards          are the boards there? A new one gets the old one's id: boards name")
    click.echo("  Start the gateway, once no other gateway of this venue runs, and press Arm on the page.")


def _say(left: "LeftOut") -> None:
    click.secho(f"  {left.what}: {left.why}", fg="red" if left.lost else "yellow", err=True)


def _what(manifest: "Manifest") -> str:
    secrets = f", secrets: {len(manifest.secrets)}" if manifest.secrets else ""
    files = len(manifest.files) - bool(manifest.secrets)
    return f"venue {manifest.venue} as of {manifest.made}: {several(files, 'file')}{secrets}"


def _passphrase(file: Path | None, *, new: bool = False, sealed: bool = False) -> str | None:
    from gateway.settings.secrets import read_secret

    if file is not None:
        return read_secret(file, "--passphrase-file")
    if new:
        return str(click.prompt("Passphrase for the secrets", hide_input=True, confirmation_prompt=True))
    if sealed and sys.stdin.isatty():
        words = "Passphrase of its secrets (none: go on without them)"
        return str(click.prompt(words, hide_input=True, default="", show_default=False)) or None
    return None


@contextmanager
def _bar(label: str) -> Iterator[Callable[[int, int], None]]:
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield progress


@contextmanager
def _in_words(stopped: str) -> Iterator[None]:
    try:
        yield
    except (StagewireError, OSError) as e:
        _fail(str(e))
    except (KeyboardInterrupt, click.Abort):
        click.secho(f"\nstopped; {stopped}", fg="yellow", err=True)
        sys.exit(STOPPED)


def _fail(words: str) -> NoReturn:
    click.secho(words, fg="red", err=True)
    sys.exit(1)
