"""A file layer that fails on purpose: every file operation of the statistics' writer passes here first."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

CALLS = ("open", "write", "fsync", "close", "link", "replace", "unlink", "mkdir")


class Operation(NamedTuple):
    """``name``: what is about to happen; ``torn``: a write of which the first half is done. ``size``: bytes."""

    name: str
    size: int = 0


@contextmanager
def file_operations(
    before: Callable[[int, Operation], None] = lambda n, operation: None,
) -> Iterator[list[Operation]]:
    """Tells ``before`` of each (its number from 0 on) on a thread of the name ``stats...``; it may raise
    ``OSError``, or end the process. Yields the list of them all."""
    real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in CALLS}
    done: list[Operation] = []

    def meet(operation: Operation) -> None:
        done.append(operation)
        before(len(done) - 1, operation)

    def instead(name: str) -> Callable[..., Any]:
        def call(*args: Any, **kw: Any) -> Any:
            if not threading.current_thread().name.startswith("stats"):
                return real[name](*args, **kw)
            if name != "write":
                meet(Operation(name))
                return real[name](*args, **kw)
            fd, data = args
            meet(Operation("write", len(data)))
            half = real["write"](fd, data[: len(data) // 2])
            meet(Operation("torn"))
            return half + real["write"](fd, data[half:])

        return call

    for name in CALLS:
        setattr(os, name, instead(name))
    try:
        yield done
    finally:
        for name, call in real.items():
            setattr(os, name, call)
