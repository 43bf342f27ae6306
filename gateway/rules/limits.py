"""How often: combos, cooldowns and budgets. All are asked before any is counted, so what one limit refuses
costs nothing of another. Pure."""

from msgspec import Struct

from gateway.messages import Outcome
from gateway.rules.moment import Moment
from gateway.rules.runs import Act, Todo
from gateway.settings.rules import Combo
from gateway.settings.values import duration

COMBO_MAX = 1_000
"""Happenings remembered of one combo, the schema's own limit."""
MINUTE_S = 60.0

Refusal = tuple[Outcome, str]


class Limits(Struct, frozen=True):
    """Of one rule, or of its ``else``, by the name of the ``branch``; lengths in seconds, 0 for none. ``rests``:
    the stations with a cooldown that it may move."""

    branch: str
    cooldown: float
    user_cooldown: float
    group: str
    group_cooldown: float
    user_per_minute: int
    all_per_minute: int
    rests: dict[str, float]

    @property
    def any(self) -> bool:
        return bool(
            self.cooldown
            or self.user_cooldown
            or self.group
            or self.user_per_minute
            or self.all_per_minute
            or self.rests
        )

    def refusal(self, m: Moment, todo: tuple[Todo, ...]) -> Refusal | None:
        """Why the rule must not do now what it would; None when it may."""
        state, now, viewer = m.state, m.now, m.viewer
        if wait := left(state.fired.get(self.branch), self.cooldown, now):
            return Outcome.COOLDOWN, f"cooling down, {wait:.1f} s left"
        if self.group and (wait := left(state.groups.get(self.group), self.group_cooldown, now)):
            return Outcome.COOLDOWN, f"group {self.group} cooling down, {wait:.1f} s left"
        for station in self._moved(todo):
            if wait := left(state.rested.get(station), self.rests[station], now):
                return Outcome.COOLDOWN, f"{station} cooling down, {wait:.1f} s left"
        if not viewer:
            return None
        if self.user_cooldown and (
            wait := left(state.fired_for.get(f"{self.branch}/{viewer}"), self.user_cooldown, now)
        ):
            return Outcome.COOLDOWN, f"cooling down for this viewer, {wait:.1f} s left"
        for key, most in ((f"{self.branch}/{viewer}", self.user_per_minute), (f"/{viewer}", self.all_per_minute)):
            if most and len(_lately(state.budgets.get(key, ()), now)) >= most:
                return Outcome.BUDGET, f"{most} a minute for one viewer, and these are used up"
        return None

    def _moved(self, todo: tuple[Todo, ...]) -> list[str]:
        """The stations with a cooldown that are moved this time."""
        if not self.rests:
            return []
        moved = {step.effect.station for step in todo if isinstance(step.effect, Act)}
        return [station for station in self.rests if station in moved]

    def count(self, m: Moment, todo: tuple[Todo, ...]) -> None:
        """It fires."""
        state, now, viewer = m.state, m.now, m.viewer
        if self.cooldown:
            state.fired[self.branch] = now
        if self.group:
            state.groups[self.group] = now
        for station in self._moved(todo):
            state.rested[station] = now
        if not viewer:
            return
        if self.user_cooldown:
            state.fired_for[f"{self.branch}/{viewer}"] = now
        for key, most in ((f"{self.branch}/{viewer}", self.user_per_minute), (f"/{viewer}", self.all_per_minute)):
            if most:
                state.budgets[key] = (*_lately(state.budgets.get(key, ()), now), now)


def _lately(times: tuple[float, ...], now: float) -> tuple[float, ...]:
    return tuple(t for t in times if 0 <= now - t < MINUTE_S)


def left(fired: float | None, cooldown: float, now: float) -> float:
    """Seconds of a cooldown that are left; 0 when it is over. A clock that was set back keeps nobody waiting."""
    if fired is None:
        return 0.0
    wait = fired + cooldown - now
    return wait if 0 < wait <= cooldown else 0.0


def count_combo(rule: str, combo: Combo, m: Moment, times: int) -> str:
    """Remember the happening; an empty text when it completes the combo, which then begins anew."""
    within, key = duration(combo.within), f"{rule}/{m.account}"
    # A clock that was set back leaves times ahead of now: they do not count either.
    lately = [(t, v) for t, v in m.state.combos.get(key, ()) if 0 <= m.now - t < within]
    lately += [(m.now, m.viewer)] * min(times, combo.count)
    viewers = len({v for _, v in lately})
    if len(lately) >= combo.count and viewers >= combo.users:
        m.state.combos.drop(key)
        return ""
    m.state.combos[key] = tuple(lately[-COMBO_MAX:])
    if combo.users > 1:
        return f"{viewers} of {combo.users} viewers within {combo.within}"
    return f"{len(lately)} of {combo.count} within {combo.within}"
