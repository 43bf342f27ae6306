"""The icons of an installed page, from ``icon.svg``; when it has changed: ``python -m tests.browser.icons``."""

import base64
import sys
from pathlib import Path

from tests.browser.phone import Phone
from web.assets import STATIC

SIZES = (192, 512)
SIGN = 0.68
"""Of the width: a phone may cut the icon to a circle of 80 %, and the sign must stand within."""
GROUND = "#101214"


def draw(size: int, out: Path) -> None:
    sign = round(SIGN * size)
    svg = (STATIC / "icon.svg").read_text().replace("<svg ", f'<svg width="{sign}" height="{sign}" ', 1)
    page = (
        '<!doctype html><meta name="viewport" content="width=device-width">'
        f'<body style="margin:0;background:{GROUND}">'
        f'<div style="position:fixed;inset:0;display:grid;place-items:center">{svg}</div>'
    )
    with Phone((size, size), scale=1.0) as phone:
        phone.get(f"data:text/html;base64,{base64.b64encode(page.encode()).decode()}")
        phone.picture(out)


def main() -> int:
    for size in SIZES:
        draw(size, STATIC / f"icon-{size}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
