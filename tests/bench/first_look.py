"""How long until the live screen stands and is connected, on a phone that has never been here.

``python -m tests.bench.first_look [ROUNDS]``: Chromium at 390x844, its processor slowed down fourfold, over a line
of 20 Mbit/s with 20 ms of latency, nothing cached; a real page and broker, a small venue played by the bench.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.broker import Mosquitto
from tests.browser.phone import PHONE, Phone
from tests.web import scene
from tests.web.peer import Peer
from tests.web.process import Page

SLOWER = 4
"""A mid-range phone of today beside one core of a server, as Chromium's own tools have it."""
LINE = {"offline": False, "latency": 20, "downloadThroughput": 2_500_000, "uploadThroughput": 1_000_000}
STANDS = (
    "document.querySelectorAll('#stations .card').length === 3 && "
    "document.querySelector('#link').innerText === 'Connected'"
)


def look(page: Page) -> float:
    """Seconds, of somebody who has signed in."""
    with Phone(PHONE) as phone:
        phone.get(f"{page.url}/me")
        phone.without_worker()
        phone._cdp("Network.clearBrowserCache")
        phone._cdp("Network.emulateNetworkConditions", **LINE)
        phone._cdp("Emulation.setCPUThrottlingRate", rate=SLOWER)
        began = time.monotonic()
        phone.get(f"{page.url}/")
        phone.until(STANDS, 20)
        return time.monotonic() - began


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder, Mosquitto(Path(folder)) as broker:
        peer = Peer(broker.settings)
        try:
            scene.open_gateway(peer)
            scene.open_accounts(peer)
            with Page(broker.settings, Path(folder)) as page:
                found = [look(page) for _ in range(rounds)]
        finally:
            peer.close()
    print(f"{rounds} first looks: median {statistics.median(found):.2f} s, {min(found):.2f} to {max(found):.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
