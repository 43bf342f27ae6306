"""A page's source on a real broker, a peer in the gateway's place, and the page on past evenings."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gateway.messages import SessionSummary
from tests.broker import Mosquitto
from tests.web.evenings import two_evenings
from tests.web.past import Evenings, Venue
from tests.web.peer import PATIENCE, VENUE, Peer, rows, until
from tests.web.people import signed_in
from web.source import Source


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


@pytest.fixture
def venue(evenings: Evenings) -> Iterator[Venue]:
    venue = Venue(evenings[0])
    yield venue
    venue.exports.close()


@pytest.fixture
def client(venue: Venue) -> FlaskClient:
    return signed_in(venue.app)


@pytest.fixture
def saturday(evenings: Evenings) -> SessionSummary:
    return evenings[2].summary
