"""``stagewire people``: who may use the page, for whoever keeps the machine. The page may run meanwhile."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli_sessions import told
from gateway.errors import PeopleError
from gateway.messages import stamp
from gateway.settings.values import DURATION_RE, duration

if TYPE_CHECKING:
    from gateway.settings.models import Settings
    from web.people.people import People

ROLES = click.Choice(["viewer", "operator", "supervisor", "admin"])
_FILE = click.Path(path_type=Path, dir_okay=False)
_CONFIG = click.option("--config", "-c", type=_FILE, default="stagewire.yaml", envvar="STAGEWIRE_CONFIG",
                       show_default=True, help="The venue's settings file.")  # fmt: skip
_NEW = click.password_option(help="Asked for when it is left out, so that it stays out of the shell's history.")


@click.group()
def people() -> None:
    """Who may use the page, and as what: viewer, operator, supervisor, admin."""


@people.command("list")
@_CONFIG
@told
def everyone(config: Path) -> None:
    """Everybody, and the invitations that are open."""
    known, settings = _known(config)
    found = known.everyone()
    for m in found:
        browsers, seen = known.signed_in(m.id)
        here = f"last here {stamp(seen)}" if seen is not None else "never here yet"
        how = f"guest until {stamp(m.until)}" if m.until is not None else f"{browsers} signed in"
        click.echo(f"{m.role:<11} {m.name:<30} {how}, {here}")
    for i in known.invitations().values():
        click.echo(f"{i.role:<11} invitation by {i.by}, for {i.uses} more, until {stamp(i.until)}")
    if not found:
        click.echo(f"Nobody may use the page of {settings.venue} yet. Make an admin: stagewire people add NAME")


@people.command()
@click.argument("name")
@click.option("--role", type=ROLES, default="admin", show_default=True)
@_NEW
@_CONFIG
@told
def add(name: str, role: str, password: str, config: Path) -> None:
    """Let somebody sign in with a password of at least 10 characters."""
    from web.people.roles import Role

    member = _known(config)[0].add(name, Role.named(role), password)
    click.secho(f"{member.name} may sign in as {role}.", fg="green")


@people.command()
@click.argument("name")
@_NEW
@_CONFIG
@told
def password(name: str, password: str, config: Path) -> None:
    """Give somebody a new password; they are signed out everywhere."""
    known, _settings = _known(config)
    member = known.named(name)
    known.set_password(member.id, password)
    click.secho(f"{member.name} signs in with the new password from now on.", fg="green")


@people.command()
@click.argument("name")
@click.argument("role", type=ROLES)
@_CONFIG
@told
def role(name: str, role: str, config: Path) -> None:
    """Give somebody another role; they are signed out everywhere."""
    from web.people.roles import Role

    known, _settings = _known(config)
    member = known.named(name)
    known.set_role(member.id, Role.named(role))
    click.secho(f"{member.name} is {role} now.", fg="green")


@people.command()
@click.argument("name")
@_CONFIG
@told
def remove(name: str, config: Path) -> None:
    """Somebody is out, at their next press."""
    known, _settings = _known(config)
    member = known.named(name)
    known.remove(member.id)
    click.secho(f"{member.name} is out.", fg="green")


@people.command()
@click.option("--role", type=ROLES, default="operator", show_default=True)
@click.option(
    "--uses", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many may come by it."
)
@click.option("--for", "lasts", default="1h", show_default=True, help="How long the link works: 30m, 1h, 2d.")
@click.option("--stay", "stays", default="12h", show_default=True, help="How long who comes by it may stay.")
@click.option("--address", metavar="URL", help="Where phones find the page. Default: this machine's address.")
@_CONFIG
@told
def invite(role: str, uses: int, lasts: str, stays: str, address: str | None, config: Path) -> None:
    """Make a link, and its code to scan, that lets somebody in without a password."""
    from web.people import links
    from web.people.roles import Role

    known, settings = _known(config)
    token = known.invite(
        Role.named(role), by="the console", lasts=_seconds(lasts), uses=uses, stays=_seconds(stays)
    )
    link = f"{(address or links.base(settings.web.host, settings.web.port)).rstrip('/')}/enter/{token}"
    click.echo(f"{links.code_in_terminal(link)}\n{link}")
    if links.only_here(link):
        words = "Only this machine can follow it: set web.host to 0.0.0.0 for phones, or name --address."
        click.secho(words, fg="yellow", err=True)


def _seconds(text: str) -> float:
    if not re.fullmatch(DURATION_RE, text) or not duration(text):
        raise PeopleError(f"{text!r} is no length of time: expected one such as 30m, 1h or 2d")
    return duration(text)


def _known(config: Path) -> "tuple[People, Settings]":
    """The people of the page of these settings."""
    from gateway.keeping.inventory import data_folder, venue_of
    from web.parts import FOLDER
    from web.people.people import People

    venue = venue_of(config)
    return People(data_folder(venue) / FOLDER), venue.settings
