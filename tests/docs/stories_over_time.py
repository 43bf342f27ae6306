"""What the rules on docs/rules.md make of an evening: limits, counters, timers and stages."""

from gateway import messages as m
from tests.docs.crowd import (
    NOISY,
    SARI,
    TOMO,
    gift,
    lion,
    live,
    of,
    press,
)
from tests.docs.evening import Counter, Then
from tests.docs.story import BLINK, COOLING, FIRE, GLOW, HORN, NO, NOT_MEANT, SPIN, WAITING, Story
from tests.rules.happenings import comment, viewers

HOW_OFTEN: dict[str, Story] = {
    "calm": [
        *[(comment("lamp"), BLINK), (1, ""), (comment("lamp", SARI), COOLING), (1, "")] * 20,
        (comment("lamp"), "budget"),
        (comment("lamp", SARI), BLINK),
        (18, ""),
        (comment("lamp"), "budget"),
        (2, ""),
        (comment("lamp"), BLINK),
    ],
    "once-each": [
        (comment("glow"), GLOW),
        (59, ""),
        (comment("glow"), COOLING),
        (comment("glow", SARI), GLOW),
        (1, ""),
        (comment("glow"), GLOW),
    ],
    "not-too-greedy": [
        *[(comment("more"), BLINK)] * 2,
        (comment("more"), "budget"),
        (comment("more", SARI), BLINK),
        (60, ""),
        (comment("more"), BLINK),
    ],
    "loud-bang": [(comment("horn"), NO), (comment("bang"), COOLING), (30, ""), (comment("bang"), FIRE)],
    "loud-horn": [(comment("bang"), NO), (29, ""), (comment("horn"), COOLING), (1, ""), (comment("horn"), HORN)],
    "fan-rests": [(comment("wind"), SPIN), (9, ""), (comment("wind"), COOLING), (1, ""), (comment("wind"), SPIN)],
    "crowd": [
        (comment("fire", NOISY), WAITING),
        (30, ""),
        (comment("fire"), WAITING),
        (comment("fire"), WAITING),
        (comment("fire", SARI), WAITING),
        (comment("fire", TOMO), FIRE),
        (comment("fire", NOISY), WAITING),
    ],
    "five-roses": [
        (gift(4, 4), WAITING),
        (30, ""),
        (gift(4, 4), WAITING),
        (gift(1, 5), GLOW),
        (gift(1, 6), WAITING),
    ],
    "one-at-a-time": [
        (comment("one"), GLOW),
        (comment("one"), "busy"),
        (Then.DONE, ""),
        (comment("one"), GLOW),
    ],
    "the-latest": [(comment("newest"), GLOW), (comment("newest"), f"called back, {GLOW}")],
    "in-a-row": [
        (comment("queue"), GLOW),
        (comment("queue"), "fired"),
        (comment("queue"), "busy"),
        (Then.DONE, GLOW),
        (Then.DONE, ""),
    ],
    "two-at-once": [
        *[(comment("both"), GLOW)] * 2,
        (comment("both"), "busy"),
        (Then.DONE, ""),
        (comment("both"), GLOW),
    ],
    "first-in-line": [(of(m.SubscribeEvent), f"{FIRE} priority 10 within 10 s")],
}

COUNTERS: dict[str, Story] = {
    "fill-the-goal": [
        (gift(coins=99), "announce/say text=99 of 500"),
        (gift(2, 2, 10), "announce/say text=109 of 500, announce/say text=119 of 500"),
        (Counter("goal"), "119"),
        (lion(9000), "announce/say text=500 of 500"),
        (live("started", "2"), ""),
        (Counter("goal"), "0"),
    ],
    "goal-reached": [(gift(coins=499), WAITING), (gift(coins=1), FIRE), (gift(coins=1), "")],
    "every-hundred": [(gift(coins=99), WAITING), (gift(coins=1), BLINK), (gift(coins=250), f"{BLINK}, {BLINK}")],
    "hit": [(Counter("lives"), "3"), (comment("hit"), "fired"), (Counter("lives"), "2")],
    "game-over": [
        *[(comment("hit"), WAITING)] * 2,
        (comment("hit"), GLOW),
        (Counter("lives"), "3"),
        (comment("hit"), WAITING),
        (Counter("lives"), "2"),
    ],
    "save-up": [(gift(coins=20), "fired"), (gift(2, 2, 7, user=SARI), "fired"), (Counter("credit/u-2"), "14")],
    "buy-a-shot": [
        (comment("!fire"), "announce/say text=Budi, 50 coins to go"),
        (gift(coins=70), ""),
        (comment("!fire", SARI), "announce/say text=Sari, 50 coins to go"),
        (comment("!fire"), FIRE),
        (comment("!fire"), "announce/say text=Budi, 30 coins to go"),
        (Counter("credit/u-1"), "20"),
        (gift(coins=30), ""),
        (comment("!fire"), FIRE),
    ],
    "boo": [
        (comment("boo"), "fired"),
        (Counter("mood"), "-1"),
        *[(comment("boo"), "fired")] * 11,
        (Counter("mood"), "-10"),
    ],
    "party-on": [(lion(), "fired")],
    "party-over": [
        *[(lion(), ""), (5, "")],
        *[(lion(), ""), (14.5, ""), (0.5, FIRE)],
        *[(lion(100_000), ""), (599, ""), (1, FIRE)],
    ],
    "party-lamp": [
        (comment("dance"), NOT_MEANT),
        (lion(), ""),
        (9.5, ""),
        (comment("dance"), BLINK),
        (0.5, ""),
        (comment("dance"), NOT_MEANT),
    ],
    "party-host": [
        (comment("whose"), "not meant"),
        (lion(), ""),
        (comment("whose", SARI), "announce/say text=the party of Budi"),
    ],
    "party-stop": [(lion(), ""), (press("party-stop"), "fired")],
    "and-the-cannon": [(gift(coins=199), ""), (gift(coins=1), FIRE)],
}

STAGES: dict[str, Story] = {
    "it-fills": [
        (viewers(30), ""),
        (4.5, ""),
        (0.5, BLINK),
    ],
    "it-is-packed": [
        (viewers(89), NO),
        (9.5, ""),
        (0.5, FIRE),
        (viewers(0), ""),
        (viewers(0), NO),
        (viewers(90), ""),
        (viewers(90), FIRE),
    ],
    "it-empties": [
        (viewers(35), NO),
        *[(viewers(29), "")] * 2,
        (4.5, ""),
        (0.5, GLOW),
        (viewers(35), ""),
        (viewers(35), NO),
        (viewers(24), ""),
        (viewers(24), GLOW),
    ],
    "warmer": [
        *[(comment("warm"), "fired")] * 2,
        (Counter("heat"), "20"),
        *[(comment("warm"), "fired")] * 9,
        (Counter("heat"), "100"),
    ],
    "it-is-hot": [(comment("warm"), ""), (60, ""), (viewers(35), SPIN)],
    "only-when-full": [(comment("wave"), NOT_MEANT), (viewers(35), ""), (comment("wave"), SPIN)],
}
