"""A WebSocket to a service that speaks JSON or Webcast frames; the only user of ``websockets`` itself."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedOK,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)

from gateway.connector.sources.base import Lost, Pace, Refused, Stalled
from gateway.text import clean

CLOSE_TIMEOUT = 1.0
"""Seconds for the closing handshake; a dead line never answers it."""
MAX_MESSAGE = 2 * 1024 * 1024
"""Bytes; Euler Stream's description of a room has some 100 kB."""
MAX_REASON = 200
"""Characters of the other side's words."""

_quiet = logging.getLogger(f"{__name__}.handshake")
_quiet.setLevel(logging.INFO)  # at DEBUG websockets logs the address, and the key is in it


@dataclass(frozen=True, slots=True)
class Closed:
    """The other side ended it, or did not let us in. ``code``: of the WebSocket (1000 and above) or of HTTP."""

    code: int
    reason: str = ""


async def listen(
    url: str,
    take: Callable[[str | bytes], bool],
    pace: Pace,
    *,
    who: str,
    unreachable: str = "",
    on_open: Callable[[], None] = lambda: None,
) -> Closed | None:
    """Connect and hand every message to ``take``, until it returns True: then None.

    A line that dies is noticed after ``pace.stall`` seconds at the latest, by pings. Raises ``Lost`` (with the
    words ``unreachable`` where nobody answers), ``Stalled``, ``Refused``. The errors never show the address's
    query, in which a key may stand.
    """
    local = is_local(url)
    connection = connect(
        url,
        open_timeout=pace.connect,
        close_timeout=CLOSE_TIMEOUT,
        ping_interval=pace.stall / 3,
        ping_timeout=pace.stall * 2 / 3,
        max_size=MAX_MESSAGE,
        compression=None if local else "deflate",
        proxy=None if local else True,  # one from the environment is for the world, not for this machine
        logger=_quiet,
    )
    opened = False
    try:
        async with connection as socket:
            opened = True
            on_open()
            while True:
                if take(await socket.recv()):
                    return None
    except ConnectionClosed as e:
        return _closed(e, who, pace)
    except InvalidStatus as e:
        return Closed(e.response.status_code, clean(e.response.reason_phrase, MAX_REASON))
    except (InvalidURI, InvalidProxy) as e:
        raise Refused(
            f"{who}: {_place(url)} cannot be used as a WebSocket address ({type(e).__name__}): check its "
            "setting, and the proxy's if there is one"
        ) from None
    except WebSocketException as e:
        raise Lost(f"{who} at {_place(url)} does not speak WebSocket ({type(e).__name__})") from None
    except OSError as e:  # TimeoutError is one
        why = e.strerror or "no answer in time"
        if opened:
            raise Lost(f"the connection to {who} broke ({why})") from e
        raise Lost(unreachable or f"{who} cannot be reached ({why}); is there an internet connection?") from e


def is_local(url: str) -> bool:
    """The address is on this machine."""
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")


def _closed(e: ConnectionClosed, who: str, pace: Pace) -> Closed:
    if e.rcvd is not None:
        return Closed(e.rcvd.code, clean(e.rcvd.reason, MAX_REASON))
    if isinstance(e, ConnectionClosedOK) or e.sent is None:
        raise Lost(f"the connection to {who} broke") from e
    if "ping timeout" in e.sent.reason:
        raise Stalled(f"{who} has not answered for {pace.stall:.0f} s; connecting again") from e
    raise Lost(f"the connection to {who} broke: {e.sent.reason or e.sent.code}") from e


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}"
