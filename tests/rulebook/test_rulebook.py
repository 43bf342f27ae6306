"""The set of rules in force: saved, reloaded, never lost, never half."""

import asyncio
import logging
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.rulebook import Rulebook
from gateway.settings.load import Rules
from gateway.settings.rules_file import enable_rule, put_rule, remove_rule
from tests.disk import full_disk, until
from tests.rulebook.hall import BELL, BROKEN, LION, ROSE, SETTINGS, Hall


async def test_a_rule_that_is_saved_is_there_after_a_restart(hall: Hall) -> None:
    assert await hall.book.edit(lambda old: put_rule(old, "lion", LION), "ana") == []
    assert hall.rules() == ["rose", "lion"]
    again = hall.open()
    assert list(again.current.book.rules) == ["rose", "lion"]
    assert again.current.book == hall.book.current.book
    assert hall.said().startswith(ROSE)


async def test_two_edits_at_once_do_not_lose_one(hall: Hall) -> None:
    names = [f"lion-{i}" for i in range(5)]
    refused = await asyncio.gather(
        *(hall.book.edit(lambda old, name=name: put_rule(old, name, LION), "ana") for name in names)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    )
    assert refused == [[]] * 5
    assert sorted(hall.rules()) == sorted(["rose", *names])
    assert list(hall.open().current.book.rules) == hall.rules()
    assert len(hall.changed) == 5


async def test_an_edit_over_a_change_of_the_file_keeps_both(hall: Hall) -> None:
    hall.write(put_rule(ROSE, "by-hand", LION))
    assert await hall.book.edit(lambda old: put_rule(old, "by-page", LION), "ana") == []
    assert hall.rules() == ["rose", "by-hand", "by-page"]


async def test_a_whole_text_made_from_an_older_one_is_refused(hall: Hall) -> None:
    error, got = await hall.book.request({"do": "get"}, "", "ana")
    assert not error
    await hall.book.edit(lambda old: put_rule(old, "lion", LION), "ben")
    params = {"do": "apply", "fingerprint": got["fingerprint"]}
    error, _ = await hall.book.request(params, got["text"] + "# ana was here\n", "ana")
    assert error == "rules.yaml was changed since you read it: get it again, then make your change in that"
    assert hall.rules() == ["rose", "lion"]
    hall.write(hall.said() + "# by hand\n")
    assert await hall.book.apply(ROSE, "ana") != []
    assert hall.said().endswith("# by hand\n")


async def test_a_rule_with_a_mistake_is_refused_and_nothing_changes(hall: Hall) -> None:
    before = hall.book.current
    [mistake] = await hall.book.apply(BROKEN, "ana")
    assert (
        f"{hall.file}:8: rules.lost.then.0.station: there is no station 'canon' (did you mean 'cannon'?)"
        == mistake
    )
    assert await hall.book.apply("rules: [", "ana") != []
    assert hall.said() == ROSE
    assert hall.book.current is before
    assert hall.changed == []
    assert hall.book.previous is None


async def test_a_rule_can_be_edited_while_another_one_is_broken(tmp_path: Path) -> None:
    hall = Hall(tmp_path, BROKEN)
    assert hall.rules() == ["rose"]
    assert await hall.book.edit(lambda old: put_rule(old, "rose", LION + "# one\n# two\n# more\n"), "ana") == []
    assert await hall.book.edit(lambda old: put_rule(old, "lion", LION), "ana") == []
    assert hall.rules() == ["rose", "lion"]
    assert list(hall.book.current.broken) == ["rules.lost"]
    worse = LION.replace("fire", "fir")
    [mistake] = await hall.book.edit(lambda old: put_rule(old, "rose", worse), "ana")
    assert "rules.rose" in mistake
    assert await hall.book.edit(lambda old: enable_rule(old, "lost", False), "ana") == []
    assert await hall.book.edit(lambda old: remove_rule(old, "lost"), "ana") == []
    assert hall.book.current.broken == {}


async def test_check_tells_every_mistake_and_changes_nothing(hall: Hall) -> None:
    twice = BROKEN.replace("rose:", "Rose!:")
    assert len(await hall.book.check(twice)) == 2
    assert await hall.book.check(ROSE) == []
    assert hall.said() == ROSE
    assert hall.changed == []


async def test_a_reload_takes_the_file_and_keeps_what_is_broken_apart(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    hall.write(BROKEN.replace("Rose}", "Tulip}") + "  fan:\n    when: {follow: {}}\n    then: [{announce: hi}]\n")
    assert await hall.book.reload("ana") == []
    assert hall.rules() == ["rose", "fan"]
    assert hall.changed == [hall.book.current]
    assert "by ana: added fan; changed rose; broken lost" in caplog.text
    hall.write(ROSE)
    await hall.book.reload("ben")
    assert "by ben: changed rose; removed fan" in caplog.text


async def test_a_file_that_cannot_be_read_keeps_the_set_in_force(hall: Hall) -> None:
    for text, said in ((b"rules: [", "not YAML"), (b"\xff", "not UTF-8"), (b"5", "expected"), (None, "is gone")):
        hall.file.unlink() if text is None else hall.file.write_bytes(text)
        mistakes = await hall.book.reload("ana")
        assert said in mistakes[0]
        assert hall.book.trouble == mistakes
        assert hall.rules() == ["rose"]
    assert hall.changed == []
    assert await hall.book.rollback("ana") == []
    assert hall.said() == ROSE
    assert hall.book.trouble == []


async def test_a_gateway_that_starts_on_a_file_that_cannot_be_read_goes_on_as_before(hall: Hall) -> None:
    await hall.book.edit(lambda old: put_rule(old, "lion", LION), "ana")
    good = hall.said()
    hall.write("rules: [")
    hall.book = hall.open()
    assert hall.rules() == ["rose", "lion"]
    assert "not YAML" in hall.book.trouble[0]
    assert await hall.book.edit(lambda old: put_rule(old, "fan", LION), "ana") != []
    assert hall.said() == "rules: ["
    assert await hall.book.rollback("ana") == []
    assert hall.said() == good


async def test_a_venue_without_rules_gets_its_first_one(tmp_path: Path) -> None:
    hall = Hall(tmp_path, None)
    assert hall.rules() == []
    assert hall.book.trouble == []
    assert await hall.book.rollback("ana") == ["there is no version of the rules before this one"]
    assert not hall.file.exists()
    assert await hall.book.edit(lambda old: put_rule(old, "lion", LION), "ana") == []
    assert hall.rules() == ["lion"]
    assert await hall.book.rollback("ana") == []
    assert (hall.rules(), hall.said()) == ([], "")


async def test_rolling_back_goes_on_backwards_over_restarts_and_then_forward_anew(hall: Hall) -> None:
    texts = [hall.said()]
    for name in ("a", "b", "c"):
        await hall.book.edit(lambda old, name=name: put_rule(old, name, LION), "ana")  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        texts.append(hall.said())
    assert await hall.book.rollback("ben") == []
    assert (hall.rules(), hall.said()) == (["rose", "a", "b"], texts[2])
    hall.book = hall.open()
    assert await hall.book.rollback("ben") == []
    assert hall.said() == texts[1]
    await hall.book.edit(lambda old: put_rule(old, "d", LION), "ana")
    assert hall.rules() == ["rose", "a", "d"]
    for text in (texts[1], texts[0]):
        assert await hall.book.rollback("ben") == []
        assert hall.said() == text
        assert hall.book.current.text == text
    assert await hall.book.rollback("ben") == ["there is no version of the rules before this one"]
    assert len(await hall.book.versions()) == 5, "nothing that was in force is lost"


async def test_a_change_that_never_came_into_force_is_undone_first_and_kept(hall: Hall) -> None:
    await hall.book.edit(lambda old: put_rule(old, "lion", LION), "ana")
    good = hall.said()
    hall.file.write_bytes(b"rules: [\xff")
    assert await hall.book.rollback("ana") == []
    assert hall.said() == good
    kept = [path.read_bytes() for path in (hall.folder / "data" / "rules").glob("*.yaml")]
    assert b"rules: [\xff" in kept
    assert [v.refused for v in await hall.book.versions()] == [True, False, False]
    assert await hall.book.rollback("ana") == []
    assert hall.said() == ROSE


async def test_a_set_that_could_not_be_kept_does_not_hide_the_one_before_it(hall: Hall) -> None:
    (hall.folder / "data" / "rules").rename(hall.folder / "away")
    (hall.folder / "data" / "rules").write_text("no folder")
    assert await hall.book.edit(lambda old: put_rule(old, "lion", LION), "ana") == []
    (hall.folder / "data" / "rules").unlink()
    (hall.folder / "away").rename(hall.folder / "data" / "rules")
    assert await hall.book.rollback("ana") == []
    assert (hall.said(), hall.rules()) == (ROSE, ["rose"])
    assert await hall.book.rollback("ana") != []


async def test_the_gateway_reads_a_changed_file_by_itself_once_it_is_quiet(hall: Hall) -> None:
    following = asyncio.create_task(hall.book.follow(look=0.01, quiet=0.05))
    try:
        for i in range(20):  # an editor writes in steps, some of them no YAML
            hall.write(put_rule(ROSE, "lion", LION)[: 40 + i])
            await asyncio.sleep(0.005)
        hall.write(put_rule(ROSE, "lion", LION))
        await until(lambda: hall.rules() == ["rose", "lion"])
        assert len(hall.changed) == 1, "no step was taken for the whole"
        hall.file.touch()
        hall.write("rules: [")
        await until(lambda: hall.book.trouble)
        assert hall.rules() == ["rose", "lion"]
        hall.write(ROSE)
        await until(lambda: hall.rules() == ["rose"])
        assert not hall.book.trouble
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def test_only_a_change_of_what_the_file_says_is_one(hall: Hall) -> None:
    assert not hall.book.changed_on_disk()
    await hall.book.edit(lambda old: put_rule(old, "lion", LION), "ana")
    assert not hall.book.changed_on_disk(), "our own change is none"
    hall.file.touch()
    assert not hall.book.changed_on_disk()
    fresh = hall.folder / "fresh"
    fresh.write_text(hall.said())
    fresh.replace(hall.file)  # how many editors save
    assert not hall.book.changed_on_disk()
    hall.write(ROSE)
    assert hall.book.changed_on_disk()
    await hall.book.reload("ana")
    hall.file.unlink()
    assert hall.book.changed_on_disk()
    await hall.book.reload("ana")
    assert not hall.book.changed_on_disk(), "told once"


async def test_a_change_of_a_venues_own_game_is_read_by_itself_too(tmp_path: Path) -> None:
    hall = Hall(tmp_path, "games: {ring: {template: bell}}\n")
    assert "there is no game 'bell'" in hall.book.current.mistakes[0]
    following = asyncio.create_task(hall.book.follow(look=0.01, quiet=0.05))
    bell = tmp_path / "games" / "bell.yaml"
    bell.parent.mkdir()
    try:
        for rule in ("ding", "dong"):
            bell.write_text(BELL.format(rule=rule))
            await until(lambda rule=rule: hall.rules() == [f"ring-{rule}"])  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        bell.write_text("title: [")
        await until(lambda: "bell.yaml:1: not YAML" in str(hall.book.current.mistakes))
        bell.write_text(BELL.format(rule="ding"))
        await until(lambda: hall.rules() == ["ring-ding"])
        bell.unlink()
        await until(lambda: hall.rules() == [])
        assert len(hall.changed) == 5, "each is read once"
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def test_an_edit_takes_the_games_as_they_stand_and_a_refused_one_does_not_hide_their_change(
    tmp_path: Path,
) -> None:
    (tmp_path / "games").mkdir()
    bell = tmp_path / "games" / "bell.yaml"
    bell.write_text(BELL.format(rule="ding"))
    hall = Hall(tmp_path, "games: {ring: {template: bell}}\n" + ROSE)
    assert not hall.book.changed_on_disk()
    bell.write_text(BELL.format(rule="dong-dong"))
    assert await hall.book.edit(lambda old: remove_rule(old, "no-such"), "ana") != []
    assert await hall.book.apply("rules: [", "ana") != []
    assert hall.book.changed_on_disk()
    assert await hall.book.edit(lambda old: put_rule(old, "lion", LION), "ana") == []
    assert hall.rules() == ["rose", "lion", "ring-dong-dong"]
    assert not hall.book.changed_on_disk()
    bell.write_text(BELL.format(rule="dang-dang-dang"))
    assert await hall.book.rollback("ana") == []
    assert hall.rules() == ["rose", "ring-dang-dang-dang"]
    assert not hall.book.changed_on_disk()


async def test_a_refused_edit_does_not_hide_a_change_of_the_file(hall: Hall) -> None:
    hall.write(put_rule(ROSE, "lion", LION))
    assert await hall.book.edit(lambda old: remove_rule(old, "no-such"), "ana") != []
    assert hall.book.changed_on_disk()
    assert await hall.book.edit(lambda old: enable_rule(old, "rose", True), "ana") == []
    assert hall.rules() == ["rose", "lion"]
    assert not hall.book.changed_on_disk()


async def test_a_full_disk_refuses_the_edit_in_words_and_all_goes_on(hall: Hall) -> None:
    with full_disk():
        [mistake] = await hall.book.edit(lambda old: put_rule(old, "lion", LION), "ana")
    assert "cannot be saved: File too large; make room" in mistake
    assert (hall.rules(), hall.said()) == (["rose"], ROSE)
    assert await hall.book.edit(lambda old: put_rule(old, "lion", LION), "ana") == []


async def test_the_loop_goes_on_while_a_large_file_is_checked(hall: Hall) -> None:
    large = "rules:\n" + "".join(f"  r{i}:\n    {LION.replace(chr(10), chr(10) + '    ')}\n" for i in range(120))
    ticks, done = 0, asyncio.create_task(hall.book.apply(large, "ana"))
    while not done.done():
        await asyncio.sleep(0.001)
        ticks += 1
    assert done.result() == []
    assert len(hall.rules()) == 120
    assert ticks > 5


async def test_a_new_set_is_made_ready_on_a_thread_before_the_loop_has_it(hall: Hall) -> None:
    told: list[tuple[Rules, bool]] = []

    def hears(rules: Rules) -> None:
        told.append((rules, threading.current_thread() is threading.main_thread()))

    book = Rulebook(SETTINGS, hall.folder, hall.folder / "data", hears, prepare=hears)
    book.load()
    assert await book.apply(f"rules:\n  r:\n    {LION.replace(chr(10), chr(10) + '    ')}\n", "ana") == []
    assert [on_the_loop for _, on_the_loop in told] == [False, True]
    assert told[0][0] is told[1][0] is book.current
