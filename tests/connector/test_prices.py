"""What a gift costs is learned from messages that say it, and never guessed."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import messages as m
from gateway.connector.prices import MAX_GIFTS, Prices

DAY = 86_400


def gift(
    gift_id: str, coins: int | None = None, name: str = "", *, day: int = 0, simulated: bool = False
) -> m.GiftEvent:
    at = m.stamp(1.8e9 + day * DAY)
    data = m.Gift(user=m.User(id="1"), gift_id=gift_id, name=name, coins=coins, count=1, total=1)
    return m.GiftEvent(id="1", source="s", time=at, received=at, account="ada", simulated=simulated, data=data)


def test_a_price_and_name_seen_once_are_known_afterwards(tmp_path: Path) -> None:
    prices = Prices(tmp_path / "gifts.json")
    assert prices.fill(gift("5655", 1, "Rose")) == gift("5655", 1, "Rose")
    assert prices.fill(gift("5655")) == gift("5655", 1, "Rose")
    assert prices.fill(gift("5655", name="Rosa")) == gift("5655", 1, "Rosa")
    assert prices.fill(gift("5655", 1)) == gift("5655", 1, "Rose")
    assert prices.unknown == 0


def test_an_unknown_price_stays_unknown_is_counted_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    prices = Prices(tmp_path / "gifts.json")
    for _ in range(3):
        assert prices.fill(gift("77", name="Kite")) == gift("77", name="Kite")
    assert prices.unknown == 3
    assert caplog.text.count("gift 77 'Kite' is not known") == 1


def test_the_newest_price_wins(tmp_path: Path) -> None:
    prices = Prices(tmp_path / "gifts.json")
    prices.fill(gift("5655", 1, "Rose"))
    prices.fill(gift("5655", 2, "Rose"))
    assert prices.fill(gift("5655")).data.coins == 2


def test_practice_prices_do_not_mix_with_real_ones(tmp_path: Path) -> None:
    prices = Prices(tmp_path / "gifts.json")
    prices.fill(gift("5655", 500, "Rose", simulated=True))
    assert prices.fill(gift("5655")).data.coins is None
    assert prices.fill(gift("5655", simulated=True)).data.coins == 500


@given(st.lists(st.tuples(st.integers(1, 5), st.none() | st.integers(1, 99)), max_size=40))
def test_a_price_is_always_the_last_one_said(said: list[tuple[int, int | None]]) -> None:
    prices, last = Prices(Path("no such folder") / "gifts.json"), dict[int, int]()
    for n, coins in said:
        if coins is not None:
            last[n] = coins
        assert prices.fill(gift(str(n), coins)).data.coins == last.get(n)


async def test_what_was_learned_outlives_the_connector(tmp_path: Path) -> None:
    path = tmp_path / "data" / "gifts.json"
    async with Prices(path) as prices:
        prices.fill(gift("5655", 1, "Rose"))
    assert Prices(path).fill(gift("5655")).data == gift("5655", 1, "Rose").data
    assert [p.name for p in path.parent.iterdir()] == ["gifts.json"]


async def test_the_file_is_written_while_running_and_only_for_news(tmp_path: Path) -> None:
    path = tmp_path / "gifts.json"
    async with Prices(path, interval=0.01) as prices:
        prices.fill(gift("5655", 1, "Rose"))
        async with asyncio.timeout(5):
            while not path.exists():
                await asyncio.sleep(0.01)
        path.unlink()
        prices.fill(gift("5655", 1, "Rose"))  # nothing new
    assert not path.exists()


async def test_two_processes_of_one_folder_keep_what_each_learned(tmp_path: Path) -> None:
    path = tmp_path / "gifts.json"
    async with Prices(path) as one:
        one.fill(gift("1", 10, "Kite"))
        one.fill(gift("3", 30, "Old"))
        async with Prices(path) as other:
            other.fill(gift("2", 20, "Boat"))
            other.fill(gift("3", 33, "New", day=1))
    prices = Prices(path)
    assert [prices.fill(gift(n)).data.coins for n in "123"] == [10, 20, 33]


async def test_the_catalogue_is_bounded_and_forgets_what_was_seen_longest_ago(tmp_path: Path) -> None:
    path = tmp_path / "gifts.json"
    async with Prices(path) as prices:
        for n in range(MAX_GIFTS + 10):
            prices.fill(gift(str(n), 1, "Kite", day=n // 1000))
    kept = msgspec.json.decode(path.read_bytes())["gifts"]
    assert len(kept) == MAX_GIFTS
    assert "9" not in kept
    assert "10" in kept


def test_a_damaged_file_is_set_aside_and_prices_are_learned_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "gifts.json"
    for broken in (b'{"version": 1, "gif', b'{"version": 9, "gifts": {}}', b"\xff\xfe", b"[]"):
        path.write_bytes(broken)
        assert Prices(path).fill(gift("5655")).data.coins is None
        assert not path.exists()
        assert (tmp_path / "gifts.json.damaged").read_bytes() == broken
    assert caplog.text.count("is damaged") == 4


async def test_a_disk_that_refuses_costs_the_file_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    async with Prices(tmp_path / "file" / "gifts.json", interval=0.01) as prices:
        prices.fill(gift("5655", 1, "Rose"))
        async with asyncio.timeout(5):
            while "cannot be written" not in caplog.text:
                await asyncio.sleep(0.01)
        assert prices.fill(gift("5655")).data.coins == 1
    assert caplog.text.count("cannot be written") == 1
