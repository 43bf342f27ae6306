"""A page's source on a real broker, and a peer in the gateway's place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker import Mosquitto
from tests.web.peer import PATIENCE, VENUE, Peer, rows, until
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
