"""``stagewire games``: the games that a rules file can hold, each with its parameters and an example to paste."""

import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import click

from gateway.errors import SettingsError

WIDTH = 100
"""Columns."""


@click.command()
@click.argument("name", required=False)
@click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path, dir_okay=False),
    default="stagewire.yaml",
    envvar="STAGEWIRE_CONFIG",
    show_default=True,
    help="The venue's settings file; templates of its own stand in the folder games beside it.",
)
def games(name: str | None, config: Path) -> None:
    """The games that rules.yaml can hold; with NAME, what that one takes and an example to paste."""
    from gateway.settings.games import parts
    from gateway.settings.templates import template, templates

    files = templates(config.parent)
    if name is None:
        for each in files:
            click.echo(f"{click.style(f'{each:<20}', bold=True)} {_title(each, files)}")
        click.echo("\nstagewire games NAME says more of one.")
        return
    try:
        game = template(name, files)
    except SettingsError as e:
        for mistake in e.mistakes:
            click.secho(mistake, fg="red", err=True)
        sys.exit(1)
    click.secho(f"{game.title} (template: {name})", bold=True)
    click.echo(textwrap.fill(game.about, WIDTH))
    for key, p in game.parameters.items():
        click.echo(f"\n  {click.style(key, bold=True)}  {p.words}" + ("  (has to be said)" if p.needed else ""))
        click.echo(textwrap.fill(p.about, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6))
        if not p.needed:
            click.echo(f"      usually: {p.usually}")
    if has := parts(game):
        click.echo(f"\nIt has {has}.")
    click.secho("\nFor rules.yaml:", bold=True)
    click.echo(game.example.rstrip())


def _title(name: str, files: Mapping[str, Path]) -> str:
    from gateway.settings.templates import template

    try:
        return template(name, files).title
    except SettingsError:
        return click.style(f"cannot be used: stagewire games {name} says what is wrong", fg="red")
