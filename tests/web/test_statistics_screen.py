"""The statistics of now: of the sessions that run, else of the last; the same parts as a review."""

import re

import pytest
from flask.testing import FlaskClient

from gateway.messages import SessionSummary
from tests.web.past import Evenings, Venue, words
from tests.web.people import Hand


@pytest.fixture
def hand(venue: Venue) -> Hand:
    return Hand(venue.app)


def test_with_a_session_that_runs_that_one_is_shown(hand: Hand) -> None:
    text = hand.get("/statistics").text
    assert "club" in words(text)
    assert "This session is over" not in text
    assert "At a glance" in text


def test_of_an_account_that_is_not_live_the_last_is_shown_and_said_to_be_over(
    hand: Hand, saturday: SessionSummary
) -> None:
    text = hand.get("/statistics?account=mira").text
    assert f'data-id="{saturday.id}"' in text
    assert "This session is over." in text
    assert f"{saturday.coins:,}" in words(text)


@pytest.mark.parametrize("board", ["session", "7d", "30d", "all"])
def test_a_leaderboard_of_more_sessions_has_larger_scores(hand: Hand, board: str) -> None:
    def first(of: str) -> int:
        text = hand.get(f"/statistics?account=mira&board={of}&by=coins&top=5").text
        found = re.search(r'<div id="places">.*?<td class="n">([\d,]+)</td>', text, re.DOTALL)
        assert found is not None
        return int(found[1].replace(",", ""))

    assert f'<option value="{board}" selected>' in hand.get(f"/statistics?account=mira&board={board}").text
    if board == "session":
        assert first(board) > 0
    else:
        assert first(board) > first("session"), "Friday counts, too"


def test_what_is_not_understood_is_as_usual(hand: Hand) -> None:
    text = hand.get("/statistics?account=<script>&board=everything&top=-1").text
    assert "<script>&" not in text
    assert '<option value="session" selected>' in text


def test_without_a_data_folder_the_screen_says_why(tmp_path_factory: pytest.TempPathFactory) -> None:
    venue = Venue(tmp_path_factory.mktemp("empty") / "no-data")
    text = words(Hand(venue.app).get("/statistics").text)
    assert "There is no data folder" in text or "No session has been kept yet" in text
    venue.exports.close()


def test_plots_ask_only_for_what_is_new(hand: Hand, saturday: SessionSummary) -> None:
    path = f"/api/sessions/{saturday.id}/buckets?interval=60"
    whole = hand.get(path).json
    assert whole is not None
    last = whole["buckets"][-1]
    tail = hand.get(f"{path}&since={last['since']}").json
    assert tail is not None
    assert tail["buckets"] == [last]


def test_a_viewers_name_is_a_name(client: FlaskClient, evenings: Evenings, hand: Hand) -> None:
    text = hand.get("/statistics?account=mira&top=50").text
    assert "&lt;/script&gt;&lt;img" in text
    assert "<img" not in text
