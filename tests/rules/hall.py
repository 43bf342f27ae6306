"""A venue's stages as the gateway keeps them: advanced after every change, and woken exactly when they say."""

import msgspec

from gateway.rules.stages import StageChange, StageMemory, advance, compile_stages, due, lock
from gateway.settings.stages import Stage
from tests.rules.happenings import NOW

MOST_WAKES = 500


class Hall:
    """What is measured stands in ``measured``, by the name of the metric or counter. ``told``: every change,
    ``dated``: the same with their times."""

    def __init__(self, measured: str = "viewers", **stages: dict[str, object]) -> None:
        self.main, self.now = measured, NOW
        self.measured: dict[str, float] = {}
        self.memories: dict[str, StageMemory] = {}
        self.told: list[StageChange] = []
        self.dated: list[tuple[float, StageChange]] = []
        self.load(**stages)

    def load(self, **stages: dict[str, object]) -> None:
        self.compiled = compile_stages(msgspec.convert(stages, dict[str, Stage]))
        self.advance()

    def read(self, stage: Stage) -> float:
        return self.measured.get(stage.metric or stage.counter or "", 0)

    def advance(self) -> list[StageChange]:
        changed, changes = advance(self.compiled, self.memories, self.read, self.now)
        for name, memory in changed.items():  # as it comes back from disk
            self.memories[name] = msgspec.json.decode(msgspec.json.encode(memory), type=StageMemory)
        self.told += changes
        self.dated += [(self.now, change) for change in changes]
        return changes

    def set(self, count: float, name: str = "") -> None:
        self.measured[name or self.main] = count
        self.advance()

    def wait(self, seconds: float) -> None:
        """So long nothing happens but what is due."""
        until = self.now + seconds
        for _ in range(MOST_WAKES):
            at = due(self.compiled, self.memories, self.now)
            if at is None or at > until:
                self.now = until
                return
            assert at > self.now, "it wakes again and again"
            self.now = at
            self.advance()
        raise AssertionError(f"woken {MOST_WAKES} times in {seconds} s")

    def at(self, stage: str = "crowd") -> str:
        return self.memories[stage].level

    def lock(self, level: str | None, stage: str = "crowd") -> None:
        self.memories[stage] = lock(self.memories[stage], level)
        self.advance()
