"""What a story is made of, and how its endings are called."""

from tests.docs.evening import Happening

Story = list[tuple[Happening, str]]
"""What happens, and what the rule then does or says."""

FIRE, BLINK, GLOW, SPIN, HORN = "cannon/fire", "lamp/blink", "lamp/glow", "fan/spin", "sound/horn"
WAITING, COOLING, NOT_MEANT, NO = "waiting", "cooldown", "not meant", "no match"
