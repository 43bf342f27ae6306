"""If, combo, cooldowns: a trigger matched; does it count now, and for this viewer? Pure.

Each check answers in words why not, or with an empty text.
"""

from collections.abc import Callable
from hashlib import blake2b

from gateway.messages import Event, User
from gateway.rules.state import State
from gateway.settings.rules import Combo, Who
from gateway.settings.values import duration

REMEMBERED_VIEWERS = 20_000
"""Of cooldowns per viewer; beyond them those who fired longest ago are forgotten."""
COMBO_MAX = 1_000
"""Happenings remembered of one combo, the schema's own limit."""

Condition = Callable[[Event], str]


def compile_who(rule: str, meant: Who | None, unless: Who | None) -> Condition | None:
    """None when everybody counts."""
    if meant is None and unless is None:
        return None

    def why_not(event: Event) -> str:
        user: User | None = getattr(event.data, "user", None)
        if meant is not None and (missing := _missing(rule, meant, event, user)):
            return f"only for {missing}"
        if unless is not None and not _missing(rule, unless, event, user):
            return "not for this viewer (unless)"
        return ""

    return why_not


def _missing(rule: str, who: Who, event: Event, user: User | None) -> str:
    """What of ``who`` the event has not; empty when it has all."""
    if who.chance is not None and _draw(rule, event) >= who.chance:
        return f"{who.chance:g} % of them, drawn by lot"
    for what in ("follower", "moderator", "subscriber"):
        wanted = getattr(who, what)
        if wanted is not None and (user is None or getattr(user, what) is not wanted):
            return f"{what}s" if wanted else f"who is no {what}"
    for what, words in (("fan_level", "fan level"), ("gifter_level", "gifter level")):
        least = getattr(who, what)
        if least is not None and (user is None or getattr(user, what) < least):
            return f"{words} {least} and more"
    if who.users is not None and (user is None or not {user.id, user.name} & set(who.users)):
        return "the named viewers"
    return ""


def _draw(rule: str, event: Event) -> float:
    """0 to 100, the same for the same rule and event: a replay and a second gateway draw alike."""
    digest = blake2b(f"{rule}/{event.id}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) / 2**32 * 100


def count_combo(rule: str, combo: Combo, event: Event, times: int, now: float, state: State) -> str:
    """Remember the happening; an empty text when it completes the combo, which then begins anew."""
    user: User | None = getattr(event.data, "user", None)
    viewer, within = user.id if user else "", duration(combo.within)
    key = f"{rule}/{event.account}"
    # A clock that was set back leaves times ahead of now: they do not count either.
    lately = [(t, v) for t, v in state.combos.get(key, []) if 0 <= now - t < within]
    lately += [(now, viewer)] * min(times, combo.count)
    viewers = len({v for _, v in lately})
    if len(lately) >= combo.count and viewers >= combo.users:
        state.combos.pop(key, None)
        return ""
    state.combos[key] = lately[-COMBO_MAX:]
    if combo.users > 1:
        return f"{viewers} of {combo.users} viewers within {combo.within}"
    return f"{len(lately)} of {combo.count} within {combo.within}"


def left(fired: float | None, cooldown: float, now: float) -> float:
    """Seconds of a cooldown that are left; 0 when it is over. A clock that was set back keeps nobody waiting."""
    if fired is None:
        return 0.0
    wait = fired + cooldown - now
    return wait if 0 < wait <= cooldown else 0.0


def remember_viewer(key: str, now: float, state: State) -> None:
    state.fired_for.pop(key, None)
    state.fired_for[key] = now
    if len(state.fired_for) > REMEMBERED_VIEWERS:
        del state.fired_for[next(iter(state.fired_for))]
