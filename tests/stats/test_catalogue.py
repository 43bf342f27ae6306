"""The catalogue of gifts: the one source of what a gift costs."""

from typing import Any

from msgspec import structs

from gateway.messages import Event, GiftEvent
from gateway.stats.catalogue import Catalogue
from tests.records import NOON, gift


def seen(at: float = NOON, gift_id: str = "5655", **more: Any) -> GiftEvent:
    e: Event = gift(f"g{at}", at, **more)
    assert isinstance(e, GiftEvent)
    return structs.replace(e, data=structs.replace(e.data, gift_id=gift_id))


def catalogue(*events: GiftEvent, most: int = 5000) -> Catalogue:
    found = Catalogue(most=most)
    for e in events:
        found.event(e)
    return found


def test_f12_a_gift_has_one_price_and_it_is_the_newest_that_was_seen() -> None:
    found = catalogue(seen(coins=1), seen(NOON + 1, coins=5), seen(NOON + 2, coins=None), seen(NOON - 9, coins=1))
    assert [(g.gift_id, g.coins, g.count) for g in found.gifts()] == [("5655", 5, 4)]


def test_what_is_late_or_practice_teaches_no_price() -> None:
    stale = structs.replace(seen(NOON + 1, coins=9), stale=True)
    found = catalogue(seen(coins=1), stale, seen(NOON + 2, coins=77, simulated=True, name="Lion"))
    assert [(g.coins, g.names, g.count) for g in found.gifts()] == [(1, ["Rose"], 2)]


def test_a_gift_has_names_in_many_languages_the_newest_last() -> None:
    names = ["Rose", "Rosa", "Róża", "Роза", "玫瑰", "Rosa", "Gül"]
    found = catalogue(*(seen(NOON + n, name=name) for n, name in enumerate(names)))
    assert found.gifts()[0].names == ["Róża", "Роза", "玫瑰", "Rosa", "Gül"]


def test_the_least_recently_seen_goes_when_there_are_too_many() -> None:
    found = catalogue(*(seen(NOON + n, gift_id=str(g)) for n, g in enumerate([1, 2, 3, 1, 4])), most=3)
    assert [g.gift_id for g in found.gifts()] == ["3", "1", "4"]


def test_it_goes_on_from_what_was_kept() -> None:
    found = catalogue(seen(), seen(NOON + 1, gift_id="2", name="Galaxy", coins=1000))
    again = Catalogue(found.gifts())
    assert again.gifts() == found.gifts()
    for c in (found, again):
        c.event(seen(NOON + 5, coins=2))
    assert again.gifts() == found.gifts()


def test_a_gift_without_an_id_teaches_nothing() -> None:
    assert catalogue(seen(gift_id="")).gifts() == []
