"""Nothing that leaves the connector says who a viewer is, and the same viewer is the same everywhere."""

import asyncio
import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway import messages as m
from gateway.connector import Connector
from gateway.connector.privacy import Pseudonyms, venue_key
from gateway.errors import SettingsError
from gateway.text import normalise
from tests.connector.conftest import HURRIED, Rig, viewer
from tests.connector.relaying import complete, play

KEY = b"a key of this venue, long enough to be one"
IDS = st.integers(10**17, 10**19).map(str)
NAMES = st.from_regex(r"[a-z]{2}[a-z0-9._]{4,20}[a-z0-9]", fullmatch=True)


def wide(text: str) -> str:
    """As people write to look special; it reads the same."""
    return "".join(chr(ord(c) - 0x20 + 0xFF00) if "!" <= c <= "~" else c for c in text)


@st.composite
def users(draw: st.DrawFn) -> m.User:
    raw, name = draw(IDS), draw(NAMES)
    nickname = draw(
        st.sampled_from(
            [
                "",
                "Ada 🦦",
                name,
                f"@{name}",
                name.upper(),
                f"🌹{name}🌹",
                f"user{raw}",
                "Ünï",
                wide(name),
                wide(raw),
            ]
        )
    )
    return m.User(id=raw, name=name, nickname=nickname, follower=draw(st.booleans()))


@st.composite
def events(draw: st.DrawFn) -> tuple[m.Event, set[str]]:
    """An event of any kind, and what of it nobody may see."""
    user, other, host = draw(users()), draw(users()), draw(IDS)
    kind = draw(st.sampled_from(m.LIVE_KINDS))
    words = draw(
        st.sampled_from(
            ["hi", f"@{other.name} look!", f"＠{other.name}@{user.name}", f"Héy @{other.name.upper()}"]
        )
    )
    text = {"text": words, "plain": normalise(words)}
    group = draw(st.integers(0, 2**63 - 1))
    maybe = user if draw(st.booleans()) else None
    data: Any
    match kind:
        case "gift":
            streak = f"{user.id}-5655-{group}" if group else ""
            data = m.Gift(user=user, gift_id="5655", name="Rose", count=1, total=1, streak=streak, to=host)
        case "comment":
            data = m.Comment(user=user, **text)
        case "question":
            data = m.Question(user=maybe, **text)
        case "envelope":
            data = m.Envelope(user=maybe, coins=5)
        case "battle":
            sides = [m.Side(id="42", points=1, own=True), m.Side(id=host, points=2)]
            data = m.Battle(battle="7", phase="points", sides=sides)
        case "like":
            data = m.Like(user=maybe, count=2, total=9)
        case "viewers":
            data = m.Viewers(count=4)
        case "live":
            data = m.Live(phase="started", title="Tonight")
        case "gap":
            data = m.Gap(start=m.stamp(1.8e9), end=m.stamp(1.8e9 + 5), why="the line broke")
        case _:
            data = m.Person(user=maybe)
    event = m.EVENT_CLASSES[kind](
        id="99-7",
        source="tiktok/@ada.live",
        time=m.stamp(1.8e9),
        received=m.stamp(1.8e9),
        account="ada",
        room="99",
        data=data,
    )
    return event, {user.id, user.name, other.id, other.name, host}


@settings(max_examples=400, deadline=None)
@given(events())
def test_no_event_says_an_id_or_a_name(drawn: tuple[m.Event, set[str]]) -> None:
    event, hidden = drawn
    out = Pseudonyms(KEY)(event)
    written = unicodedata.normalize("NFKC", m.encode(out).decode()).casefold()
    assert not [secret for secret in hidden if secret in written]
    assert type(out) is type(event)
    assert m.decode_event(m.encode(out)) == out


def comment(raw: str, name: str = "", nickname: str = "", text: str = "hi") -> m.CommentEvent:
    at = m.stamp(1.8e9)
    user = m.User(id=raw, name=name, nickname=nickname, moderator=True, gifter_level=7)
    data = m.Comment(user=user, text=text, plain=normalise(text))
    return m.CommentEvent(id="99-7", source="s", time=at, received=at, account="ada", data=data)


def test_a_viewer_is_the_same_in_every_connector_with_the_key_and_another_with_another() -> None:
    first, again, elsewhere = Pseudonyms(KEY), Pseudonyms(KEY), Pseudonyms(KEY[1:])
    event = comment("6800000000000000001")
    assert first(event) == again(event)
    assert first(event).data.user.id != elsewhere(event).data.user.id
    assert first.id("6800000000000000001") != first.id("6800000000000000002")


def test_what_is_no_secret_stays() -> None:
    user = Pseudonyms(KEY)(comment("6800000000000000001", "ada.otter", "Ada 🦦")).data.user
    assert (user.nickname, user.moderator, user.gifter_level) == ("Ada 🦦", True, 7)


def test_nobody_stays_nobody() -> None:
    hide = Pseudonyms(KEY)
    assert hide(comment("0")).data.user.id == "0"
    assert hide(comment("")).data.user.id == ""


def test_a_short_name_inside_a_longer_nickname_is_chance() -> None:
    hide = Pseudonyms(KEY)
    assert hide(comment("6800000000000000001", "li", "Lilly")).data.user.nickname == "Lilly"
    assert hide(comment("6800000000000000001", "li", "Li")).data.user.nickname.startswith("Viewer ")


def test_the_words_of_a_rule_are_found_as_before() -> None:
    out = Pseudonyms(KEY)(comment("6800000000000000001", text="@bo.bear LEDAAAK!")).data
    assert (out.text, out.plain) == ("@… LEDAAAK!", normalise("@… ledak!"))


def test_the_venues_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "privacy.key"
    key = venue_key(path)
    assert venue_key(path) == key
    assert len(key) == 64
    assert [p.name for p in path.parent.iterdir()] == ["privacy.key"]
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o644)
        with pytest.raises(SettingsError, match=r"privacy_key_file: .*chmod 600"):
            venue_key(path)


def test_whoever_starts_at_the_same_moment_gets_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(venue_key, [tmp_path / f"{n}.key" for n in range(20) for _ in range(8)]))
    assert len(set(keys)) == 20
    assert len(list(tmp_path.iterdir())) == 20


def test_a_key_that_can_be_guessed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "privacy.key"
    path.write_text("1234\n")
    path.chmod(0o600)
    with pytest.raises(SettingsError, match=r"too short \(4 characters"):
        venue_key(path)


def test_a_place_where_no_key_can_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"privacy_key_file: .*cannot be made"):
        venue_key(tmp_path / "file" / "privacy.key")


@pytest.mark.needs("tiktoklive")
async def test_nothing_that_a_connector_publishes_says_who_its_viewers_are(rig: Rig, tmp_path: Path) -> None:
    room = rig.room("ada")
    settings = rig.settings("ada")
    settings = replace(settings, connector=replace(settings.connector, privacy="pseudonymous"))
    connector = Connector(settings, rig.bus, base_dir=tmp_path, pace=HURRIED)
    running = asyncio.create_task(connector.run())
    try:
        connector.on_bus(True)
        await rig.bus.until(lambda: "live" in rig.bus.phases("ada"))
        play(room)
        await rig.bus.until(lambda: complete(rig.bus.everything("ada")))
    finally:
        running.cancel()
        await asyncio.wait([running])
    told = b"\n".join(payload for _, payload, _, _ in rig.bus.published).decode()
    raw = [viewer(n) for n in range(1, 9)]
    assert not [v for v in raw if str(v.id) in told or v.name in told]
    gifts = rig.bus.events("ada", m.GiftEvent)
    assert sum(g.data.count for g in gifts if g.data.streak) == 5
    expected = Pseudonyms(venue_key(tmp_path / "privacy.key")).id(str(raw[0].id))
    assert gifts[0].data.user == m.User(
        id=expected, nickname="Viewer 1", follower=True, moderator=True, fan_level=7, gifter_level=21
    )
