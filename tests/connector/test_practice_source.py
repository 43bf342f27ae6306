"""A practice LIVE without a network, through the real connector."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway import messages as m
from gateway.connector import Connector
from gateway.connector.sources import practice
from gateway.errors import SettingsError
from gateway.settings.models import Account, Settings
from gateway.settings.models import Connector as ConnectorSettings
from tests.connector.conftest import HURRIED, Recorder


class Hall:
    """A connector with one account, ``ada``, whose source is the show in ``show``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bus = Recorder()
        self.connector: Connector
        self._task: asyncio.Task[None] | None = None

    def play(self, show: str | None) -> None:
        if show is not None:
            (self.folder / "show.yaml").write_text(show, encoding="utf-8")
        account = Account(username="ada.live", source="practice", file="show.yaml" if show is not None else None)
        settings = Settings(
            venue="hall",
            connector=ConnectorSettings(data=str(self.folder / "data")),
            accounts={"ada": account},
        )
        self.connector = Connector(settings, self.bus, base_dir=self.folder, pace=HURRIED)
        self._task = asyncio.create_task(self.connector.run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def gifts(self) -> Counter[tuple[str, str]]:
        """How many of which gift from whom."""
        paid: Counter[tuple[str, str]] = Counter()
        for event in self.bus.events("ada", m.GiftEvent):
            paid[event.data.user.name, event.data.name] += event.data.count
        return paid


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    hall = Hall(tmp_path)
    yield hall
    await hall.stop()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"left running: {left}"


async def test_a_show_becomes_events_in_its_order_and_the_live_ends_with_it(hall: Hall) -> None:
    hall.play("""
        people: {ada: {nickname: Ada Otter, follower: true}}
        show:
          0s: {comment: "good evening", by: ada}
          10ms: {gift: rose, by: ada, count: 5, over: 50ms}
          20ms: {gift: Comet, by: bo, count: 2, over: 20ms}
          60ms: {likes: 30, by: bo}
          70ms: [{follow: bo}, {share: bo}, {subscribe: ada}, {question: "how?", by: bo}]
          80ms: {chest: 500, people: 20, by: ada}
          90ms: {battle: guest.host, over: 50ms}
          400ms: {live: ends}
    """)
    await hall.bus.until(
        lambda: hall.bus.states("ada") and "played; disconnect" in hall.bus.states("ada")[-1].detail
    )
    assert hall.gifts() == {("ada", "Rose"): 5, ("bo", "Comet"): 2}
    everything = hall.bus.everything("ada")
    assert all(e.simulated and e.source == "practice/@ada.live" for e in everything)
    kinds = [m.KINDS[type(e)] for e in everything]
    assert kinds[0] == kinds[-1] == "live"
    assert {"comment", "gift", "like", "follow", "share", "subscribe", "question", "envelope", "battle"} < set(
        kinds
    )
    (comment,) = hall.bus.events("ada", m.CommentEvent)
    assert (comment.data.text, comment.data.user.nickname, comment.data.user.follower) == (
        "good evening",
        "Ada Otter",
        True,
    )
    assert [e.data.ended for e in hall.bus.events("ada", m.GiftEvent) if e.data.name == "Rose"][-1]
    battle = [e.data for e in hall.bus.events("ada", m.BattleEvent)]
    assert [b.phase for b in battle] == ["started", "ended"]
    assert sorted(side.own for side in battle[-1].sides) == [False, True]


async def test_without_a_show_there_is_a_crowd(hall: Hall) -> None:
    hall.play(None)
    await hall.bus.until(lambda: {"like", "join"} & {m.KINDS[type(e)] for e in hall.bus.everything("ada")})
    assert all(e.simulated for e in hall.bus.everything("ada"))


async def test_a_cut_and_a_stall_of_the_show_are_met_as_on_the_platform(hall: Hall) -> None:
    hall.play("""
        show:
          100ms: {fault: abort}
          600ms: {gift: Comet, by: ada}
          700ms: {fault: stall, for: 1500ms}
          2500ms: {gift: Comet, by: bo}
    """)
    await hall.bus.until(lambda: ("bo", "Comet") in hall.gifts())
    assert hall.gifts() == {("ada", "Comet"): 1, ("bo", "Comet"): 1}
    whys = [gap.data.why for gap in hall.bus.events("ada", m.GapEvent)]
    assert "the show cut the line" in whys[0]
    assert "said nothing" in whys[1]
    phases = hall.bus.phases("ada")
    assert "stalled" in phases
    assert phases[-1] == "live"
    assert len(hall.bus.events("ada", m.LiveEvent)) == 1


async def test_bad_frames_of_the_show_cost_nothing_but_themselves(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    hall.play("""
        show:
          0s: [{fault: truncated}, {fault: garbage}, {fault: bomb}, {fault: unreadable}, {fault: unknown}]
          10ms: {fault: captcha, for: 1s}
          20ms: {comment: "still here"}
    """)
    await hall.bus.until(lambda: hall.bus.events("ada", m.CommentEvent))
    assert hall.bus.phases("ada")[-1] == "live"
    assert hall.bus.events("ada", m.GapEvent) == []
    words = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert any("cut off; it is skipped" in w for w in words)
    assert any("captcha, which only the practice platform can play" in w for w in words)


async def test_a_live_that_the_show_ends_and_begins_is_another_one(hall: Hall) -> None:
    hall.play("""
        show:
          100ms: {live: ends}
          600ms: {live: begins}
          1500ms: {comment: "second house"}
    """)
    await hall.bus.until(lambda: hall.bus.events("ada", m.CommentEvent))
    phases = [(e.data.phase, e.room) for e in hall.bus.events("ada", m.LiveEvent)]
    assert [phase for phase, _ in phases] == ["started", "ended", "started"]
    assert phases[0][1] == phases[1][1] != phases[2][1]


async def test_a_show_that_fails_is_told_and_tried_again(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError("a fault in the show")

    with monkeypatch.context() as patched:
        patched.setattr(practice, "act_out", fail)
        hall.play("show: {0s: {comment: lost}, 700ms: {comment: heard}}")
        await hall.bus.until(lambda: any("a fault in the show" in s.detail for s in hall.bus.states("ada")))
    await hall.bus.until(lambda: hall.bus.events("ada", m.CommentEvent))
    assert [c.data.text for c in hall.bus.events("ada", m.CommentEvent)] == ["heard"]


async def test_a_show_that_is_not_there_is_named_with_those_that_are(hall: Hall) -> None:
    account = Account(username="ada.live", source="practice", file="evenin")
    settings = Settings(venue="hall", accounts={"ada": account})
    with pytest.raises(SettingsError, match="did you mean 'evening'"):
        Connector(settings, hall.bus, base_dir=hall.folder, pace=HURRIED)
