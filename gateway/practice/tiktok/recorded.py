"""Frames that were kept by a diagnosis, played into a practice room as they came."""

import asyncio
import itertools
import time
from pathlib import Path

from gateway.practice.tiktok import frames
from gateway.practice.tiktok.room import Room
from gateway.webcast.frame_file import FramesReader


async def play(room: Room, path: Path, speed: float = 1.0) -> int:
    """Send every frame of the file to who watches, ``speed`` times as fast as it came; returns how many.

    The room becomes the recorded one: its id must be the recorded LIVE's before a client asks for it, so call
    ``become`` first. Frames that could not be read then are left out; messages of unknown kinds are empty.
    Raises ``StorageError`` for a file that cannot be read or is something else.
    """
    loop = asyncio.get_running_loop()
    began, log_ids, sent = loop.time(), itertools.count(1), 0
    for kept in FramesReader(path):
        await asyncio.sleep(max(0.0, began + kept.at / speed - loop.time()))
        if not kept.unreadable:
            envelopes = [message.envelope() for message in kept.messages]
            room.send_raw(frames.push(envelopes, next(log_ids), int(time.time() * 1000)))
            sent += 1
    return sent


def become(room: Room, path: Path) -> None:
    """Give the room the id of the LIVE in the file. Raises ``StorageError`` as ``play`` does."""
    header = FramesReader(path).header
    if header.room.isdecimal():
        room.room_id = int(header.room)
