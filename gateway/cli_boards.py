"""``stagewire boards`` and ``stagewire flash``: what a technician does with boards."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.errors import StagewireError

T = TypeVar("T")

BAUD = click.option(
    "--baud",
    type=click.Choice(["115200", "250000", "500000", "1000000"]),
    default="250000",
    show_default=True,
    help="The speed of the wire, built into the firmware.",
)
CONFIG = click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path, dir_okay=False),
    default="stagewire.yaml",
    envvar="STAGEWIRE_CONFIG",
    show_default=True,
    help="The venue's settings file.",
)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Our own errors are for a person: no traceback, exit status 1."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        try:
            return runner.run(work)
        except StagewireError as e:
            click.secho(str(e), fg="red", err=True)
            sys.exit(1)


@click.group(invoke_without_command=True)
@click.option(
    "--port", "ports", multiple=True, help="Look at this port, not at every USB port; may be given again."
)
@BAUD
@click.pass_context
def boards(context: click.Context, ports: tuple[str, ...], baud: str) -> None:
    """Which boards are there: port, id, firmware, health. Opening a port resets the board behind it."""
    if context.invoked_subcommand is not None:
        return
    from gateway import boards as room
    from gateway.drivers.arduino.ports import Port, list_ports

    async def look() -> list[room.Seen]:
        listed = [Port(p) for p in ports] if ports else [p for p in list_ports() if p.usb]
        return await room.look(listed, int(baud))

    found = _run(look())
    if not found:
        click.echo("no USB serial port found: plug a board in with a data cable (not one only for charging)")
    for seen in found:
        for line in room.lines(seen):
            click.echo(line)
    for words in room.warnings(found):
        click.secho(words, fg="yellow")


@boards.command("name")
@click.argument("port")
@click.argument("board_id", metavar="ID")
@BAUD
def name(port: str, board_id: str, baud: str) -> None:
    """Write ID into the board on PORT, and read it back."""
    from gateway import boards as room

    before = _run(room.name(port, board_id, int(baud)))
    was = "it had none" if not before else f"it was {before}"
    click.secho(
        f"the board on {port} is {board_id} now ({was}); in the settings: board: {{id: {board_id}}}", fg="green"
    )


@click.command()
@click.argument("target", metavar="STATION|PORT")
@click.option("--hex", "image", type=click.Path(path_type=Path, dir_okay=False, exists=True),
              help="Flash this file; default: build the firmware, or take the one built last.")  # fmt: skip
@click.option("--board", "kind", type=click.Choice(["uno", "nano", "nano-old", "mega"]),
              help="What board it is. Default: what it says of itself, else what the settings say.")  # fmt: skip
@BAUD
@CONFIG
def flash(target: str, image: Path | None, kind: str | None, baud: str, config: Path) -> None:
    """Put the firmware onto a board, and see that it runs. Refuses while the station is armed.

    For a station, the wire's speed is the one in the settings; --baud is for a port.
    """
    from gateway import flash as room

    done = _run(room.flash(target, image=image, kind=kind, config=config, say=click.echo, baud=int(baud)))
    click.secho(done, fg="green")
