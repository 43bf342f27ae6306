"""How every program of ours logs: to stderr, one line each."""

import logging
import os
import sys

CHATTY = ("httpx", "httpcore", "websockets", "TikTokLive", "asyncio", "transitions", "amqtt")
"""Libraries that tell more than anybody wants to know."""


def configure(level: int, who: str = "") -> None:
    """For the whole process. ``who`` stands before the name of the logger."""
    # Under systemd the journal adds time and name itself.
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(
        level=level, format=f"{stamp}%(levelname)-7s {who}%(name)s: %(message)s", stream=sys.stderr
    )
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
