"""The gateway's own condition, for whoever looks after it: errors, a profile, diagnostics, a restore."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gateway.diagnostics import Diagnostics
from gateway.errors_seen import ErrorsSeen
from gateway.health import HealthMonitor
from gateway.keeping.restoring import Restores, tell_trouble
from gateway.profiling import Profiler
from gateway.requests import Handler
from gateway.settings.load import Config
from gateway.settings.models import RuleBook
from gateway.trace import TraceBook


class SystemRoom:
    """``watching`` while the gateway runs; ``handlers`` answer requests; ``put_back`` before it starts again.
    ``rules``: those in force; ``restart``: to be set for that, unless something is ``busy``."""

    def __init__(
        self,
        config: Config,
        rules: Callable[[], RuleBook],
        traces: TraceBook,
        health: HealthMonitor,
        restart: asyncio.Event,
        busy: Callable[[], str],
    ) -> None:
        self._errors = ErrorsSeen()
        diagnostics = Diagnostics(config, self._errors, rules, traces.last, health.snapshot)
        restores = Restores(config, restart, busy)
        self.put_back = restores.put_back
        self.handlers: dict[str, Handler] = {
            **restores.handlers,
            "errors": self._errors.asked,
            "profile": Profiler().asked,
            "diagnostics": diagnostics.asked,
        }

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hear what this process logs."""
        with self._errors.watching():
            tell_trouble()
            yield
