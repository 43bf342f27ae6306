"""What keeps a command from starting at once, for a person who wants it now or not at all. Pure."""

from gateway.dispatch.permission import Permission
from gateway.dispatch.resources import Resources
from gateway.dispatch.worker import Worker
from gateway.drivers.base import Health
from gateway.messages import Command


def obstacle(
    command: Command, worker: Worker, health: Health, permission: Permission, resources: Resources
) -> str:
    """In words; empty when nothing does. ``worker`` and ``health`` are of its station."""
    if refused := permission.refusal(command, moves=worker.moves):
        return refused.reason
    if not health.online:
        return health.fault or "the station does not answer"
    if permission.held:
        return "nothing starts yet: the gateway waits for the broker"
    if worker.running is not None:
        return f"{worker.running.work} runs now: wait until it is done"
    if worker.waiting:
        return f"{worker.waiting} waiting here come first: let them run, or skip them"
    if worker.paused:
        return "the station's queue is paused: resume it first"
    if kept_by := resources.obstacle(command.station, command.work):
        return f"it would have to wait for {kept_by}"
    return ""
