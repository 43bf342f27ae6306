"""A page's source on a real broker, a peer in the gateway's place, and the page on past evenings."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache

from gateway.messages import SessionSummary
from tests.broker import Mosquitto
from tests.web.evenings import two_evenings
from tests.web.past import Evenings, Venue
from tests.web.peer import PATIENCE, VENUE, Peer, rows, until
from tests.web.people import signed_in
from web.source import Source


class Templates(BytecodeCache):
    """Compiled once, and not once for each page that a test makes."""

    def __init__(self) -> None:
        self._made: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (made := self._made.get(bucket.key)) is not None:
            bucket.bytecode_from_string(made)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._made[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def templates() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": Templates()})
        yield


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as mosquitto:
        yield mosquitto


@pytest.fixture
def source(broker: Mosquitto) -> Iterator[Source]:
    source = Source(VENUE, broker.settings)
    source.start()
    until(lambda: rows(source)["link"]["broker"]["connected"], "the page connects")
    yield source
    source.stop()
    source.join(PATIENCE)


@pytest.fixture
def gateway(broker: Mosquitto) -> Iterator[Peer]:
    peer = Peer(broker.settings)
    yield peer
    peer.close()


@pytest.fixture(scope="module")
def evenings(tmp_path_factory: pytest.TempPathFactory) -> Evenings:
    data = tmp_path_factory.mktemp("data")
    return (data, *asyncio.run(two_evenings(data)))


@pytest.fixture(scope="module")
def venue(evenings: Evenings) -> Venue:
    """One for the tests of a module that only look."""
    return Venue(evenings[0])


@pytest.fixture
def client(venue: Venue) -> FlaskClient:
    return signed_in(venue.app)


@pytest.fixture
def saturday(evenings: Evenings) -> SessionSummary:
    return evenings[2].summary
