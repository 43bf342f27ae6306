"""Everything on one machine: a real broker, connector, gateway and page; a practice LIVE and simulated boards."""

from gateway.demo.show import run_demo

__all__ = ["run_demo"]
