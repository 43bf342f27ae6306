"""A show as a person writes it: read, checked, and turned into cues."""

from pathlib import Path

import pytest

from gateway.errors import SettingsError
from gateway.practice.tiktok.acts import Battle, Chest, Comment, Likes, Tap
from gateway.practice.tiktok.cues import Cue, Live, Right, Wrong, cues
from gateway.practice.tiktok.rates import Rates, parse
from gateway.practice.tiktok.show import SHOWS, Show, find, load


def written(folder: Path, text: str) -> Path:
    path = folder / "show.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def show(folder: Path, text: str) -> Show:
    return load(written(folder, text))


def happen(folder: Path, text: str) -> list[tuple[float, Cue]]:
    return cues(show(folder, text), "stage.one")


def mistakes(folder: Path, text: str) -> list[str]:
    path = written(folder, text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    return [m.removeprefix(f"{path}:") for m in caught.value.mistakes]


def test_a_streak_counts_up_over_its_time_and_is_closed(tmp_path: Path) -> None:
    found = happen(tmp_path, "show: {2s: {gift: rose, by: ada, count: 4, over: 2s}}")
    assert [t for t, _ in found] == [2.0, 2.5, 3.0, 3.5, 6.0]
    taps = [cue for _, cue in found if isinstance(cue, Tap)]
    assert [(tap.count, tap.ended) for tap in taps] == [(1, False), (2, False), (3, False), (4, False), (4, True)]
    assert len({(tap.group, tap.viewer.id, tap.gift.name) for tap in taps}) == 1
    assert taps[0].group > 0


def test_a_gift_that_can_be_no_streak_comes_one_by_one_also_to_another_host(tmp_path: Path) -> None:
    found = happen(tmp_path, "show: {0s: {gift: '8913', count: 2, over: 1s, to: bo}}")
    assert [(t, cue.gift.name, cue.group) for t, cue in found if isinstance(cue, Tap)] == [
        (0.0, "Comet", 0),
        (0.5, "Comet", 0),
    ]
    assert all(isinstance(cue, Tap) and cue.to is not None and cue.to.name == "bo" for _, cue in found)


def test_everything_comes_in_the_order_of_its_times_not_of_the_file(tmp_path: Path) -> None:
    found = happen(
        tmp_path,
        """
        people: {mo: {nickname: Mo M., moderator: true}}
        show:
          1m: {live: ends}
          500ms: [{comment: hi, by: mo}, {likes: 3, by: mo}]
          10s: {fault: stall, for: 5s}
          2s: {chest: 100, people: 5, by: ada}
        """,
    )
    assert [t for t, _ in found] == [0.5, 0.5, 2.0, 10.0, 15.0, 60.0]
    comment, likes, chest, wrong, right, ends = (cue for _, cue in found)
    assert isinstance(comment, Comment)
    assert (comment.viewer.nickname, comment.viewer.moderator) == ("Mo M.", True)
    assert isinstance(likes, Likes)
    assert likes.viewer == comment.viewer
    assert isinstance(chest, Chest)
    assert (chest.coins, chest.people) == (100, 5)
    assert (wrong, right, ends) == (Wrong("stall", 5.0), Right("stall"), Live(begins=False))


def test_a_battle_starts_has_growing_points_and_ends(tmp_path: Path) -> None:
    battle = [cue for _, cue in happen(tmp_path, "show: {0s: {battle: bo, over: 20s}}") if isinstance(cue, Battle)]
    assert [b.phase for b in battle] == ["started", "points", "points", "points", "ended"]
    points = [b.sides[0].points for b in battle]
    assert points == sorted(points)
    assert points[-1] > 0
    assert [side.host.name for side in battle[0].sides] == ["stage.one", "bo"]


def test_the_same_show_is_the_same_again_and_another_seed_is_not(tmp_path: Path) -> None:
    text = "seed: {}\nshow: {{0s: {{battle: bo}}}}"
    assert happen(tmp_path, text.format(1)) == happen(tmp_path, text.format(1))
    assert happen(tmp_path, text.format(1)) != happen(tmp_path, text.format(2))


def test_every_mistake_of_a_show_is_told_with_its_line(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """\
sed: 4
rates: {coment: 3}
show:
  ten: {comment: hi}
  6s: {coment: hi}
  8s:
    - {fault: stal}
    - {likes: 0}
  9s: hello
  12s: {fault: stall, for: long}
""",
    )
    assert found[0] == "1: sed: 'sed' is not a setting (did you mean 'seed'?)"
    assert found[1].startswith("2: rates.coment: 'coment' is not a setting (did you mean 'comment'?)")
    assert found[2] == "4: show.ten: expected a number and its unit, such as 500ms, 2s, 1.5s, 5m, 1h; found 'ten'"
    assert found[3] == "5: show.6s.coment: 'coment' is not a setting (did you mean 'comment'?)"
    assert found[4].startswith("7: show.8s.0.fault: expected one of abort,")
    assert found[4].endswith("found 'stal' (did you mean 'stall'?)")
    assert found[5] == "8: show.8s.1.likes: expected at least 1; found 0"
    assert found[6] == "9: show.9s: expected a list or a block of settings; found 'hello'"
    assert found[7].startswith("10: show.12s.for: expected a number and its unit")
    assert len(found) == 8


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("{by: ada}", "say exactly one thing that happens: gift, comment,"),
        ("{comment: hi, likes: 3}", "say exactly one thing that happens"),
        ("{comment: hi, count: 3}", "count goes with gift, not with comment"),
        ("{likes: 3, for: 2s}", "for goes with fault, not with likes"),
        ("{gift: Ros}", "no gift 'Ros' (did you mean 'Rose'?)"),
        ("{fault: abort, for: 3s}", "abort is over as soon as it has happened"),
    ],
)
def test_what_does_not_go_together_is_told(tmp_path: Path, moment: str, words: str) -> None:
    (mistake,) = mistakes(tmp_path, f"show:\n  1s: {moment}\n")
    assert mistake.startswith("2: show.1s")
    assert words in mistake


def test_a_show_of_days_is_a_slip_of_the_pen(tmp_path: Path) -> None:
    assert "at most 24h" in mistakes(tmp_path, "show: {30h: {viewers: 1}}")[0]


@pytest.mark.parametrize("path", sorted(SHOWS.glob("*.yaml")), ids=lambda p: p.stem)
def test_the_shows_that_come_with_stagewire_are_good_and_end(path: Path) -> None:
    assert find(path.stem) == path
    found = cues(load(path), "stage.one")
    assert found[-1][1] == Live(begins=False)


def test_a_show_of_the_folder_goes_before_ours_and_an_unknown_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "evening").write_text("show: {}\n")
    assert find("evening", tmp_path) == tmp_path / "evening"
    with pytest.raises(SettingsError, match=r"no show .*those that come with Stagewire: evening, trouble"):
        find("none.yaml", tmp_path)


def test_a_key_taken_for_a_show_is_refused_and_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "sign-key").write_text("sk-1234567890abcdef\n")
    with pytest.raises(SettingsError) as caught:
        load(find("sign-key", tmp_path))
    assert "expected a block of settings" in str(caught.value)
    assert "1234" not in str(caught.value)


def test_rates_are_given_as_a_factor_by_kind_or_both() -> None:
    usual = Rates()
    assert parse("2") == usual.times(2)
    assert parse("gift=5, like=20") == Rates(gift=5, like=20)
    assert parse("0,like=20").by_kind() == {**usual.times(0).by_kind(), "like": 20.0}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("likes=3", "there is no rate 'likes' (did you mean 'like'?)"),
        ("like=many", "'like=many': expected a number from 0 to 1000"),
        ("nan", "'nan': expected a number from 0 to 1000"),
        ("-1", "'-1': expected a number"),
        ("zzz=1", "known: streak, gift"),
    ],
)
def test_a_wrong_rate_is_told(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(text)
    assert words in str(caught.value)
