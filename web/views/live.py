"""The venue as it is: once as JSON, or for as long as a phone listens."""

from collections.abc import Callable, Iterator

from flask import Blueprint, Response, request

from web.condition import Streams
from web.people.people import People
from web.people.present import present
from web.people.signing import who
from web.rows import Rows

MAX_STREAMS = 40
"""Each holds a thread; with 64 threads, 24 stay for presses and polls whoever listens."""
HEARTBEAT_S = 1.0
"""A page that hears nothing for 2.5 s says so: the promise is 3 s, so silence must be shorter than that."""


def blueprint(rows: Rows, streams: Streams, people: People) -> Blueprint:
    views = Blueprint("live", __name__)

    @views.get("/api/snapshot")
    def snapshot() -> Response:
        """What changed after the version ``since`` of this ``instance``; without them, everything.
        A stranger is told of the stop alone."""
        if present().role is None:
            return Response(rows.of_the_stop(), content_type="application/json")
        since = _cursor(rows, request.args.get("since", ""))
        return Response(rows.changes(since)[1], content_type="application/json")

    @views.get("/api/events")
    def events() -> Response:
        """The same, as server-sent events; 503 when all streams are taken: poll ``/api/snapshot`` then."""
        if not streams.take():
            answer = Response('{"error": "all event streams are taken: poll /api/snapshot"}', 503)
            answer.content_type = "application/json"
            answer.headers["Retry-After"] = "30"
            return answer
        since = _cursor(rows, request.headers.get("Last-Event-ID") or request.args.get("since", ""))
        name = present().session
        live = _stream(rows, since, lambda: who(people, name) is not None)
        answer = Response(live, content_type="text/event-stream")
        answer.headers["X-Accel-Buffering"] = "no"
        # Also called when the phone was gone before the first byte, where a generator's `finally` is not.
        answer.call_on_close(streams.release)
        return answer

    return views


def _stream(rows: Rows, since: int, signed_in: Callable[[], bool]) -> Iterator[bytes]:
    yield b"retry: 1000\n\n"
    while not rows.closed and signed_in():
        since, body = rows.changes(since)
        yield b"id: %s.%d\ndata: %s\n\n" % (rows.instance.encode(), since, body)
        rows.wait(since, HEARTBEAT_S)


def _cursor(rows: Rows, text: str) -> int:
    """``<instance>.<version>`` -> the version, 0 when it is another run's or nonsense."""
    instance, _, version = text.partition(".")
    return int(version) if instance == rows.instance and version.isdecimal() and len(version) < 16 else 0
