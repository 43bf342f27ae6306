"""What the person in front of ``stagewire practice`` is told, and what is played."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gateway.practice.tiktok import house
from gateway.practice.tiktok.acts import Comment, Tap
from gateway.practice.tiktok.house import House, account
from gateway.practice.tiktok.rates import Rates, parse
from gateway.practice.tiktok.show import Show, load

PATIENCE = 10.0


class Front:
    """The person: reads lines, and waits for some."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._read = asyncio.Event()

    def say(self, line: str) -> None:
        self.lines.append(line)
        self._read.set()

    def open(self, show: Show | None = None, rates: Rates | None = None, seed: int | None = None) -> House:
        opened = House(["ada.live"], show=show, rates=rates, seed=seed, port=0, say=self.say)
        self._tasks.append(asyncio.create_task(opened.run()))
        return opened

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._read.clear()
                await self._read.wait()

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    front = Front()
    yield front
    await front.leave()
    assert not asyncio.all_tasks() - {asyncio.current_task()}


def show(folder: Path, text: str) -> Show:
    path = folder / "show.yaml"
    path.write_text(text)
    return load(path)


async def test_a_line_of_what_was_sent_comes_every_minute(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house, "REPORT", 0.2)
    front.open(rates=parse("0,comment=200"))
    await front.until(lambda: len(front.lines) >= 3)
    assert front.lines[0].startswith("Practice TikTok is open.")
    first, second = (int(line.rpartition("comment ")[2]) for line in front.lines[1:3])
    assert front.lines[1].startswith("@ada.live: live, nobody connected; last minute: comment ")
    assert 0 < second < 2 * first + 20, "since the last line, not since the beginning"


async def test_a_show_is_played_in_the_room_and_its_faults_and_its_end_are_told(
    front: Front, tmp_path: Path
) -> None:
    played = show(
        tmp_path,
        "title: First night\nshow: {0s: {comment: hi}, 50ms: {fault: captcha, for: 50ms}, 150ms: {gift: Comet}}",
    )
    opened = front.open(played)
    await front.until(lambda: any("the show is over" in line for line in front.lines))
    assert front.lines[1:3] == ["@ada.live: captcha", "@ada.live: captcha is over"]
    (room,) = opened.tiktok._rooms.values()
    assert room.title == "First night"
    assert room.sent == {Comment: 1, Tap: 1}, "a show without rates has no crowd"
    assert not opened.tiktok.captcha


async def test_a_seed_of_the_command_line_goes_before_that_of_the_show(front: Front, tmp_path: Path) -> None:
    played = show(tmp_path, "seed: 7\nshow: {}")
    assert front.open(played).tiktok.seed == 7
    assert front.open(played, seed=8).tiktok.seed == 8
    assert front.open(seed=9).tiktok.seed == 9
    await front.until(lambda: sum(line.startswith("Practice TikTok") for line in front.lines) == 3)


@pytest.mark.parametrize(
    ("name", "known"), [("Ada.Otter_7", "ada-otter-7"), ("__", "account"), ("a" * 32, "a" * 32)]
)
def test_an_account_gets_an_id_that_the_settings_allow(name: str, known: str) -> None:
    assert account(name) == known
