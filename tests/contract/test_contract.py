"""The published contract is what the code does."""

import inspect
import json
import time
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from gateway import messages as m
from gateway.contract import TABLE, asyncapi, channels, table
from gateway.errors import PayloadError
from gateway.topics import Topics, parse

DOCS = Path(__file__).parents[2] / "docs"


def test_the_committed_documents_are_current() -> None:
    """Else: make generated."""
    assert json.loads((DOCS / "asyncapi.json").read_text()) == asyncapi()
    found = TABLE.search((DOCS / "mqtt.md").read_text())
    assert found is not None
    assert found.group() == table()


def test_every_topic_that_the_code_can_build_is_in_the_contract() -> None:
    t = Topics("{venue}")
    built = set()
    for name, member in inspect.getmembers(Topics):
        if name.startswith("_") or name == "venue":
            continue
        if isinstance(member, property):
            built.add(getattr(t, name))
        elif callable(member):
            arguments = [f"{{{p}}}" for p in list(inspect.signature(member).parameters)[1:]]
            built.add(getattr(t, name)(*arguments))
    known = {c.topic for c in channels()}
    missing = {b for b in built - known if not any(_same_shape(b, k) for k in known)}
    assert not missing


def _same_shape(built: str, known: str) -> bool:
    """A builder with a free last part stands in the contract once for each value."""
    return built.endswith("}") and built.rsplit("/", 1)[0] == known.rsplit("/", 1)[0]


@pytest.mark.parametrize("channel", channels(), ids=lambda c: c.topic.split("}/", 1)[1])
def test_every_topic_follows_the_grammar(channel: object) -> None:
    topic = channel.topic  # type: ignore[attr-defined]
    real = topic.replace("{venue}", "hall")
    for name in ("account", "station", "gateway", "connector", "verb", "board", "session"):
        real = real.replace(f"{{{name}}}", f"some-{name}")
    address = parse(real)
    assert address is not None
    assert address.venue == "hall"


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "stagewire",
        "stagewire/2/hall/gateway/g/state",
        "stagewire/1/Hall/gateway/g/state",
        "a/b/c/d/e/f",
        "x" * 500,
    ],
)
def test_a_foreign_topic_is_not_parsed(topic: str) -> None:
    assert parse(topic) is None


def test_a_gift_on_the_wire_is_valid_json_schema_and_cloudevents() -> None:
    document = asyncapi()
    schema = {"$ref": "#/components/schemas/GiftEvent", "components": document["components"]}
    now = m.stamp(time.time())
    gift = m.Gift(user=m.User(id="1"), gift_id="5655", name="Rose", count=1, total=3, coins=1, streak="s")
    event = m.GiftEvent(id="e", source="/x", time=now, received=now, account="ayu", data=gift)
    plain = json.loads(m.encode(event))
    Draft202012Validator(schema).validate(plain)
    assert {"id", "source", "specversion", "type"} <= plain.keys()  # CloudEvents 1.0: required attributes
    assert m.decode_event(m.encode(event)) == event


def test_unknown_fields_are_ignored_and_unknown_kinds_named() -> None:
    now = m.stamp(0)
    base = {"specversion": "1.0", "id": "e", "source": "/x", "time": now, "received": now, "account": "a"}
    viewers = {**base, "type": "stagewire.viewers", "data": {"count": 1, "later": True}, "new": [1]}
    assert m.decode_event(msgspec.json.encode(viewers)).id == "e"
    with pytest.raises(PayloadError, match="type"):
        m.decode_event(msgspec.json.encode({**viewers, "type": "stagewire.portal"}))


@pytest.mark.parametrize("t", [0.0, 1_790_000_000.123, 4_000_000_000.999])
def test_times_keep_their_milliseconds(t: float) -> None:
    assert m.seconds(m.stamp(t)) == pytest.approx(t, abs=0.0006)
