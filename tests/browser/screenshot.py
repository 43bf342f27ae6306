"""A picture of a running page: ``python -m tests.browser.screenshot URL OUT.png [WIDTHxHEIGHT] [dark]``."""

import sys
from pathlib import Path

from tests.browser.phone import PHONE, Phone


def main(args: list[str]) -> int:
    """Waits until the page shows stations and an action, at most 20 s, so that the picture says something."""
    dark = "dark" in args
    args = [a for a in args if a != "dark"]
    if len(args) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    url, out, size = args[0], Path(args[1]), PHONE
    if len(args) == 3:
        width, _, height = args[2].partition("x")
        size = (int(width), int(height))
    with Phone(size, dark=dark) as phone:
        phone.get(url)
        phone.until("document.querySelectorAll('#stations .card').length > 0", 20)
        phone.until("document.querySelectorAll('#actions li').length > 2", 20)
        phone.picture(out)
    print(f"{out}: {out.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
