"""Webcast messages in JSON: as Euler Stream was seen to send them, under old names, and in every broken shape."""

import json
import random
import time
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import messages as m
from gateway.connector.sources.base import Stream
from gateway.connector.sources.decoder import Decoder
from gateway.connector.sources.euler import MAX_BUNDLE, EulerSource
from gateway.connector.sources.webjson import NotAMessage, to_envelope
from gateway.webcast.frame import MESSAGES
from tests.connector.conftest import HURRIED
from tests.connector.filling import fill
from tests.connector.relaying import Sink


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(MESSAGES)), st.integers(0, 2**32), st.text(max_size=20))
def test_any_message_comes_out_of_json_as_it_went_in(method: str, seed: int, text: str) -> None:
    message = fill(MESSAGES[method](), random.Random(seed), text)
    envelope = to_envelope(method, json.loads(json.dumps(MessageToDict(message))))
    assert MESSAGES[method].FromString(envelope.payload) == message


def heard(*bundles: dict[str, Any]) -> Sink:
    source, sink = EulerSource(Stream("ada", "euler/@ada"), "ada", "ws://127.0.0.1", None, HURRIED), Sink()
    for bundle in bundles:
        source._take(json.dumps(bundle), sink)
    return sink


def gift_v1(**more: Any) -> dict[str, Any]:
    """A gift in the service's first schema, in the shape in which it was recorded."""
    data = {
        "repeatCount": 3,
        "comboCount": 1,
        "common": {
            "method": "WebcastGiftMessage",
            "roomId": "7600000000000000001",
            "msgId": "7600000000000000007",
            "createTime": "1773511423800",
            "displayText": {"defaultPattern": "{0:user} sent {1:gift} × {2:string}"},
        },
        "giftId": 5655,
        "user": {"userId": "6800000000000000001", "uniqueId": "ada.otter", "nickname": "Ada"},
        "repeatEnd": 0,
        "groupId": "1773511422618",
        "giftDetails": {"id": "5655", "giftName": "Rose", "giftType": 1, "diamondCount": 1, "combo": True},
        **more,
    }
    return {"timestamp": 1773511423909, "messages": [{"type": "WebcastGiftMessage", "data": data}]}


def test_its_older_names_are_read_too() -> None:
    sink = heard(gift_v1())
    (event,) = sink.events
    assert sink.rooms == ["7600000000000000001"]
    assert event.id == "7600000000000000001-7600000000000000007"
    assert event.data.user == m.User(id="6800000000000000001", name="ada.otter", nickname="Ada")
    assert (event.data.gift_id, event.data.name, event.data.coins, event.data.total) == ("5655", "Rose", 1, 3)
    assert event.data.streak == "6800000000000000001-5655-1773511422618"
    assert not event.data.ended
    assert heard(gift_v1(repeatEnd=True)).events[0].data.ended
    assert heard(gift_v1(repeatEnd=1)).events[0].data.ended


def test_a_single_message_without_a_bundle_is_one_too() -> None:
    assert len(heard(gift_v1()["messages"][0]).events) == 1


@pytest.mark.parametrize(("age", "counts"), [(0, True), (9_000, True), (11_000, False)])
def test_what_happened_before_we_came_is_not_paid_again(age: int, counts: bool) -> None:
    bundle = gift_v1()
    bundle["timestamp"] = 1773511423800 + age
    assert len(heard(bundle).events) == int(counts)


def test_a_time_that_is_none_takes_no_gift_away() -> None:
    bundle = gift_v1()
    bundle["messages"][0]["data"]["common"]["createTime"] = "1773508034"
    assert len(heard(bundle).events) == 1


@pytest.mark.parametrize(
    "data",
    [
        {"id": "7600000000000000001"},
        {"roomId": 7600000000000000001},
        {"id": "", "raw": {"data": {"id_str": "x", "id": 7600000000000000001}}},
        {"roomInfo": {"id": "7600000000000000001"}},
    ],
)
def test_the_room_is_found_wherever_it_stands(data: dict[str, Any]) -> None:
    assert heard({"type": "roomInfo", "data": data}).rooms == ["7600000000000000001"]


def test_fields_of_unexpected_shape_cost_only_what_they_must() -> None:
    decoder = Decoder(Stream("ada", "euler/@ada"))
    data = gift_v1()["messages"][0]["data"]
    data["giftDetails"] |= {"image": "a text", "describe": 5, "name": None}
    data["user"]["badgeList"] = [{"sceneType": "8", "privilegeLogExtra": {"level": 21}}, None, 5]
    data |= {"new": {"deep": [{"er": 1}]}, "common": [1], "toUser": "me", "userIdentity": {"isAnchor": 0}}
    event = decoder.event("1", to_envelope("WebcastGiftMessage", data), time.time())
    assert isinstance(event, m.GiftEvent)
    assert (event.data.user.gifter_level, event.data.name, event.data.total) == (21, "Rose", 3)
    for broken in ({"repeatCount": 2**40}, {"giftId": 1.5}, {"groupId": "a text"}, {"repeatEnd": float("inf")}):
        with pytest.raises(NotAMessage, match="a WebcastGiftMessage in JSON cannot be read"):
            to_envelope("WebcastGiftMessage", data | broken)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["common", "user", "giftDetails", "gift", "giftId", "repeatCount", "groupId", "repeatEnd", "id", "raw"]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(["WebcastGiftMessage", "WebcastLinkMicArmies", "WebcastNew", "roomInfo", "room.status"]),
    st.dictionaries(st.sampled_from(FIELDS), JSON),
    JSON,
)
def test_whatever_is_said_becomes_events_of_the_contract_or_none(
    kind: str, changes: dict[str, Any], sent: Any
) -> None:
    bundle = gift_v1(**changes)
    bundle["timestamp"] = sent
    bundle["messages"].insert(0, {"type": kind, "data": dict(changes)})
    for event in heard(bundle).events:
        assert m.decode_event(m.encode(event)) == event


def test_depth_and_size_are_no_weapons() -> None:
    source, sink = EulerSource(Stream("ada", "euler/@ada"), "ada", "ws://127.0.0.1", None, HURRIED), Sink()
    deep = '{"type": "roomInfo", "data": ' + '{"data": ' * 900 + "{}" + "}" * 900 + "}"
    for text in (deep, '{"type": "roomInfo", "data": {"id": ' + "1" * 5000 + "}}", "[" * 10_000):
        assert source._take(text, sink) is False
    many = [{"type": "WebcastGiftMessage", "data": gift_v1()["messages"][0]["data"]}] * 10_000
    begun = time.process_time()
    source._take(json.dumps({"messages": many}), sink)
    assert len(sink.events) == MAX_BUNDLE
    assert time.process_time() - begun < 1.0  # some 40 ms; what it guards against is seconds
