"""Sessions played in virtual time, and what is heard of them, for tests."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from gateway import messages as m
from gateway.connector.recording import session_file
from gateway.connector.recording.session_file import StateLine
from gateway.connector.sources.base import Stream
from gateway.messages import stamp
from gateway.virtual_time import VirtualLoop

NOW = 1_700_000_000.0
STREAM = Stream("stage", "replay/@ada.live", simulated=True)
ADA = m.User(id="p1", nickname="Viewer 1")


class Ear:
    """A sink that notes what it hears, and when by the loop's clock. ``after`` is called with every event."""

    def __init__(self, after: Callable[[], None] = lambda: None) -> None:
        self.rooms: list[str] = []
        self.events: list[m.Event] = []
        self.heard: list[float] = []
        self._after = after

    def on_waiting(self, words: str) -> None:
        pass

    def on_found(self, room: str) -> None:
        pass

    def on_live(self, room: str) -> None:
        self.rooms.append(room)
        self.began = asyncio.get_running_loop().time()

    def on_event(self, event: m.Event) -> None:
        self.events.append(event)
        self.heard.append(asyncio.get_running_loop().time() - self.began)
        self._after()

    def on_frame(self, acknowledge: Callable[[], None]) -> None:
        acknowledge()


def in_virtual_time(work: Callable[[], Any]) -> Any:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work())


def context(n: int, at: float, room: str = "7400") -> dict[str, Any]:
    when = {"time": stamp(at - 0.2), "received": stamp(at)}
    return {"id": f"{room}-{n}", "source": "tiktok/@bob.live", "account": "bob", "room": room, **when}


def comment(n: int, at: float, room: str = "7400") -> m.Event:
    return m.CommentEvent(**context(n, at, room), data=m.Comment(user=ADA, text=f"word {n}", plain=f"word {n}"))


def live(phase: Any, at: float, room: str = "7400") -> m.Event:
    return m.LiveEvent(**context(0, at, room), data=m.Live(phase=phase))


def tape(folder: Path, events: Sequence[m.Event | StateLine], name: str = "bob.session.gz") -> Path:
    path = folder / name
    with session_file.create(path, "bob", "tiktok/@bob.live", stamp(NOW), pseudonymous=True) as writer:
        for event in events:
            writer.write(m.encode(event))
    return path


def as_recorded(event: m.Event, run: str) -> m.Event:
    """A replayed event without what a replay changes: for comparing. ``run`` is the prefix of the run."""
    assert event.account == "stage"
    assert event.source == STREAM.source
    assert event.simulated
    assert event.id.startswith(f"{run}-")
    assert event.room.startswith(f"{run}-")
    changes: dict[str, Any] = {}
    if isinstance(event, m.GiftEvent) and event.data.streak:
        changes["data"] = replace(event.data, streak=event.data.streak.removeprefix(f"{run}-"))
    return replace(
        event,
        id=event.id.removeprefix(f"{run}-"),
        room=event.room.removeprefix(f"{run}-"),
        account="bob",
        source="tiktok/@bob.live",
        simulated=False,
        received=stamp(0),
        **changes,
    )


def kinds(at: st.SearchStrategy[float]) -> st.SearchStrategy[m.Event]:
    numbers = st.integers(1, 10**18)
    texts = st.text(max_size=20)
    users = st.builds(m.User, id=texts, nickname=texts)
    contexts = st.builds(context, numbers, at)

    def of(cls: Any, data: st.SearchStrategy[Any]) -> st.SearchStrategy[m.Event]:
        return st.builds(lambda c, d: cls(**c, data=d), contexts, data)

    counts = st.integers(0, 2**63 - 1)
    gifts = st.builds(m.Gift, user=users, gift_id=texts, name=texts, count=counts, total=counts, streak=texts,
                      coins=st.none() | counts, ended=st.booleans(), to=texts)  # fmt: skip
    persons = st.builds(m.Person, user=st.none() | users)
    return st.one_of(
        of(m.GiftEvent, gifts),
        of(m.CommentEvent, st.builds(m.Comment, user=users, text=texts, plain=texts)),
        of(m.LikeEvent, st.builds(m.Like, user=st.none() | users, count=counts, total=counts)),
        *(of(cls, persons) for cls in (m.FollowEvent, m.ShareEvent, m.JoinEvent, m.SubscribeEvent)),
        of(m.ViewersEvent, st.builds(m.Viewers, count=counts)),
        of(m.QuestionEvent, st.builds(m.Question, text=texts, plain=texts)),
        of(m.EnvelopeEvent, st.builds(m.Envelope, user=st.none() | users, coins=st.none() | counts)),
        of(m.BattleEvent, st.builds(m.Battle, battle=texts, phase=st.just("points"))),
        of(m.GapEvent, st.builds(m.Gap, start=st.just(stamp(NOW)), end=st.just(stamp(NOW)), why=texts)),
    )
