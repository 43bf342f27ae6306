"""One thing after the other: sequences of triggers. Pure."""

from collections.abc import Sequence

from gateway.messages import Outcome
from gateway.rules.moment import NO, Match, Matcher, Moment


def on_sequence(
    rule: str, steps: Sequence[tuple[list[str], Matcher]], within: float, *, same_viewer: bool
) -> Matcher:
    """``steps``: kinds of events and matcher of each; all have to happen in ``within`` seconds.

    Remembered is, for the first step, the first two, and so on, when the latest happening of them began: whatever
    comes in between, and however often a step comes again, the sequence is found if it is there.
    """

    def match(m: Moment) -> Match:
        if m.event.stale:
            return NO  # when it happened is not known well enough
        key = f"{rule}/{m.account}" + (f"/{m.viewer}" if same_viewer else "")
        before = m.state.sequences.get(key, ())
        # A clock that was set back leaves times ahead of now: they do not count either.
        begun = [since if 0 <= m.now - since < within else 0.0 for since in before] or [0.0] * (len(steps) - 1)
        begun = begun[: len(steps) - 1] + [0.0] * (len(steps) - 1 - len(begun))
        hit = False
        for number in range(len(steps) - 1, -1, -1):  # the last one first: an event is one step, not two
            kinds, matches = steps[number]
            since = begun[number - 1] if number else m.now
            if not since or m.kind not in kinds or not matches(m)[0]:
                continue
            if number == len(steps) - 1:
                m.state.sequences.drop(key)
                return 1, Outcome.FIRED, ""
            begun[number], hit = max(begun[number], since), True
        if hit:
            m.state.sequences[key] = tuple(begun)
        done = max((number for number, since in enumerate(begun, 1) if since), default=0)
        return (0, Outcome.WAITING, f"{done} of {len(steps)} steps") if done else NO

    return match
