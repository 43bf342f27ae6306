"""What one event set in motion: which rules looked and what they said, what was sent, what the boards answered.

The last ones stand in memory with every rule's word and every step (``TraceBook``); of older ones the journal
knows what mattered (``from_journal``).
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import PayloadError
from gateway.journal import JournalReader
from gateway.messages import (
    MAX_PAYLOAD,
    Ack,
    Command,
    Decided,
    Event,
    Outcome,
    Param,
    Trace,
    TracedCommand,
    encode,
    first_that_fit,
)

MOST_EVENTS = 1000
"""Traces in memory: the last minutes of a busy LIVE."""
MOST_COMMANDS = 5000
"""Of all of them together: a single event may cause hundreds."""
MOST_BYTES = MAX_PAYLOAD - 1024
"""Of an answer over MQTT, what stands around the trace left out."""


def noteworthy(decided: Decided) -> Decided | None:
    """What is worth a row of the journal: without the rules that do not match, which are most."""
    reasons = [reason for reason in decided.reasons if reason.outcome is not Outcome.NO_MATCH]
    return replace(decided, reasons=reasons) if reasons else None


class _Kept(Struct):
    """A trace that grows. ``steps``: command id to what was told of it, maybe before the command itself."""

    event: Event | None
    decided: Decided | None
    commands: dict[str, Command]
    steps: dict[str, list[Ack]]

    def trace(self) -> Trace:
        commands = [TracedCommand(command=c, steps=list(self.steps.get(i, ()))) for i, c in self.commands.items()]
        return Trace(event=self.event, decided=self.decided, commands=commands)


class TraceBook:
    """The last ``most`` events, fewer where they caused more than ``most_commands``. Belongs to the loop.

    What belongs to an event that is out of memory is left out: half a trace here would hide the whole one on disk.
    """

    def __init__(self, reader: JournalReader, most: int = MOST_EVENTS, most_commands: int = MOST_COMMANDS) -> None:
        self._reader, self._most, self._most_commands = reader, most, most_commands
        self._kept: dict[str, _Kept] = {}  # by the id of the event, or of the command that no event caused
        self._root: dict[str, str] = {}  # command id to that

    def decided(self, event: Event, decided: Decided, commands: Iterable[Command] = ()) -> None:
        """Takes note of an event, every rule's word on it, and what it causes. Before the commands are submitted,
        for their first steps come at once."""
        self._begin(event.id, event, decided)
        for command in commands:
            self.commanded(command)

    def commanded(self, command: Command) -> None:
        """Takes note of a command, also one that a rule sends later, or that no event caused."""
        root = command.cause or command.id
        if root == command.id and root not in self._kept:
            self._begin(root, None, None)
        kept = self._kept.get(root)
        if kept is not None:
            kept.commands[command.id] = command
            self._root[command.id] = root
            self._forget()

    def ack(self, ack: Ack) -> None:
        """Takes note of a command's step."""
        kept = self._kept.get(ack.cause or ack.id)
        if kept is not None:
            kept.steps.setdefault(ack.id, []).append(ack)

    def forget(self, _viewer: str) -> None:
        """Everything: a viewer may stand in any of them, and the disk has what matters."""
        self._kept.clear()
        self._root.clear()

    def recent(self, message_id: str) -> Trace | None:
        """From memory alone, by the id of the event or of one of its commands."""
        kept = self._kept.get(self._root.get(message_id, message_id))
        return None if kept is None else kept.trace()

    def last(self, most: int) -> Iterator[Trace]:
        """From memory, the newest first."""
        return (kept.trace() for kept in islice(reversed(self._kept.values()), most))

    def get(self, message_id: str) -> Trace | None:
        """From memory, else from disk. Raises ``OSError``."""
        return self.recent(message_id) or from_journal(self._reader, message_id)

    async def answer(self, params: Mapping[str, Param]) -> tuple[str, dict[str, Any]]:
        """The request ``trace`` with params {event: ID}: in words why not, or nothing, and the ``Trace`` as
        builtins. Memory answers at once; the disk is read in a thread."""
        message_id = params.get("event")
        if not isinstance(message_id, str) or not message_id:
            return "expected params: {event: the id of an event or a command}", {}
        trace = self.recent(message_id)
        if trace is None:
            try:
                trace = await asyncio.to_thread(from_journal, self._reader, message_id)
            except OSError as e:
                return f"the journal cannot be read: {e}", {}
        if trace is None:
            return f"nothing is known of {message_id!r}: no event or command has this id", {}
        return "", msgspec.to_builtins(fitting(trace))

    def _begin(self, root: str, event: Event | None, decided: Decided | None) -> None:
        self._drop(root)
        self._kept[root] = _Kept(event, decided, {}, {})
        self._forget()

    def _forget(self) -> None:
        while len(self._kept) > self._most or (len(self._root) > self._most_commands and len(self._kept) > 1):
            self._drop(next(iter(self._kept)))

    def _drop(self, root: str) -> None:
        kept = self._kept.pop(root, None)
        for command_id in kept.commands if kept else ():
            if self._root.get(command_id) == root:
                del self._root[command_id]


def from_journal(reader: JournalReader, message_id: str) -> Trace | None:
    """What is on disk of it: of rules, those that had something to say; of a command's steps, the last.
    Raises ``OSError``."""
    kept = _Kept(None, None, {}, {})
    for entry in reader.trace(message_id):
        with suppress(PayloadError):  # a row changed by hand
            match entry.message():
                case Command() as command:
                    kept.commands[command.id] = command
                case Ack() as ack:
                    kept.steps.setdefault(ack.id, []).append(ack)
                case Decided() as decided:
                    kept.decided = decided
                case event:
                    kept.event = event
    return kept.trace() if kept.event or kept.decided or kept.commands else None


def fitting(trace: Trace, most: int = MOST_BYTES) -> Trace:
    """``trace`` in at most ``most`` bytes of JSON: where it is longer, without the rules that did not match, and
    ``more`` tells how many commands are left out; without the event where that alone is too long."""
    if len(encode(trace)) <= most:
        return trace
    decided = trace.decided and noteworthy(trace.decided)
    if decided is not None:
        decided = replace(decided, reasons=first_that_fit(decided.reasons, most // 2))
    short = replace(trace, decided=decided, commands=[], more=len(trace.commands))
    if len(encode(short)) > most:
        short = replace(short, event=None)
    commands = first_that_fit(trace.commands, most - len(encode(short)))
    return replace(short, commands=commands, more=len(trace.commands) - len(commands))
