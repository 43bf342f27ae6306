"""When each rule last fired, and why it last did not."""

from gateway.latest import LONGEST, Latest
from gateway.messages import Comment, CommentEvent, Decided, Event, Gift, GiftEvent, Outcome, Reason, User, stamp

SARI = User(id="u-3", name="sari.practice", nickname="Sari")


def gift(name: str, at: float) -> Event:
    data = Gift(user=SARI, gift_id="1", name="Rose", count=3, total=3)
    return GiftEvent(id=name, source="t", time=stamp(at), received=stamp(at), account="ayu", data=data)


def decided(event: Event, **outcomes: Outcome) -> Decided:
    reasons = [Reason(rule=rule, outcome=outcome, words=f"{outcome}!") for rule, outcome in outcomes.items()]
    return Decided(event=event.id, account="ayu", time=event.time, reasons=reasons)


def hear(latest: Latest, event: Event, **outcomes: Outcome) -> None:
    latest.decided(event, decided(event, **outcomes))


def test_the_last_time_it_fired_and_the_newest_of_each_reason_are_told_newest_first() -> None:
    latest = Latest()
    hear(latest, gift("g-1", 1), ring=Outcome.FIRED)
    for n, outcome in enumerate((Outcome.COOLDOWN, Outcome.BUSY, Outcome.COOLDOWN), 2):
        hear(latest, gift(f"g-{n}", n), ring=outcome)
    fired, refused = latest.of("ring")
    assert fired is not None
    assert (fired.event, fired.kind, fired.what, fired.count, fired.who) == ("g-1", "gift", "Rose", 3, "Sari")
    assert [(r.event, r.outcome, r.words) for r in refused] == [
        ("g-4", Outcome.COOLDOWN, "cooldown!"),
        ("g-3", Outcome.BUSY, "busy!"),
    ]
    assert latest.of("ring")[1] is refused  # worked out once, however often it is shown


def test_at_most_three_reasons_are_told_and_none_of_rules_that_are_no_more() -> None:
    latest = Latest()
    outcomes = (Outcome.STALE, Outcome.BUDGET, Outcome.NOT_MEANT, Outcome.WAITING)
    for n, outcome in enumerate(outcomes):
        hear(latest, gift(f"g-{n}", n), ring=outcome, blink=outcome)
    assert [r.outcome for r in latest.of("ring")[1]] == [*outcomes[:0:-1]]
    latest.keep(["ring"])
    assert latest.of("blink") == (None, [])
    assert latest.of("ring")[1]


def test_a_viewer_s_words_are_cut_and_forgotten_with_the_viewer() -> None:
    latest = Latest()
    data = Comment(user=SARI, text="go\n" + "o" * 4000)
    now = stamp(5)
    comment = CommentEvent(id="c-1", source="t", time=now, received=now, account="ayu", data=data)
    hear(latest, comment, ring=Outcome.FIRED)
    fired, _ = latest.of("ring")
    assert fired is not None
    assert len(fired.what) <= LONGEST
    assert "\n" not in fired.what
    latest.forget(SARI.id)
    assert latest.of("ring") == (None, [])
