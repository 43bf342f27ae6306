"""The page's WSGI server: waitress, in which connections that only wait never shut out one that presses."""

import socket
from typing import Any

from waitress.adjustments import Adjustments  # type: ignore[import-untyped]  # ships no types
from waitress.server import TcpWSGIServer  # type: ignore[import-untyped]

SPARE = 20
"""Connections below the limit: beyond it waitress would accept nobody, the stop button neither."""


class Server(TcpWSGIServer):  # type: ignore[misc]  # untyped
    """Serves ``app`` on a listening ``sock``. When nearly all connections are taken, the one silent longest
    and waits for no answer is closed: browsers keep many open, and open another when they need it."""

    def __init__(self, app: Any, sock: socket.socket, **settings: Any) -> None:
        adjustments = Adjustments(sockets=[sock], **settings)
        about = sock.family, sock.type, sock.proto, sock.getsockname()
        super().__init__(app, None, True, sock, adj=adjustments, bind_socket=False, sockinfo=about)

    def handle_accept(self) -> None:
        super().handle_accept()
        if len(self.active_channels) <= self.adj.connection_limit - SPARE:
            return
        idle = [c for c in self.active_channels.values() if not c.requests and not c.total_outbufs_len]
        if idle:
            min(idle, key=lambda channel: channel.last_activity).handle_close()
