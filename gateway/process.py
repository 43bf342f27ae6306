"""The gateway as a process: from its start to the signal that ends it, through every restart on the way."""

import asyncio

from gateway.app import Gateway
from gateway.drivers.arduino.driver import ArduinoDriver
from gateway.drivers.arduino.ports import Ports
from gateway.service import begin_again, calm_collector, until_signalled
from gateway.settings.load import Config


async def run_gateway(config: Config) -> None:
    """Until SIGTERM or Ctrl-C, and again when a restart is asked for. Raises ``StagewireError`` when it cannot
    start."""
    ports, signals = Ports(), _Signals()
    drivers = {name: ArduinoDriver(name, station, ports) for name, station in config.settings.stations.items()}
    gateway = Gateway(config, drivers)
    if await gateway.run(signals.wait):
        await gateway.system.put_back()
        if not signals.came:
            begin_again()


class _Signals:
    """Heard from the first ``wait`` on, also when that was given up: whoever ends the service while it restarts
    means it."""

    def __init__(self) -> None:
        self._listening: asyncio.Task[None] | None = None

    @property
    def came(self) -> bool:
        return self._listening is not None and self._listening.done()

    async def wait(self) -> None:
        calm_collector()
        self._listening = asyncio.create_task(until_signalled())
        await asyncio.shield(self._listening)
