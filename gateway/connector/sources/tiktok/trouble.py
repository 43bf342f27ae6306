"""What TikTokLive, httpx and websockets raise, as our errors in words for a person in a loud venue."""

import re
import zlib

import httpx
from TikTokLive.client.errors import (
    InitialCursorMissingError,
    SignAPIError,
    TikTokLiveError,
    UserNotFoundError,
    UserOfflineError,
    WebcastBlockedError,
    WebsocketURLMissingError,
)
from TikTokLive.client.web.routes.fetch_is_live import MissingRoomIdInResponse
from TikTokLive.client.web.web_settings import WebDefaults
from websockets.exceptions import WebSocketException

from gateway.connector.sources.base import Lost, NotFound, NotSigned, Offline, Refused
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
            return _refused(e, username)
        case InitialCursorMissingError() | WebsocketURLMissingError():
            return NotSigned(
                f"the signing service's answer holds no way to @{username}'s LIVE; it may be in trouble"
            )
        case MissingRoomIdInResponse():
            return Refused(f"TikTok does not say whether @{username} is live: {_captcha(username)}")
        case TikTokLiveError() | ValueError():
            return Refused(f"TikTok's answer for @{username} cannot be read ({_text(e)}): {_captcha(username)}")
        case httpx.TimeoutException() | TimeoutError():
            return Lost(f"{_who(e)} does not answer; is the internet connection good?")
        case httpx.HTTPError():
            return Lost(f"{_who(e)} cannot be reached ({e}); is there an internet connection?")
        case WebSocketException() | OSError() | EOFError() | zlib.error():
            return Lost(f"the connection to @{username} broke ({e})")
        case _:
            return Refused(f"TikTok's answer for @{username} has an unexpected shape ({e!r})")


def _signing(e: SignAPIError) -> SourceError:
    reasons = SignAPIError.ErrorReason
    if e.reason is reasons.CONNECT_ERROR:
        return Lost("the signing service cannot be reached; is there an internet connection?")
    if e.reason in (reasons.EMPTY_PAYLOAD, reasons.EMPTY_COOKIES):
        return NotSigned("the signing service gave an empty answer; it may be in trouble itself")
    status = e.response.status_code if e.response is not None else 0
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return NotSigned(f"the signing service is in trouble itself (status {status})")
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return NotSigned(
            f"the signing service does not accept our key (status {status}): see connector.tiktok.sign_key_file"
        )
    return NotSigned(f"the signing service refused: {_text(e)}")


def _refused(e: WebcastBlockedError, username: str) -> SourceError:
    """The platform's own word for it stands between the last quotes."""
    reason = (re.findall(r'"([^"]*)"', str(e)) or [""])[-1]
    words = f"TikTok refused the connection to @{username}"
    match reason:
        case "" | "an unknown reason":
            return Refused(f"{words} and gave no reason: is the LIVE private, or for followers only?")
        case "room does not exist":
            return Refused(f"{words}: {reason}. The LIVE has just ended or begun anew")
        case _:
            return Refused(f"{words}: {reason}. It does not like this internet address or signature at the moment")


def _captcha(username: str) -> str:
    return (
        "it may be asking this internet address for a captcha. "
        f"Open tiktok.com/@{username}/live in a browser on this network and see"
    )


def _text(e: Exception) -> str:
    """The first line, without the library's own name in front."""
    text = str(e).partition("-> ")[2] or str(e)
    return text.partition("\n")[0].rstrip(".")


def _who(e: Exception) -> str:
    try:
        url = e.request.url if isinstance(e, httpx.RequestError) else None
    except RuntimeError:  # httpx: the error has no request
        url = None
    if url is None:
        return "TikTok"
    return f"the signing service ({url.host})" if str(url).startswith(WebDefaults.tiktok_sign_url) else url.host
