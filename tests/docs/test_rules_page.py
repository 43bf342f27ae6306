"""Every rule that docs/rules.md shows fires on what it says, and on nothing else."""

import re
from pathlib import Path

import msgspec
import pytest

from gateway import messages as m
from gateway.rules.engine import compile_rules, decide
from gateway.rules.state import State
from gateway.settings.load import load
from tests.docs.test_docs import NAMED, ROOT
from tests.rules.happenings import BUDI, NOW, comment, event, gift, viewers

RULE = re.compile(r"^  ([\w-]+):", re.MULTILINE)
BLOCKS = [(b["name"], b["text"]) for b in NAMED.finditer((ROOT / "docs/rules.md").read_text())]
SETTINGS = next(text for name, text in BLOCKS if name == "stagewire.yaml")
EXAMPLES = [(rule, text) for name, text in BLOCKS if name == "rules.yaml" for rule in RULE.findall(text)]
PERSON = m.Person(user=BUDI)
FAN = m.User(id="u-2", name="fan.practice", follower=True)
LUCKY = comment("luck", number=0)
"""A comment on which the lot falls."""

FIRES: dict[str, list[m.Event]] = {
    "rose-fires": [gift()],
    "dear-gift-glows": [gift(coins=100)],
    "epic-streak": [gift(total=5, coins=1000)],
    "ten-in-a-row": [gift(3, 11)],
    "word": [comment("TEMBAAAK dong")],
    "order": [comment("!lamp please")],
    "likes": [event(m.LikeEvent, m.Like(count=499)), event(m.LikeEvent, m.Like(count=1))],
    "new-follower": [event(m.FollowEvent, PERSON)],
    "full-house": [viewers(99), viewers(100)],
    "asked": [event(m.QuestionEvent, m.Question(user=BUDI, text="what does the lamp do?"))],
    "chest": [event(m.EnvelopeEvent, m.Envelope(user=BUDI, coins=50))],
    "battle-begins": [event(m.BattleEvent, m.Battle(battle="1", phase="started"))],
    "live-begins": [event(m.LiveEvent, m.Live(phase="started"))],
    "heard-again": [event(m.GapEvent, m.Gap(start=m.stamp(NOW), end=m.stamp(NOW), why="x"))],
    "followers-fire": [comment("fire", FAN)],
    "now-and-then": [LUCKY],
    "crowd": [comment("fire", m.User(id=str(n)), n) for n in range(3)],
    "calm": [comment("the lamp!")],
}
"""What happens until the rule fires, which it does with the last one."""


def test_every_rule_on_the_page_has_its_happening_here() -> None:
    assert {rule for rule, _ in EXAMPLES} == set(FIRES)


@pytest.mark.parametrize(("name", "book"), EXAMPLES, ids=[rule for rule, _ in EXAMPLES])
def test_a_rule_of_the_page_fires(name: str, book: str, tmp_path: Path) -> None:
    (tmp_path / "stagewire.yaml").write_text(SETTINGS)
    (tmp_path / "rules.yaml").write_text(book)
    rules = load(tmp_path / "stagewire.yaml").rules
    program, state = compile_rules({name: rules[name]}), State()

    def fired(e: m.Event) -> int:
        return len(decide(program, msgspec.structs.replace(e, account="main"), NOW, state).commands)

    *before, last = FIRES[name]
    assert [fired(e) for e in before] == [0] * len(before)
    assert fired(last) >= 1
    assert not fired(comment("nothing of the kind", number=77))
