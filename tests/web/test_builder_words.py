"""Every rule of docs/rules.md in one sentence."""

import pytest

from tests.web.test_builder_text import MADE, WRITTEN
from web.building import drafts
from web.building.sentence import ELLIPSIS, sentence

SENTENCES = {
    "rose-fires": "When a viewer gives Rose, fire cannon.",
    "dear-gift-glows": "When a viewer gives any gift of at least 100 coins as its streak ends, glow lamp.",
    "order": "When a viewer writes the command “!lamp”, blink lamp.",
    "likes": "When the LIVE gets another 500 likes, fire cannon.",
    "nearly-empty": "When fewer than 10 are watching, blink lamp.",
    "round-numbers": "When this LIVE comes to 100, 500, 1000 follows, fire cannon.",
    "three-coins": "When cannon/coin is triggered 3 times, glow lamp.",
    "now-and-again": "When another 10 m have passed, blink lamp.",
    "duet": "When a viewer writes “ping” and nothing else, and then a viewer writes “pong” and nothing else within"
    " 10 s, glow lamp.",
    "followers-fire": "When a viewer writes something with “fire”, if it is a follower, unless it is"
    " noisy.neighbour, fire cannon; otherwise blink lamp.",
    "now-and-then": "When a viewer writes something with “luck”, if by a chance of 25 %, fire cannon.",
    "volley": "When a viewer writes “volley” and nothing else, 3 times: fire cannon.",
    "at-random": "When a viewer writes “wheel” and nothing else, one of these by lot: fire cannon or glow lamp or"
    " nothing.",
    "calm": "When a viewer writes something with “lamp”, blink lamp, at most every 2 s.",
    "five-roses": "When a viewer gives Rose, 5 times within 30 s, glow lamp.",
}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_rule_is_said_as_a_person_would(name: str) -> None:
    assert sentence(drafts.read(WRITTEN[name], name)) == SENTENCES[name]


@pytest.mark.parametrize("name", [*WRITTEN, *MADE])
def test_a_whole_rule_leaves_nothing_open(name: str) -> None:
    rule = MADE[name] if name in MADE else drafts.read(WRITTEN[name], name)
    said = sentence(rule)
    assert ELLIPSIS not in said
    assert not any(mark in said for mark in "{[" if mark not in str(rule.get("then")))


def test_it_is_clear_which_conditions_belong_together() -> None:
    who = {"follower": True, "any": [{"moderator": True}, {"top": 3}]}
    said = "if it is a follower and (it is a moderator or the viewer is among the top 3)"
    assert said in sentence({"when": {"follow": {}}, "if": who, "then": [{"sound": "horn"}]})


def test_a_rule_that_is_not_finished_is_said_as_far_as_it_goes() -> None:
    assert sentence({"when": {"gift": {}}, "then": [{"station": ""}]}) == "When a viewer gives any gift, … …."
    assert sentence({"when": {}, "then": []}) == "When …, …."
    assert sentence({"when": 1, "then": "no", "if": []}) == "When …, …."
