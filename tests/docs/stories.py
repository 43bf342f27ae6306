"""What the rules on docs/rules.md make of an evening: what happens, and what a rule then does or says."""

from gateway import messages as m
from tests.docs.crowd import (
    MODERATOR,
    NOISY,
    SARI,
    TOMO,
    battle,
    coin_slot,
    door,
    gift,
    likes,
    lion,
    live,
    of,
    press,
    question,
)
from tests.docs.evening import Then
from tests.docs.stories_over_time import COUNTERS, HOW_OFTEN, STAGES
from tests.docs.story import BLINK, COOLING, FIRE, GLOW, HORN, NO, NOT_MEANT, SPIN, WAITING, Story
from tests.rules.happenings import comment, event, viewers

WHEN: dict[str, Story] = {
    "rose-fires": [
        (gift(name="Mawar"), NO),
        (gift(), FIRE),
        (gift(5, 6), ", ".join([FIRE] * 5)),
        (gift(name="Mawar"), FIRE),
    ],
    "by-its-id": [(gift(id_="77"), NO), (gift(name="Mawar"), BLINK)],
    "dear-gift-glows": [(gift(coins=99), NO), (gift(1, 1, 100, ended=False), WAITING), (gift(1, 2, 100), GLOW)],
    "small-streak-begins": [(gift(coins=10), NO), (gift(2, 2, 9), BLINK), (gift(1, 3, 9), WAITING)],
    "special": [(gift(coins=99), NO), (gift(coins=1000), NO), (gift(coins=None), NO), (gift(coins=100), GLOW)],
    "epic-streak": [(gift(1, 4, 1000), NO), (gift(1, 5, 1000), GLOW), (gift(1, 5, None), NO)],
    "ten-in-a-row": [(gift(8, 9), WAITING), (gift(1, 10), GLOW), (gift(1, 11), WAITING)],
    "word": [(comment("temba"), NO), (comment("ok TÉMBAAAK dong"), FIRE)],
    "whole": [(comment("6667"), NO), (comment(" 6️⃣6️⃣6️⃣ "), BLINK)],
    "order": [(comment("a !lamp"), NO), (comment("!LAMP please"), BLINK)],
    "pattern": [(comment("play green"), NO), (comment("I played BLUE!"), GLOW)],
    "asked": [(comment("lamp?"), ""), (question("what does the lamp do?"), BLINK)],
    "new-follower": [(of(m.ShareEvent), ""), (of(m.FollowEvent), BLINK)],
    "shared": [(of(m.ShareEvent), BLINK)],
    "subscribed": [(of(m.SubscribeEvent), GLOW)],
    "joined": [(of(m.JoinEvent, 2), f"{BLINK}, {BLINK}")],
    "hello": [
        (comment("hi"), "announce/say text=Welcome, Budi"),
        (gift(), ""),
        (comment("hi", SARI), "announce/say text=Welcome, Sari"),
    ],
    "likes": [(likes(499), WAITING), (likes(1), FIRE), (likes(1100), f"{FIRE}, {FIRE}"), (likes(400), FIRE)],
    "like-storm": [
        (likes(1999), WAITING),
        (likes(1), SPIN),
        (likes(500), WAITING),
        (120, ""),
        (likes(1), WAITING),
        (likes(2000), SPIN),
    ],
    "full-house": [(viewers(99), WAITING), (viewers(99), WAITING), (viewers(100), WAITING), (viewers(101), GLOW)],
    "nearly-empty": [(viewers(10), WAITING), (viewers(10), WAITING), (viewers(9), WAITING), (viewers(9), BLINK)],
    "round-numbers": [
        (of(m.FollowEvent, 99), WAITING),
        (of(m.FollowEvent), FIRE),
        (of(m.FollowEvent, 399), WAITING),
        (of(m.FollowEvent), FIRE),
        (of(m.FollowEvent, 499), WAITING),
        (of(m.FollowEvent), FIRE),
        (of(m.FollowEvent, 1000), WAITING),
    ],
    "coins-milestone": [
        (gift(coins=999), WAITING),
        (gift(coins=1), "announce/say text=1000 coins tonight"),
        (gift(coins=999), WAITING),
    ],
    "chest": [
        (event(m.EnvelopeEvent, m.Envelope(coins=49)), NO),
        (event(m.EnvelopeEvent, m.Envelope(coins=50)), BLINK),
    ],
    "battle-begins": [(battle("started"), GLOW), (battle("points"), NO), (battle("ended"), NO)],
    "live-begins": [(live("started"), GLOW), (live("ended"), NO)],
    "heard-again": [
        (event(m.GapEvent, m.Gap(start="2026-09-21T14:00:00Z", end="2026-09-21T14:01:00Z", why="cable")), BLINK)
    ],
    "coin-in": [(coin_slot(False), NO), (coin_slot(True), FIRE)],
    "three-coins": [*[(coin_slot(True), WAITING)] * 2, (coin_slot(True), GLOW), (coin_slot(True), WAITING)],
    "let-go": [(coin_slot(True), NO), (coin_slot(False), BLINK)],
    # It is Monday 14:13:20 UTC when the evening begins; Berlin is two hours ahead.
    "now-and-again": [(399, ""), (1, BLINK), (599, ""), (1, BLINK)],
    "friday-opening": [(4 * 86400 + 13599, ""), (1, FIRE)],
    "door": [(door("shut"), NO), (door("open"), GLOW)],
    "confetti": [(press("confetti"), FIRE)],
    "round-over": [(press("confetti"), ""), (59, ""), (1, GLOW), (600, "")],
    "ready-steady": [
        (comment("ready"), WAITING),
        (gift(user=SARI), NO),
        (comment("hm"), WAITING),
        (gift(), FIRE),
        (comment("ready"), WAITING),
        (30, ""),
        (gift(), NO),
    ],
    "duet": [
        (comment("pong"), NO),
        (comment("ping"), WAITING),
        (comment("pong", SARI), GLOW),
        (comment("ping"), WAITING),
        (10, ""),
        (comment("pong", SARI), NO),
    ],
}

IF: dict[str, Story] = {
    "followers-fire": [(comment("fire"), BLINK), (comment("fire", SARI), FIRE), (comment("fire", NOISY), BLINK)],
    "regulars": [
        (comment("lamp"), NOT_MEANT),
        (comment("lamp", MODERATOR), GLOW),
        (comment("lamp", m.User(id="9", subscriber=True)), GLOW),
        (comment("lamp", m.User(id="9", fan_level=5)), GLOW),
        (comment("lamp", m.User(id="9", fan_level=4)), NOT_MEANT),
        (comment("lamp", TOMO), GLOW),
    ],
    "the-dearest": [
        (comment("boom"), NOT_MEANT),
        (gift(coins=5), ""),
        *[(gift(coins=4, user=user), "") for user in (SARI, TOMO)],
        (gift(coins=3, user=NOISY), ""),
        (comment("boom"), FIRE),
        (comment("boom", TOMO), FIRE),
        (comment("boom", NOISY), NOT_MEANT),
    ],
    "large-and-alone": [
        (lion(999), NOT_MEANT),
        (lion(1000, count=2), NOT_MEANT),
        (lion(1000, MODERATOR), NOT_MEANT),
        (lion(1000), FIRE),
    ],
    "friday-nights": [
        (comment("light"), NOT_MEANT),
        (4 * 86400 + 2 * 3600, ""),  # Friday, 18:13
        (comment("light"), BLINK),
        (7 * 3600, ""),  # Saturday, 01:13
        (comment("light"), BLINK),
        (3600, ""),
        (comment("light"), NOT_MEANT),
        (47 * 3600, ""),  # Monday, 01:13: no day on which it begins
        (comment("light"), NOT_MEANT),
    ],
    "while-it-is-free": [
        (comment("spin"), "announce/say text=The fan is busy, Budi"),
        ({"fan": "idle"}, ""),
        (comment("spin"), SPIN),
    ],
}

THEN: dict[str, Story] = {
    "together": [(comment("together"), f"{FIRE}, {GLOW}"), (9, "")],
    "in-turn": [(comment("turn"), FIRE), (1.5, ""), (0.5, GLOW)],
    "when-done": [(comment("after"), FIRE), (9, ""), (Then.DONE, GLOW)],
    "two-lists": [
        (comment("show"), f"{FIRE}, {BLINK}"),
        (1, BLINK),
        (0.5, ""),
        (0.5, f"{FIRE}, {HORN}"),
    ],
    "volley": [(comment("volley"), FIRE), (1.5, ""), (1, FIRE), (0.5, ""), (2, FIRE), (60, "")],
    "it-depends": [(gift(1, 9), BLINK), (gift(1, 10), GLOW)],
    "thanks": [
        (gift(coins=100, ended=False), WAITING),
        (
            gift(coins=100),
            "announce/say text=Budi gave Rose, sound/horn, "
            "mqtt/publish topic=home/hall/scene retain=True payload=gift 100, "
            'webhook/lights body={"colour": "red", "coins": 100}',
        ),
    ],
    "longer-for-more": [
        (gift(coins=1), "lamp/glow ms=10 level=20"),
        (gift(2, 10, 5), "lamp/glow ms=500 level=20.64"),
        (gift(coins=500), "lamp/glow ms=5000 level=100"),
    ],
    "as-you-like": [
        (comment("!glow 2"), "lamp/glow ms=2000"),
        (comment("!glow 60"), "lamp/glow ms=5000"),
        (comment("!glow please"), "lamp/glow ms=1"),
    ],
}

WHY_NOT: dict[str, Story] = {
    "rose-cools": [(gift(), FIRE), (1, ""), (gift(), COOLING), (1, ""), (gift(), FIRE)],
    "rose-rain": [(gift(4, 4), WAITING), (30, ""), (gift(), WAITING), (gift(4, 4), GLOW)],
    "for-friends": [(gift(), NOT_MEANT), (gift(user=SARI), BLINK)],
}

STORIES = WHEN | IF | THEN | HOW_OFTEN | COUNTERS | STAGES | WHY_NOT
LOTS = {"now-and-then": {FIRE: 0.25, NOT_MEANT: 0.75}, "at-random": {FIRE: 0.1, GLOW: 0.3, "fired": 0.6}}
"""What is drawn by lot: how often each comes."""
