"""What TikTokLive, httpx and websockets raise, as our errors in words for a person in a loud venue."""

import zlib

import httpx
from TikTokLive.client.errors import (
    SignAPIError,
    TikTokLiveError,
    UserNotFoundError,
    UserOfflineError,
    WebcastBlockedError,
)
from websockets.exceptions import WebSocketException

from gateway.connector.sources.base import Lost, NotFound, Offline, Refused
from gateway.errors import SourceError

ASKING = (TikTokLiveError, httpx.HTTPError, WebSocketException, OSError, LookupError, ValueError, TypeError)
"""What finding the room and signing may raise; the last three by answers of an unexpected shape."""
LISTENING = (TikTokLiveError, WebSocketException, OSError, EOFError, zlib.error)
"""What an open connection may raise; the last two by a frame that is not gzip."""


def in_words(e: Exception, username: str) -> SourceError:
    """The error to raise for one of ``ASKING`` or ``LISTENING``."""
    match e:
        case UserOfflineError():
            return Offline(f"@{username} is not live now")
        case UserNotFoundError():
            return NotFound(
                f"TikTok knows no account @{username} that can go live: check the spelling of username, "
                "the name after the @ on the profile page"
            )
        case SignAPIError():
            return _signing(e)
        case WebcastBlockedError():
            return Refused(f"TikTok refused the connection to @{username}: {_text(e)}")
        case TikTokLiveError():
            return Refused(
                f"TikTok's answer for @{username} cannot be read: {_text(e)} "
                "It may be asking this internet address for a captcha"
            )
        case httpx.TimeoutException() | TimeoutError():
            return Lost(f"{_host(e)} does not answer; is the internet connection good?")
        case httpx.HTTPError():
            return Lost(f"{_host(e)} cannot be reached ({e}); is there an internet connection?")
        case WebSocketException() | OSError() | EOFError() | zlib.error():
            return Lost(f"the connection to @{username} broke ({e})")
        case _:
            return Refused(f"TikTok's answer for @{username} has an unexpected shape ({e!r})")


def _signing(e: SignAPIError) -> SourceError:
    reasons = SignAPIError.ErrorReason
    if e.reason is reasons.CONNECT_ERROR:
        return Lost("the signing service cannot be reached; is there an internet connection?")
    if e.reason in (reasons.EMPTY_PAYLOAD, reasons.EMPTY_COOKIES):
        return Refused("the signing service gave an empty answer; it may be in trouble itself")
    return Refused(f"the signing service refused: {_text(e)}")


def _text(e: Exception) -> str:
    """Without the library's own name in front."""
    return str(e).partition("-> ")[2] or str(e)


def _host(e: Exception) -> str:
    try:
        return e.request.url.host if isinstance(e, httpx.RequestError) else "TikTok"
    except RuntimeError:  # httpx: the error has no request
        return "TikTok"
