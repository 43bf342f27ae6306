"""A picture of a page: ``python -m tests.browser.screenshot URL OUT.png [WIDTHxHEIGHT] [dark] [at=/path]``.

URL may be an invitation, such as the demo prints: then the picture is of ``at`` behind it, / when not said.
"""

import sys
from pathlib import Path

from tests.browser.phone import PHONE, Phone


def main(args: list[str]) -> int:
    """Waits until the live screen shows stations and an action, any other screen its server, at most 20 s, so that
    the picture says something."""
    dark = "dark" in args
    at = next((a.removeprefix("at=") for a in args if a.startswith("at=")), "")
    args = [a for a in args if a != "dark" and not a.startswith("at=")]
    if len(args) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    url, out, size = args[0], Path(args[1]), PHONE
    if len(args) == 3:
        width, _, height = args[2].partition("x")
        size = (int(width), int(height))
    with Phone(size, dark=dark) as phone:
        phone.get(url)
        if "/enter/" in url:
            phone.press(".fields .go")
            phone.until("location.pathname === '/'")
        if at:
            phone.get("/".join(url.split("/")[:3]) + at)
        if phone.js("!!document.getElementById('stations') && location.pathname === '/'"):
            phone.until("document.querySelectorAll('#stations .card').length > 0", 20)
            phone.until("document.querySelectorAll('#actions li').length > 2", 20)
        else:
            phone.until("document.querySelector('#link')?.innerText.trim()", 20)
        phone.picture(out)
    print(f"{out}: {out.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
