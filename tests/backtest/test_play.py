"""A recording under rules: every number of the report against a count of its own."""

import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from gateway import messages as m
from gateway.backtest.play import SILENCE_S, Recording, Venue, play, read, venue
from gateway.backtest.report import Report, as_bytes, compare
from gateway.connector.recording.session_file import create
from gateway.errors import SettingsError, StorageError
from gateway.journal import Journal
from tests.bench.backtest import BEGAN, RULES, SETTINGS, events, write
from tests.records import NOON, event, gift

COUNT, HOURS = 20_000, 0.5
HALL = """\
venue: hall
accounts:
  ada: {username: ada.live}
stations:
  cannon:
    board: {id: STN-A}
    channels:
      shot: {kind: pulse, pin: 5, max_on: 500ms, rest: 1s, active_low: true}
    actions:
      fire: {channel: shot, on_for: 200ms}
"""


def hall(folder: Path, rules: str, settings: str = HALL) -> Venue:
    folder.mkdir(exist_ok=True)
    (folder / "stagewire.yaml").write_text(settings)
    (folder / "rules.yaml").write_text(rules)
    return venue(folder)


def recorded(*happened: m.Event) -> Recording:
    return Recording(name="x.gz", events=list(happened))


def comment(n: int, at: float, text: str = "fire", user: str = "7") -> m.Event:
    return event("comment", f"c-{n}", NOON + at, user={"id": user}, text=text, plain=text)


FIRE = "rules: {fire: {when: {comment: {contains: fire}}, then: [{station: cannon, action: fire}]}}\n"


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[m.Event], Report]:
    """A busy LIVE, and what the back-test says of it."""
    where = hall(tmp_path_factory.mktemp("hall"), RULES, SETTINGS)
    happened = list(events(COUNT, HOURS))
    return happened, play(Recording(name="ada.gz", events=happened), where)


def gifts_of(happened: Iterable[m.Event]) -> list[m.GiftEvent]:
    return [e for e in happened if isinstance(e, m.GiftEvent)]


def test_events_and_gifts_are_counted_as_they_happened(long: tuple[list[m.Event], Report]) -> None:
    happened, report = long
    assert report.kinds == Counter(m.KINDS[type(e)] for e in happened)
    assert sum(report.events) == COUNT
    given = gifts_of(happened)
    assert report.gifts.received.gifts == len(given)
    assert report.gifts.received.coins == sum(e.data.coins or 0 for e in given)
    fates = (getattr(report.gifts, f) for f in ("paid", "unpaid", "waiting", "blocked", "refused", "unknown"))
    assert sum(f.gifts for f in fates) == len(given)


def test_rules_fire_as_often_as_a_count_by_hand_says(long: tuple[list[m.Event], Report]) -> None:
    happened, report = long
    coins = sum(e.data.coins or 0 for e in gifts_of(happened))
    likes = sum(e.data.count for e in happened if isinstance(e, m.LikeEvent))
    follows = sum(isinstance(e, m.FollowEvent) for e in happened)
    hearts = sum(e.data.name == "Finger Heart" and e.data.ended for e in gifts_of(happened))
    dear = [e for e in gifts_of(happened) if (e.data.coins or 0) >= 100]
    ticks = int(HOURS * 6)  # every ten minutes, of which one strikes as it begins
    assert {name: report.rules[name].fired for name in ("coins", "goal", "follow", "heart", "dear", "clock")} == {
        "coins": len(gifts_of(happened)),
        "goal": coins // 5000,
        "follow": follows,
        "heart": hearts,
        "dear": len(dear),
        "clock": ticks,
    }
    assert abs(report.rules["likes"].fired - likes // 500) <= 1  # the first message of a room tells less
    assert report.outputs == {"announce": follows + len(dear) + report.rules["full"].fired}


def test_cooldowns_and_budgets_block_as_often_as_a_count_by_hand_says(
    long: tuple[list[m.Event], Report],
) -> None:
    happened, report = long
    lamp, perfume, words = [-10.0], [-10.0], dict[str, float]()
    roses: dict[str, list[float]] = {}
    blocked: Counter[str] = Counter()
    for e in happened:
        at = m.seconds(e.received)
        if isinstance(e, m.CommentEvent):
            said, who = e.data.plain.split(), e.data.user.id
            if "lamp" in said:
                late = at - lamp[-1] < 2
                blocked["lamp"] += late
                lamp += [] if late else [at]
            if "fire" in said:
                late = at - words.get(who, 0) < 20
                blocked["word"] += late
                words[who] = words[who] if late else at
        elif isinstance(e, m.GiftEvent) and e.data.name == "Perfume":
            late = at - perfume[-1] < 5
            blocked["perfume"] += late
            perfume += [] if late else [at]
        elif isinstance(e, m.GiftEvent) and e.data.name == "Rose":
            lately = [t for t in roses.get(e.data.user.id, []) if at - t < 60]
            late = len(lately) >= 30
            blocked["rose"] += late
            roses[e.data.user.id] = lately + ([] if late else [at])
    said_so = {
        name: sum(tally.times for why, tally in report.rules[name].blocked.items() if why != "station")
        for name in ("lamp", "word", "perfume", "rose")
    }
    assert blocked.total() > 100
    assert said_so == {name: blocked[name] for name in said_so}


def test_a_station_does_what_its_time_and_rest_allow(tmp_path: Path) -> None:
    fires = [e for e in events(COUNT, HOURS) if isinstance(e, m.CommentEvent) and "fire" in e.data.plain.split()]
    report = play(Recording(name="x", events=list(fires)), hall(tmp_path, FIRE))
    off, waited, queue, longest = 0.0, 0, list[float](), 0
    for e in fires:  # one after the other, whoever is first: all take as long
        at = m.seconds(e.received)
        begin = max(at, off + 1.005)  # the rest, and what the driver spares it
        waited += begin > at
        queue = [taken for taken in queue if taken > at]
        taken = max(at, off)  # from then on it is the driver that waits
        queue += [taken] if taken > at else []
        off, longest = begin + 0.2, max(longest, len(queue))
    station = report.stations["cannon"]
    assert waited > 50
    assert (station.ordered, station.done, station.undone) == (len(fires), len(fires), [])
    assert station.longest_queue == longest
    assert station.channels["shot"].times == len(fires)
    assert station.channels["shot"].seconds == pytest.approx(0.2 * len(fires), abs=0.01)


def test_what_blocked_a_run_is_told_apart(tmp_path: Path) -> None:
    rules = """
rules:
  rose: {when: {gift: {name: Rose}}, user_cooldown: 5s, then: [{station: cannon, action: fire}]}
  swan:
    when: {comment: {exact: swan}}
    then: [{station: cannon, action: fire}, {station: cannon, action: fire}]
    deadline: 1s
"""
    report = play(
        recorded(
            gift("g-1", count=3),
            gift("g-2", NOON + 2),
            comment(3, 10, "swan"),
            gift("g-4", NOON + 12),
        ),
        hall(tmp_path, rules),
    )
    rose, swan = report.rules["rose"], report.rules["swan"]
    assert {why: tally.times for why, tally in rose.blocked.items()} == {"cooldown": 1, "in part": 2}
    assert rose.blocked["in part"].example.startswith("1 of 3, then")
    assert {why: tally.times for why, tally in swan.blocked.items()} == {"station": 1}
    assert (rose.fired, rose.ledger.done, rose.ledger.blocked) == (2, 2, 3)
    assert (swan.fired, swan.ledger.blocked) == (1, 1)


def test_every_run_is_in_the_ledger_and_it_adds_up(long: tuple[list[m.Event], Report]) -> None:
    _, report = long
    counts = report.ledger
    assert report.balanced
    assert counts.waiting == 0
    assert counts.received == counts.done + counts.blocked + counts.expired + counts.dropped
    assert sum(rule.ledger.received for rule in report.rules.values()) == counts.received


def test_two_runs_say_the_same_to_the_byte(long: tuple[list[m.Event], Report], tmp_path: Path) -> None:
    happened, _ = long
    where = hall(tmp_path, RULES, SETTINGS)
    some = Recording(name="ada.gz", events=happened[:3000])
    assert as_bytes(play(some, where)) == as_bytes(play(some, where))


def test_another_process_says_the_same_to_the_byte(tmp_path: Path) -> None:
    write(tmp_path, 2000, 0.05)
    said = []
    for seed in ("1", "2"):
        code = (
            "import sys; from pathlib import Path; from gateway.backtest import play, report; "
            "f = Path(sys.argv[1]); "
            "found = play.play(play.read(f / 'ada.session.gz'), play.venue(f)); "
            "sys.stdout.buffer.write(report.as_bytes(found))"
        )
        words = [sys.executable, "-c", code, str(tmp_path)]
        ran = subprocess.run(words, env={"PYTHONHASHSEED": seed}, capture_output=True, timeout=50, check=True)
        said.append(ran.stdout)
    assert said[0] == said[1] == as_bytes(play(read(tmp_path / "ada.session.gz"), venue(tmp_path)))


def test_who_waits_longest_is_told_with_the_time(tmp_path: Path) -> None:
    settings = HALL.replace("rest: 1s", "rest: 0ms")
    report = play(recorded(*(comment(n, 60, user=str(n)) for n in range(4))), hall(tmp_path, FIRE, settings))
    station = report.stations["cannon"]
    assert (station.done, station.longest_wait, station.longest_queue) == (4, 0.6, 3)
    assert station.longest_at == m.stamp(NOON + 60)
    assert station.channels["shot"].hottest == pytest.approx(100 * 0.8 / 60, abs=0.01)


def test_what_happens_twice_counts_once(tmp_path: Path) -> None:
    report = play(recorded(comment(1, 0), comment(1, 0.5), comment(2, 5)), hall(tmp_path, FIRE))
    assert (report.duplicates, report.stations["cannon"].done) == (1, 2)


def test_a_full_queue_and_late_commands_are_told_apart(tmp_path: Path) -> None:
    settings = HALL.replace("rest: 1s", "rest: 0ms") + "    queue: {limit: 200}\n"
    rules = FIRE.replace("then:", "deadline: 10s, then:")
    crowd = [comment(n, n / 1000, user=str(n)) for n in range(300)]
    station = play(recorded(*crowd), hall(tmp_path, rules, settings)).stations["cannon"]
    ends = {u.status: u.times for u in station.undone}
    assert station.done + sum(ends.values()) == 300
    assert ends.keys() == {"dropped", "expired"}
    assert station.done == pytest.approx(51, abs=1)  # from the first one's coming to the last one's deadline
    assert ends["dropped"] == pytest.approx(100, abs=3)


def test_a_long_silence_is_left_out_and_clocks_do_not_make_up_for_it(tmp_path: Path) -> None:
    rules = FIRE + "  clock: {when: {time: {every: 10m}}, then: [{station: cannon, action: fire}]}\n"
    where = hall(tmp_path, rules.replace("rules: {fire: {", "rules:\n  fire: {").replace("}]}}\n", "}]}\n", 1))
    report = play(recorded(comment(1, 30), comment(2, 30 + SILENCE_S + 86_400)), where)
    assert report.rules["fire"].fired == 2
    assert report.rules["clock"].fired == 0
    assert any("left out" in note for note in report.notes)


def test_a_rule_for_another_account_is_pointed_out(tmp_path: Path) -> None:
    rules = FIRE.replace("then:", "accounts: [ada], then:")
    report = play(recorded(comment(1, 0)), hall(tmp_path, rules))
    assert report.rules["fire"].fired == 0
    assert report.notes == ["rule fire is only for ada, and the recording is of mara"]


def test_gifts_that_no_rule_is_about_are_named(tmp_path: Path) -> None:
    report = play(recorded(gift("g-1", coins=500, name="Swan"), gift("g-2", NOON + 1)), hall(tmp_path, FIRE))
    assert list(report.gifts.names) == ["Swan", "Rose"]
    assert report.gifts.unknown.coins == report.gifts.received.coins == 501


def test_a_gift_that_its_station_did_not_do_is_unpaid(tmp_path: Path) -> None:
    then = "deadline: 600ms, then: [{station: cannon, action: fire}]"
    rules = f"rules: {{rose: {{when: {{gift: {{name: Rose}}}}, {then}}}}}\n"
    report = play(recorded(gift("g-1"), gift("g-2", NOON + 0.5)), hall(tmp_path, rules))
    assert (report.gifts.paid.gifts, report.gifts.unpaid.gifts) == (1, 1)


def test_a_session_file_is_played_in_the_order_of_hearing(tmp_path: Path) -> None:
    path = tmp_path / "mara.gz"
    with create(path, "mara", "tests", m.stamp(NOON), pseudonymous=False) as lines:
        for e in (comment(2, 5), comment(1, 0)):
            lines.write(m.encode(e))
    recording = read(path)
    assert [e.id for e in recording.events] == ["c-1", "c-2"]
    assert play(recording, hall(tmp_path, FIRE)).began == m.stamp(NOON)


async def test_the_last_session_of_a_journal_is_read(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    await journal.open()
    old, new = comment(1, 0), comment(2, SILENCE_S + 60)
    tick = m.TickEvent(id="t", source="/t", time=new.time, received=new.time, data=m.Tick(rule="clock"))
    for record in (old, new, tick, comment(3, SILENCE_S + 70)):
        journal.append(record)
    await journal.close()
    assert [e.id for e in read(tmp_path).events] == ["c-2", "c-3"]


def test_what_is_no_recording_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="holds no journal"):
        read(tmp_path)
    (tmp_path / "x.gz").write_bytes(b"nothing of the kind")
    with pytest.raises(StorageError, match="stagewire record"):
        read(tmp_path / "x.gz")
    with create(tmp_path / "empty.gz", "mara", "tests", m.stamp(NOON), pseudonymous=False):
        pass
    with pytest.raises(StorageError, match="holds no events"):
        read(tmp_path / "empty.gz")


def test_a_recording_of_weeks_is_refused(tmp_path: Path) -> None:
    hourly = [comment(n, n * 3600) for n in range(24 * 8)]
    with pytest.raises(StorageError, match="longer than 7 days"):
        play(recorded(*hourly), hall(tmp_path, FIRE))


def test_rules_with_mistakes_are_not_played(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"rules.yaml:1.*canon"):
        hall(tmp_path, FIRE.replace("station: cannon", "station: canon"))
    (tmp_path / "rules.yaml").unlink()
    with pytest.raises(SettingsError, match="there is no such file"):
        venue(tmp_path)


def test_other_rules_are_compared_number_by_number(tmp_path: Path) -> None:
    calm = FIRE.replace("then:", "cooldown: 10s, then:")
    played = recorded(*(comment(n, n * 2) for n in range(10)))
    here = hall(tmp_path / "a", FIRE)
    (tmp_path / "calm.yaml").write_text(calm)
    there = venue(tmp_path / "calm.yaml", otherwise=here.settings)
    found = compare(play(played, here), play(played, there))
    changed = {d.what: (d.before, d.after) for d in found.differences}
    wanted = {
        "rule fire: fired": (10, 2),
        "rule fire: blocked (cooldown)": (0, 8),
        "station cannon: done": (10, 2),
    }
    assert changed.items() >= wanted.items()
    assert not any(before == after for before, after in changed.values())
    same = compare(play(played, here), play(played, here))
    assert same.differences == []


def test_settings_may_stand_elsewhere(tmp_path: Path) -> None:
    hall(tmp_path / "a", FIRE)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "rules.yaml").write_text(FIRE)
    there = venue(tmp_path / "b", tmp_path / "a" / "stagewire.yaml")
    assert play(recorded(comment(1, 0)), there).stations["cannon"].done == 1


def test_json_is_read_back_as_the_report_that_it_was(tmp_path: Path) -> None:
    report = play(recorded(comment(1, 0)), hall(tmp_path, FIRE))
    assert msgspec.json.decode(as_bytes(report), type=Report) == report


def test_events_of_the_generator_are_in_order_and_seeded() -> None:
    some = [e.received for e in events(500, 0.1)]
    assert all(a <= b for a, b in itertools.pairwise(some))
    assert some[0] == m.stamp(BEGAN)
    assert list(events(500, 0.1)) == list(events(500, 0.1))
