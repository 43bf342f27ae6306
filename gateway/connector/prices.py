"""What a gift costs and is called, where its message does not say: learned from the messages that do."""

import asyncio
import contextlib
import logging
import os
from pathlib import Path
from types import TracebackType
from typing import Annotated, Self

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway import messages as m

log = logging.getLogger(__name__)

SAVE_INTERVAL = 5.0
"""Seconds between two writes of the file at the least; it is only written when something new was learned."""
MAX_GIFTS = 2_000
"""Gifts remembered, some three times TikTok's list; beyond them the one seen longest ago is forgotten. 0.2 MB."""
VERSION = 1


class Known(Struct, frozen=True):
    """A gift as last seen. ``coins`` is the price of one; ``seen`` is the day, in UTC."""

    name: m.Text
    coins: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    seen: str


class _File(Struct, frozen=True):
    version: int
    gifts: dict[str, Known]


class Prices:
    """The learned catalogue of one connector; a context that must be entered for it to be kept in ``path``.

    An unknown price stays None: it is counted in ``unknown``, never guessed. The newest price wins. Practice
    gifts have a catalogue of their own that is never kept. Nothing here raises because of a disk.
    """

    def __init__(self, path: Path, *, interval: float = SAVE_INTERVAL) -> None:
        self.unknown = 0
        self._path = path
        self._interval = interval
        self._gifts = _read(path)
        self._practice: dict[str, Known] = {}
        self._told: set[str] = set()
        self._changed = False
        self._fault = ""
        self._saver: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._saver = asyncio.create_task(self._save_now_and_then(), name="prices")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._saver is not None:
            self._saver.cancel()
            await asyncio.wait([self._saver])
            self._saver = None
        if self._changed:
            self._write(dict(self._gifts))

    def fill(self, event: m.GiftEvent) -> m.GiftEvent:
        """The event with what is known of its gift; learns from what it says itself."""
        gift, gifts = event.data, self._practice if event.simulated else self._gifts
        known = gifts.get(gift.gift_id)
        if gift.coins:
            name = gift.name or (known.name if known else "")
            seen = Known(name, gift.coins, event.received[:10])
            if seen != known:
                self._learn(gifts, gift.gift_id, seen)
            return event if name == gift.name else replace(event, data=replace(gift, name=name))
        if known is None:
            self._miss(gift)
            return event
        return replace(event, data=replace(gift, name=gift.name or known.name, coins=known.coins))

    def _learn(self, gifts: dict[str, Known], gift_id: str, seen: Known) -> None:
        gifts.pop(gift_id, None)  # and to the end: the first is then the one seen longest ago
        gifts[gift_id] = seen
        if len(gifts) > MAX_GIFTS:
            del gifts[next(iter(gifts))]
        self._changed = self._changed or gifts is self._gifts

    def _miss(self, gift: m.Gift) -> None:
        self.unknown += 1
        if gift.gift_id not in self._told and len(self._told) < MAX_GIFTS:
            self._told.add(gift.gift_id)
            log.warning(
                "the price of gift %s %s is not known: TikTok did not say it, nor was it seen before; "
                "it counts without coins",
                gift.gift_id,
                repr(gift.name) if gift.name else "(no name)",
            )

    # -- the file --------------------------------------------------------------------------------

    async def _save_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            if self._changed:
                self._changed = False
                # A card may take 100 ms for this. Shielded, since a thread does not hear of a cancellation.
                writing = asyncio.ensure_future(asyncio.to_thread(self._write, dict(self._gifts)))
                try:
                    await asyncio.shield(writing)
                except asyncio.CancelledError:
                    await writing
                    raise

    def _write(self, gifts: dict[str, Known]) -> None:
        """Replace the file at once and whole, with what other processes learned meanwhile."""
        for gift_id, theirs in _read(self._path).items():
            ours = gifts.get(gift_id)
            if ours is None or ours.seen < theirs.seen:
                gifts[gift_id] = theirs
        newest = sorted(gifts.items(), key=lambda item: item[1].seen)[-MAX_GIFTS:]
        data = msgspec.json.format(msgspec.json.encode(_File(VERSION, dict(newest))), indent=1)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as f:
                f.write(data)
                f.flush()
                os.fsync(f.fileno())
            draft.replace(self._path)
            self._fault = ""
        except OSError as e:
            self._changed = True  # and try again
            with contextlib.suppress(OSError):
                draft.unlink()
            why = e.strerror or str(e)
            level, self._fault = (logging.DEBUG if why == self._fault else logging.WARNING), why
            log.log(level, "%s cannot be written (%s): prices learned now are lost at the end", self._path, why)


def _read(path: Path) -> dict[str, Known]:
    """The kept catalogue, oldest first; empty when there is none. A damaged file is set aside."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
        if file.version != VERSION:
            raise msgspec.ValidationError(f"version {file.version}; this Stagewire knows {VERSION}")
    except FileNotFoundError:
        return {}
    except OSError as e:
        log.warning("%s cannot be read (%s): prices are learned anew", path, e.strerror)
        return {}
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        aside = path.with_name(f"{path.name}.damaged")
        log.warning("%s is damaged (%s): it is kept as %s, and prices are learned anew", path, e, aside.name)
        with contextlib.suppress(OSError):
            path.replace(aside)
        return {}
    return dict(sorted(file.gifts.items(), key=lambda item: item[1].seen))
