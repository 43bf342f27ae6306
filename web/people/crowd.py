"""How many may be served at once: whatever hangs behind a view (a disk, a gateway, a folder on the network),
threads are left for the stop."""

import threading

from flask import Flask, abort, g, request

from web.people.signing import STATIC

QUICK = frozenset({"press.trip", "live.snapshot", "live.events", "overlay.data", STATIC})
"""Of memory alone, or counted by themselves (``MAX_STREAMS``, ``MAX_LOOKS``)."""
MOST = 16
"""Of 64 threads (``web.serve.THREADS``) 40 are for streams and 4 for overlays: four stay for the stop."""
PATIENCE_S = 0.5
"""Many phones that load their screens at once are served within this; what hangs is not waited for."""


def install(app: Flask) -> None:
    """Answer 503 to whoever would be one too many."""
    free = threading.BoundedSemaphore(MOST)

    @app.before_request
    def enter() -> None:
        if request.endpoint not in QUICK:
            if not free.acquire(timeout=PATIENCE_S):
                abort(503)
            g.in_crowd = True

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        if g.pop("in_crowd", False):
            free.release()
