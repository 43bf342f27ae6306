"""Pictures of every screen, from the demo: ``python -m tests.browser.screenshots [FOLDER]``."""

import sys
import tempfile
from pathlib import Path

from gateway.settings.models import Broker
from tests.browser.every import SETTLED, Screens, names
from tests.browser.phone import DESK, PHONE, Phone
from tests.browser.show import Show
from tests.web.past import live
from tests.web.peer import VENUE, until
from web.app import create_app
from web.source import Source

LOOKS = (("phone", PHONE, False), ("phone-dark", PHONE, True), ("desk", DESK, False), ("desk-dark", DESK, True))
BUSY = "document.querySelectorAll('#actions li').length > 5"
QUIET = "!/Loading|Looking/.test(document.querySelector('main').innerText)"


def main(args: list[str]) -> int:
    out = Path(args[0] if args else "build/screenshots")
    out.mkdir(parents=True, exist_ok=True)
    with Show() as show, tempfile.TemporaryDirectory() as folder:
        app = create_app(live(Source(VENUE, Broker()), Path(folder)))
        with Phone(DESK, scale=1.0) as phone:
            phone.get(show.url)
            phone.until(BUSY, 60)  # so that the pictures say something
            found = Screens(app).find(phone, show.url)
        for look, size, dark in LOOKS:
            with Phone(size, dark=dark) as phone:
                for name, path in names(found):
                    phone.get(show.url + path)
                    phone.until(SETTLED)
                    until(lambda: phone.js(QUIET), f"{path} is drawn")
                    phone.picture(out / f"{name}-{look}.png")
    print(f"{len(found) * len(LOOKS)} pictures in {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
