"""How every program of ours logs: to stderr, one line each."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator

CHATTY = ("httpx", "httpcore", "websockets", "TikTokLive", "asyncio", "transitions", "amqtt")
"""Libraries that tell more than anybody wants to know."""

PRESSED = {"pressed": True}
"""``extra`` of a record that tells what a person did: worth a warning in the log, and no trouble."""
SECRET = {"secret": True}
"""``extra`` of a record that is for whoever sits at this machine, and is kept nowhere."""


def configure(level: int, who: str = "") -> None:
    """For the whole process. ``who`` stands before the name of the logger."""
    # Under systemd the journal adds time and name itself.
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(
        level=level, format=f"{stamp}%(levelname)-7s {who}%(name)s: %(message)s", stream=sys.stderr
    )
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


@contextlib.contextmanager
def only(level: int, *names: str) -> Iterator[None]:
    """Of these loggers nothing below ``level`` meanwhile: a command says in its own words what they would say."""
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(level)
    try:
        yield
    finally:
        for name, was in before.items():
            logging.getLogger(name).setLevel(was)
