"""The page's process: a source, a WSGI server, and an end that is quick."""

import logging
import signal
import socket
from pathlib import Path
from types import FrameType

from gateway.errors import ServiceError
from gateway.logs import SECRET
from gateway.service import begin_again
from gateway.settings.models import Settings
from web import memory
from web.app import create_app
from web.parts import build
from web.people import links
from web.server import Server

log = logging.getLogger(__name__)
logging.getLogger("waitress").setLevel(logging.WARNING)  # else a line for every phone that goes

THREADS = 64
"""40 event streams at most, and 24 for everything else."""
LONGEST_BODY = 1_250_000
"""Bytes, of any request: the views take less, but what is longer must not even be kept until they say so."""
KEPT_BODY = 16 * 1024
"""Bytes of it in memory; the rest waits in a file."""
CONNECTIONS = 500
"""A browser keeps connections open; too few would shut the stop button out before any thread is busy."""
GONE_MS = 10_000
"""A phone that acknowledges nothing for this long is gone, and its thread is free again; the system's own
patience would be a quarter of an hour."""
IDLE_S = 30
MAX_BEHIND = 128 * 1024
"""Bytes a slow phone may lag, here and again in the system, before its stream waits for it; what it is sent
then is the newest state, not a backlog."""


def serve(settings: Settings, base_dir: Path = Path(), file: Path | None = None) -> None:
    """Serve the page until SIGTERM or Ctrl-C; ends within 2 s, and begins again where an admin asked for that. To
    be called in the main thread.

    ``base_dir`` is where the settings ``file`` stands; the gateway's data folder is read where there is one.
    Raises ``ServiceError`` when the address cannot be used, ``BusError`` when the broker's password or CA file
    cannot be read.
    """
    web = settings.web
    memory.settle()
    parts = build(settings, base_dir, file)
    source = parts.source
    app = create_app(parts, hosts=[web.host, *web.hosts])
    server = Server(
        app,
        _listen(web.host, web.port),
        threads=THREADS,
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,
        channel_timeout=IDLE_S,
        outbuf_high_watermark=MAX_BEHIND,
        max_request_body_size=LONGEST_BODY,
        inbuf_overflow=KEPT_BODY,
        ident=None,
    )

    def end(_signal: int, _frame: FrameType | None) -> None:
        source.stop()  # first, so that the event streams let go of their threads
        raise SystemExit(0)

    old = {s: signal.signal(s, end) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        with parts.condition.errors.watching():
            source.start()
            address = links.base(web.host, web.port)
            log.info("the page is at %s", address)
            if code := app.extensions["welcome"].code:
                told = "nobody may use the page yet: open %swelcome and enter the code %s"
                log.warning(told, address, code, extra=SECRET)
            server.run()
    finally:
        source.stop()
        server.close()
        parts.exports.close()
        parts.closing.close()
        source.join(1.0)
        app.extensions["audit"].settle(0.5)
        for s, handler in old.items():
            signal.signal(s, handler)
    if parts.again.is_set():
        begin_again()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=128)
    except OSError as e:
        raise ServiceError(
            f"the page cannot use {host}:{port}: {e.strerror}; is another `stagewire web` running? "
            "Choose another web.port"
        ) from None
    # Accepted connections inherit both; the second is Linux.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MAX_BEHIND)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_MS)
    return listening
