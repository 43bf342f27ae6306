"""Forgetting, record by record: hostile names, other people's words, and what must not change."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import messages as m
from gateway.keeping.forget import Forget, together
from gateway.keeping.search import Needles
from gateway.keeping.viewer import ERASED, Viewer
from tests.keeping.evening import NADIA, OTTO, by, gift_of
from tests.records import NOON
from tests.records import event as happening

ID = NADIA.id
HOSTILE = [".*", 'say "hi" \\o/', "🌸", "Ä", "<b>bold</b>", "a", "=1+1", "null", "(", "ﬁne", "[]", "\u202enadia"]


def forget(nickname: str = NADIA.nickname, name: str = NADIA.name) -> Forget:
    return Forget(Viewer(ID, (name,), (nickname,)), b"key")


def after(taken: Forget, event: m.Event) -> Any:
    """The event's data, as it is then."""
    return taken.message(event).data


def said(text: str, user: m.User = OTTO) -> m.Event:
    return by(user, "comment", "e-1", text=text)


@pytest.mark.parametrize("nickname", HOSTILE)
def test_a_hostile_nickname_is_taken_literally(nickname: str) -> None:
    taken = forget(nickname)
    user = m.User(id=ID, name=NADIA.name, nickname=nickname)
    follow = taken.message(by(user, "follow", "e-1"))
    assert after(taken, follow).user == m.User(id=ERASED)
    shown = m.Command(
        id="c", station="panel", action="say", params={"text": f"{nickname} is here"}, viewer=ID, user=nickname,
        expires_at=m.stamp(NOON),
    )  # fmt: skip
    assert taken.message(shown).params == {"text": "erased is here"}
    mention = taken.message(said(f"hello @{nickname} !"))
    assert after(taken, mention).text == "hello @erased !"
    assert Needles(taken.viewer).count(m.encode(mention) + m.encode(follow)) == {}


@pytest.mark.parametrize("text", ["Nadiana", "nadia.quill.fan", "x.nadia.quill", "a quill for nadia", "70123"])
def test_words_that_only_look_like_the_viewer_stay(text: str) -> None:
    event = said(text)
    assert forget().message(event) is event


def test_a_short_name_in_other_peoples_words_stays_unless_it_is_a_mention() -> None:
    taken = forget("Al", "al")
    assert after(taken, said("Al is all")).text == "Al is all"
    assert after(taken, said("@al is all")).text == "@erased is all"


def test_what_nobody_sees_of_a_comment_is_masked_as_well() -> None:
    event = by(OTTO, "comment", "e-1", text="nadia quill!", plain="nadia quil!")
    comment = after(forget(), event)
    assert (comment.text, comment.plain) == ("erased!", "erased!")


def test_every_kind_of_event_that_names_a_viewer_forgets_them() -> None:
    """A new kind with a viewer in it fails here until forgetting knows it."""
    kinds: dict[str, dict[str, Any]] = {
        "gift": {"gift_id": "1", "name": "Rose", "count": 1, "total": 1},
        "comment": {"text": "x"},
        "question": {"text": "x"},
        "like": {"count": 1},
        "follow": {},
        "share": {},
        "join": {},
        "subscribe": {},
        "envelope": {},
    }
    for kind, data in kinds.items():
        event = forget().message(by(NADIA, kind, "e-1", **data))
        assert ID.encode() not in m.encode(event), kind
    with_viewer = {
        kind
        for kind, event in m.EVENT_CLASSES.items()
        if "user" in event.__annotations__["data"].__struct_fields__
    }
    assert with_viewer == set(kinds)


def test_a_host_who_is_erased_is_no_receiver_and_no_side_any_more() -> None:
    event = by(OTTO, "gift", "e-1", gift_id="1", name="Rose", count=1, total=1, to=ID)
    assert after(forget(), event).to == ERASED
    sides = [{"id": ID, "points": 3}, {"id": OTTO.id, "points": 4, "own": True}]
    battle = after(forget(), happening("battle", "b-1", battle="1", phase="points", sides=sides))
    assert [(s.id, s.points) for s in battle.sides] == [(ERASED, 3), (OTTO.id, 4)]


@given(st.lists(st.text("0123456789-/ab", max_size=12), max_size=30, unique=True))
def test_ids_stay_different_and_keep_their_parts(parts: list[str]) -> None:
    ids = {f"{part}/{ID}-{part}" for part in parts} | {f"{part}/rule/0" for part in parts} | set(parts)
    others = {i: forget().id(i) for i in ids}
    assert len(set(others.values())) == len(ids)
    assert all(i.count("/") == new.count("/") for i, new in others.items())
    assert all(new == i for i, new in others.items() if ID not in i)
    assert not any(ID in new for new in others.values())


def test_another_erasure_gives_the_same_id_another_one() -> None:
    streak = f"{ID}-5655-99"
    viewer = Viewer(ID)
    assert Forget(viewer, b"one").id(streak) != Forget(viewer, b"two").id(streak)


@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=8), st.integers(0, 7))
def test_contributions_add_up_to_what_they_were(coins: list[int], which: int) -> None:
    given_by = [m.Contribution(viewer=ID if n == which else str(n), coins=c) for n, c in enumerate(coins)]
    others = m.Contribution(viewer="", coins=5)
    left, sums = forget().contributions(given_by, others)
    assert ID not in {c.viewer for c in left}
    assert together([*left, sums]) == together([*given_by, others])


def test_nothing_changes_twice() -> None:
    once = forget().message(gift_of(NADIA, f"e-{ID}", streak=f"{ID}-1"))
    assert forget().message(once) is once
