"""A diagnosis says in words what happens, and ends in one verdict."""

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner

from gateway import messages as m
from gateway.cli import main
from gateway.connector.recording import session_file
from gateway.errors import SourceError, StorageError
from gateway.practice.tiktok import faults, frames, knobs
from gateway.practice.tiktok.acts import GIFTS, Comment, Unknown
from gateway.practice.tiktok.badframes import garbage
from gateway.settings import models
from tests.connector.conftest import HURRIED, PATIENCE, Rig
from tests.connector.diagnosing import HERON, OTTER, Told, listening, stopped, until


@pytest.mark.needs("tiktoklive")
async def test_a_good_connection_is_told_step_by_step(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGEWIRE_SIGN_KEY", "very-secret-key")
    room = rig.room("ada")
    told = Told(rig)
    task = await listening(told, room)
    room.gift(OTTER, GIFTS[0], 2)
    room.gift(HERON, replace(GIFTS[-1], coins=0, name="Mystery"))
    room.comment(OTTER, "hello")
    room.send(Unknown("WebcastBrandNewMessage"))
    await until(lambda: told.diagnosis.heard.kinds["WebcastBrandNewMessage"])
    await stopped(task)
    steps = (
        r"account ada: @ada.live, source tiktok",
        f"connector.tiktok.app_url: not the real TikTok, but {rig.tiktok.app_url}",
        "key of the signing service: from the environment (STAGEWIRE_SIGN_KEY)",
        f"the account is live, in room {room.room_id}",
        "the signing service answered after ",
        "connected: the socket is open",
        "the first frame came ",
        "WebcastGiftMessage",
        "1 WebcastBrandNewMessage  (not needed by Stagewire, skipped)",
        "4 gift",
        "gift messages: 3 with a price, 1 without: Mystery",
        "clock: this computer's is 0.0 s ahead of the platform's",
    )
    at = -1
    for step in steps:
        assert step in told.text
        assert told.text.index(step) > at
        at = told.text.index(step) if "gift" not in step else at
    assert "very-secret-key" not in told.text
    assert told.verdict.startswith("good: @ada.live is live and heard: 5 events in ")


@pytest.mark.needs("tiktoklive")
async def test_a_quiet_live_is_good_and_says_how_to_be_sure(rig: Rig) -> None:
    rig.room("ada")
    told = await Told(rig).run()
    assert told.verdict.startswith("good: @ada.live is live and connected; nothing happened there in ")
    assert "Write a comment" in told.verdict


TRIES = "goes on trying by itself"
SIGNING = "It is not the account, nor this computer's address"
TROUBLES: dict[faults.Lasting, tuple[str, str]] = {
    "offline": ("@ada.live is not live now", "Go live, then"),
    "not-found": ("TikTok knows no account @ada.live", "Correct"),
    "private": ("is the LIVE private", TRIES),
    "room-closes": ("The LIVE has just ended or begun anew", TRIES),
    "stall": ("TikTok has said nothing for ", "Look whether the LIVE still runs"),
    "captcha": ("asking this internet address for a captcha", TRIES),
    "silent-api": ("TikTok does not say whether @ada.live is live", TRIES),
    "blocked": ("DEVICE_BLOCKED", TRIES),
    "cut-handshake": ("the connection to @ada.live broke", "internet connection"),
    "limited": ("the signing service limits us (429)", "Wait until "),
    "limited-silently": ("the signing service limits us (429)", "Wait until "),
    "sign-down": ("the signing service cannot be reached", "TikTok itself answered"),
    "sign-hangs": ("does not answer", "TikTok itself answered"),
    "sign-empty": ("the signing service gave an empty answer", SIGNING),
    "sign-no-cookies": ("the signing service gave an empty answer", SIGNING),
    "sign-error": ("the signing service is in trouble itself (status 500)", SIGNING),
    "sign-key": ("does not accept our key (status 401)", SIGNING),
    "sign-garbage": ("@ada.live", SIGNING),
}
BEARABLE: set[faults.Lasting] = {"age-restricted", "lost-ends", "doubled", "late"}
"""Faults with which a LIVE is heard all the same."""


def test_every_fault_that_the_practice_platform_knows_has_its_sentence() -> None:
    lasting = {*get_args(faults.InRoom), *get_args(faults.OnPlatform)}
    assert TROUBLES.keys() | BEARABLE == lasting


@pytest.mark.needs("tiktoklive")
@pytest.mark.parametrize("trouble", TROUBLES)
async def test_every_trouble_ends_in_a_sentence_and_what_to_do(rig: Rig, trouble: faults.Lasting) -> None:
    words, advice = TROUBLES[trouble]
    room = rig.room("ada")
    await knobs.press(trouble, rig.tiktok, room)
    told = Told(rig, pace=replace(HURRIED, connect=1.0))
    await told.run(PATIENCE)
    assert not told.diagnosis.verdict.good
    assert words in told.diagnosis.verdict.words
    assert words in told.text
    assert advice in told.diagnosis.verdict.advice
    assert ("connections left now: 0" in told.text) == (trouble == "limited")
    assert ("the signing service has not answered" in told.text) == (trouble in ("sign-hangs", "sign-down"))
    await knobs.release(trouble, rig.tiktok, room)


@pytest.mark.needs("tiktoklive")
@pytest.mark.parametrize("trouble", sorted(BEARABLE))
async def test_what_can_be_borne_is_no_trouble(rig: Rig, trouble: faults.Lasting) -> None:
    await knobs.press(trouble, rig.tiktok, rig.room("ada"))
    assert (await Told(rig).run()).diagnosis.verdict.good


@pytest.mark.needs("tiktoklive")
async def test_a_line_that_breaks_is_told(rig: Rig) -> None:
    room = rig.room("ada")
    task = await listening(told := Told(rig), room)
    room.abort()
    await task
    assert told.verdict.startswith("bad: the connection to @ada.live broke")
    assert "Check this computer's internet connection" in told.verdict


@pytest.mark.needs("tiktoklive")
async def test_a_format_that_has_changed_is_noticed(rig: Rig) -> None:
    room = rig.room("ada")
    task = await listening(told := Told(rig), room)
    for _ in range(3):
        room.send_raw(garbage())
    await until(lambda: told.diagnosis.heard.unreadable == 3)
    await stopped(task)
    assert "bad: @ada.live is connected, but 3 messages or frames could not be read and 0 could" in told.verdict
    assert "--keep FILE" in told.verdict


@pytest.mark.needs("tiktoklive")
async def test_a_wrong_clock_is_noticed(rig: Rig) -> None:
    room = rig.room("ada")
    task = await listening(told := Told(rig), room)
    now_ms = int(time.time() * 1000)
    later = frames.envelope(Comment(OTTER, "hi"), frames.Stamp(room.room_id, 1, now_ms + 3_600_000))
    room.send_raw(frames.push([later], 1, now_ms))
    await until(lambda: told.diagnosis.heard.events["comment"])
    await stopped(task)
    assert re.search(r"clock is 3[56]\d\d\.\d s behind the platform's\. Let the clock be set from", told.verdict)


async def test_a_key_that_others_can_read_is_a_verdict_too(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret")
    (tmp_path / "key").chmod(0o644)
    told = Told(rig, settings=rig.settings("ada", sign_key_file="key"), base_dir=tmp_path)
    await told.run()
    assert told.verdict.startswith("bad: connector.tiktok.sign_key_file: ")
    assert "chmod 600" in told.verdict


async def test_a_replay_is_diagnosed_as_any_other_source(rig: Rig, tmp_path: Path) -> None:
    account = models.Account(username="ada.live", source="replay", file="missing.gz")
    settings = models.Settings(venue="hall", accounts={"ada": account})
    told = await Told(rig, settings=settings, base_dir=tmp_path).run()
    assert "missing.gz cannot be read: No such file" in told.verdict
    with pytest.raises(SourceError, match="--keep keeps TikTok's own frames"):
        Told(rig, settings=settings, keep=tmp_path / "kept")
    (tmp_path / "kept").write_text("")
    with pytest.raises(StorageError, match="is there already"):
        Told(rig, keep=tmp_path / "kept")


async def test_a_tikfinity_that_does_not_run_is_no_matter_of_the_internet(rig: Rig) -> None:
    settings = models.Settings(
        venue="hall",
        connector=models.Connector(tikfinity=models.TikFinity(url="ws://127.0.0.1:9")),  # discard: nobody there
        accounts={"ada": models.Account(username="ada.live", source="tikfinity")},
    )
    told = await Told(rig, settings=settings).run(PATIENCE)
    assert "start TikFinity's desktop app" in told.verdict
    assert "run this again" in told.verdict
    assert "internet" not in told.verdict


def test_the_command_ends_in_the_verdict(tmp_path: Path) -> None:
    (tmp_path / "stagewire.yaml").write_text(
        "venue: hall\naccounts: {ada: {username: ada.live, source: replay, file: ada.session.gz}}\n"
    )
    (tmp_path / "rules.yaml").write_text("rules: {}\n")
    args = ("connector", "-c", str(tmp_path / "stagewire.yaml"), "--diagnose", "--for", "1")
    result = CliRunner().invoke(main, [*args, "--account", "ada"])
    assert result.exit_code == 1
    assert "ada.session.gz cannot be read: No such file or directory\nCorrect `file`" in result.output
    event = m.LiveEvent(
        id="1-ended",
        source="tiktok/@ada.live",
        time=m.stamp(0),
        received=m.stamp(0),
        account="ada",
        data=m.Live(phase="ended"),
    )
    with session_file.create(tmp_path / "ada.session.gz", "ada", "", m.stamp(0), pseudonymous=True) as writer:
        writer.write(m.encode(event))
    result = CliRunner().invoke(main, [*args, "--account", "ada"])
    assert result.exit_code == 0, result.output
    assert "heard 1 event: 1 live\n" in result.output
    assert "@ada.live is live and heard: 1 event in 0 s" in result.output
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 2
    assert "--diagnose looks at one account: name it with --account" in result.output
