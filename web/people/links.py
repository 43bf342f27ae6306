"""Addresses that lead another phone to this page, and their QR codes."""

import contextlib
import io
import ipaddress
import socket
from urllib.parse import urlsplit

ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def lan_address() -> str | None:
    """This machine's address on its network; None without one. A UDP connect sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s, contextlib.suppress(OSError):
        s.connect(("192.0.2.1", 9))
        address = str(s.getsockname()[0])
        return None if address.startswith("127.") else address
    return None


def base(host: str, port: int) -> str:
    """Where a page that listens at ``host`` is found, as far as this machine knows."""
    name = (lan_address() or "127.0.0.1") if host in ANYWHERE else host
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/"


def shared(asked: str, host: str, port: int) -> str:
    """``asked`` is how this browser called the page; where only this machine understands that, another one."""
    try:
        name = urlsplit(asked).hostname or ""
        here = name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        here = False
    return base(host, port) if here and host in ANYWHERE else asked


def only_here(address: str) -> bool:
    """Whether no other machine can follow this address."""
    return (urlsplit(address).hostname or "").startswith(("127.", "localhost", "::1"))


def code_on_screen(address: str) -> str:
    """As an SVG element: dark on light in any colour scheme, for cameras need it so."""
    import segno  # seldom needed

    made = segno.make(address, error="m")
    text: str = made.svg_inline(scale=4, border=3, dark="#000", light="#fff", omitsize=True, svgclass="qr")
    return text


def code_in_terminal(address: str) -> str:
    import segno

    drawn = io.StringIO()
    segno.make(address, error="l").terminal(out=drawn, compact=True)
    return drawn.getvalue()
