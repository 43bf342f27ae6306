"""``stagewire practice``: a LIVE to rehearse with, on this machine."""

import asyncio
import re
import sys

import click

from gateway.errors import SettingsError, StagewireError

RATE = (
    "How busy the crowd is. 2: twice as busy as usual. gift=5,like=20: so many a second of these. 0,like=20: "
    "these and nothing else. Kinds: streak (small gifts in a row), gift (dear ones), guest (gifts to another "
    "host), comment, question, like, follow, share, join, subscribe, chest, battle, viewers."
)


@click.command()
@click.option("--account", "-a", "accounts", multiple=True, metavar="NAME", default=("practice.live",),
              show_default=True, help="The @name of a LIVE; may be given again.")  # fmt: skip
@click.option("--rate", metavar="RATES", help=RATE)
@click.option("--script", metavar="SHOW", help="Play this show in every LIVE: a YAML file, or evening or trouble, "
              "which come with Stagewire. Without --rate, with the show's own crowd.")  # fmt: skip
@click.option("--seed", type=int, help="Another seed, another crowd. Default: the show's.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True,
              help="Of 127.0.0.1; the signing service has the next one. 0: any that is free.")  # fmt: skip
@click.option("--for", "seconds", type=click.FloatRange(min=1), help="End by itself after so many seconds.")
def practice(
    accounts: tuple[str, ...],
    rate: str | None,
    script: str | None,
    seed: int | None,
    port: int,
    seconds: float | None,
) -> None:
    """A practice TikTok on this machine, for rehearsals: nothing leaves it.

    It speaks as TikTok does, so a connector listens to it with three addresses in its settings, which are printed.
    """
    from gateway.settings.models import USERNAME

    for name in accounts:
        if not re.fullmatch(USERNAME, name):
            raise click.BadParameter(
                f"{name!r} cannot be an @name: letters, digits, . and _", param_hint="--account"
            )
    try:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(_practise(accounts, rate, script, seed, port, seconds))
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
    except SettingsError as e:
        for mistake in e.mistakes:
            click.secho(mistake, fg="red", err=True)
        sys.exit(1)
    except StagewireError as e:
        click.secho(str(e), fg="red", err=True)
        sys.exit(1)


async def _practise(
    accounts: tuple[str, ...],
    rate: str | None,
    script: str | None,
    seed: int | None,
    port: int,
    seconds: float | None,
) -> None:
    try:
        from gateway.practice.tiktok import rates, show
        from gateway.practice.tiktok.house import House
    except ImportError as e:
        raise StagewireError(
            f"the practice platform's libraries are not installed ({e}): "
            "run `pip install 'stagewire[connector,demo]'`"
        ) from e
    house = House(
        accounts,
        show=show.load(show.find(script)) if script else None,
        rates=rates.parse(rate) if rate else None,
        seed=seed,
        port=port,
        say=click.echo,
    )
    try:
        async with asyncio.timeout(seconds):
            await house.run()
    except TimeoutError:
        click.echo("the time is over")
