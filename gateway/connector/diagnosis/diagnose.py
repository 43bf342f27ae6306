"""``stagewire connector --diagnose``: one connection to one account, told step by step, and what to do."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from gateway import messages as m
from gateway.connector.diagnosis.heard import Heard, clock_words, counted
from gateway.connector.diagnosis.kept_frames import FrameKeeper
from gateway.connector.roster import chosen
from gateway.connector.sources import base, make
from gateway.connector.sources.decoder import Decoder
from gateway.errors import SettingsError, SourceError, StorageError
from gateway.settings import models
from gateway.settings.secrets import secret
from gateway.text import clean

if TYPE_CHECKING:
    import httpx

    from gateway.connector.sources.tiktok.source import TikTokSource

STALL = 15.0
"""Seconds without any answer after which the diagnosis gives up; a LIVE is heard from every 5 s."""
LINE = 500
"""Characters of a line; what the platform says may be longer, and anything."""
CLOCK = 3.0
"""Seconds by which our clock may differ from the platform's; the way here takes one, and more is worth a word."""


SIGNING = (
    "It is not the account, nor this computer's address: the signing service stands between here and TikTok. The "
    "connector goes on trying by itself. If you have a key of that service, look whether it is still good."
)
UNSIGNED = (
    "TikTok itself answered, so there is an internet connection: the signing service is down, or a firewall is in "
    "its way. The connector goes on trying by itself."
)

FILE = "Correct `file` of the account; its path begins at the folder of the settings."


class Verdict(Struct, frozen=True):
    """The end of a diagnosis: is all well, in one sentence, and what to do."""

    good: bool
    words: str
    advice: str = ""


class Diagnosis:
    """``say`` takes each line for a person; ``verdict`` stands after ``run``, also after one that was cancelled.

    ``keep``: a new file for the frames, viewers under invented names. Raises ``SourceError``, ``SettingsError``
    and ``StorageError`` only for what has nothing to do with the LIVE: a wrong name, a file that is there already.
    """

    def __init__(
        self,
        settings: models.Settings,
        name: str,
        *,
        base_dir: Path = Path(),
        keep: Path | None = None,
        pace: base.Pace = base.PACE,
        say: Callable[[str], None],
    ) -> None:
        ((self._name, self._account),) = chosen(settings, [name]).items()
        self.verdict = Verdict(good=False, words="The diagnosis was stopped before it knew anything.")
        self._settings = settings.connector
        self._in_settings = self._name in settings.accounts
        self._base_dir = base_dir
        self._pace = replace(pace, stall=min(pace.stall, STALL))
        self._say = say
        self._began = time.monotonic()
        self._stream = make.Sources(self._settings, base_dir, self._pace).stream(self._name, self._account)
        self.heard = Heard(self._stream, self._first_frame)
        self._asked_signature = 0.0
        self._answered = False
        self._opened = 0.0
        self._room = ""
        self._keeper: FrameKeeper | None = None
        if keep is not None:
            if self._account.source != "tiktok":
                raise SourceError("--keep keeps TikTok's own frames: it needs an account with `source: tiktok`")
            if keep.exists():
                raise StorageError(f"{keep} is there already: move it away, or name another file")
            self._keeper = self.heard.keeper = FrameKeeper(keep, self._account.username)

    async def run(self, seconds: float) -> None:
        """Connect once and listen so long."""
        self._began = time.monotonic()
        stopped = False
        try:
            self._tell_settings()
            source = self._source()
            self._began = time.monotonic()  # loading TikTokLive took seconds that say nothing about the LIVE
            try:
                async with asyncio.timeout(seconds):
                    await source.run(self)
                self._step("the LIVE has ended")
            except TimeoutError:  # it was listened to for as long as was asked
                self._tell_unsigned()
            except base.Finished as e:
                self._step(str(e))
            self.verdict = self._after_listening(time.monotonic() - self._began)
        except asyncio.CancelledError:
            stopped = True
            self.verdict = self._after_listening(time.monotonic() - self._began)
            raise
        except (SourceError, SettingsError) as e:
            self._tell_unsigned()
            self._step(str(e))
            self.verdict = Verdict(good=False, words=clean(str(e), LINE), advice=self._advice(e))
        finally:
            if self._keeper is not None:
                self._keeper.close()
            if self._opened:
                self._tell_heard(stopped=stopped)

    # -- what the source says --------------------------------------------------------------------

    def on_waiting(self, words: str) -> None:
        self._step(words)

    def on_found(self, room: str) -> None:
        self._room = room
        self._step(f"the account is live, in room {room}")
        if self._keeper is not None:
            self._keeper.begin(room)

    def on_live(self, room: str) -> None:
        self._opened = time.monotonic()
        self._step("connected: the socket is open" if self._room else f"connected to room {room}")

    def on_event(self, event: m.Event) -> None:
        self.heard.event_seen(event)

    def on_frame(self, acknowledge: Callable[[], None]) -> None:
        acknowledge()

    def _first_frame(self) -> None:
        self._step(f"the first frame came {_ms(time.monotonic() - self._opened)} later")

    # -- the steps -------------------------------------------------------------------------------

    @property
    def _unsigned(self) -> bool:
        """TikTok itself answered, and the signing service did not."""
        return self._asked_signature > 0 and not self._answered

    def _tell_unsigned(self) -> None:
        if self._unsigned:
            self._step("the signing service has not answered")

    def _step(self, words: str) -> None:
        self._say(f"{time.monotonic() - self._began:7.2f} s  {clean(words, LINE)}")

    def _tell_settings(self) -> None:
        known = "" if self._in_settings else " (not in the settings: taken as an @name)"
        self._step(f"account {self._name}{known}: @{self._account.username}, source {self._account.source}")
        tiktok = self._settings.tiktok
        if self._account.source == "tiktok":
            if tiktok.app_url:
                self._step(f"connector.tiktok.app_url: not the real TikTok, but {tiktok.app_url}")
            if tiktok.sign_url:
                self._step(f"connector.tiktok.sign_url: {tiktok.sign_url}")

    def _source(self) -> base.Source:
        if self._account.source == "tiktok":
            return self._tiktok()
        source = make.Sources(self._settings, self._base_dir, self._pace)(self._stream, self._account)
        if isinstance(getattr(source, "decoder", None), Decoder):
            source.decoder = self.heard  # type: ignore[attr-defined]  # not every source has one
        return source

    def _tiktok(self) -> "TikTokSource":
        tiktok = self._settings.tiktok
        key = secret(make.SIGN_KEY, self._base_dir, tiktok.sign_key_file, "connector.tiktok.sign_key_file")
        where = f"from the environment ({make.SIGN_KEY})" if os.environ.get(make.SIGN_KEY) else "from its file"
        self._step(f"key of the signing service: {where if key else 'none; one of your own raises its limits'}")
        try:
            from gateway.connector.sources.tiktok.signing import Signing
            from gateway.connector.sources.tiktok.source import TikTokSource
        except ImportError as e:
            raise SourceError(
                f"TikTokLive is not installed ({e}): run `pip install 'stagewire[connector]'`"
            ) from e
        diagnosis = self

        class Watched(Signing):
            async def turn(self, account: str) -> None:
                await super().turn(account)
                diagnosis._asked_signature = time.monotonic()

            async def on_response(self, response: "httpx.Response") -> None:
                diagnosis._signed(response)
                await super().on_response(response)

        source = TikTokSource(self._stream, self._account.username, tiktok, Watched(key), self._pace)
        source.decoder = self.heard
        return source

    def _signed(self, response: "httpx.Response") -> None:
        self._answered = True
        took = _ms(time.monotonic() - self._asked_signature)
        left = response.headers.get("RateLimit-Remaining", response.headers.get("X-RateLimit-Remaining", ""))
        limit = f"; connections left now: {left[:20]}" if left else ""
        self._step(f"the signing service answered after {took}, with status {response.status_code}{limit}")

    def _advice(self, e: SourceError | SettingsError) -> str:
        if self._account.source in ("replay", "practice"):
            return FILE
        if self._account.source == "tikfinity" and isinstance(e, base.Lost):
            return "Then run this again; the connector finds it by itself."
        return UNSIGNED if self._unsigned else _advice(e)

    # -- the end ---------------------------------------------------------------------------------

    def _tell_heard(self, *, stopped: bool) -> None:
        for line in self.heard.lines():
            self._say(f"           {line}")
        if self._keeper is not None and not stopped:
            self._step(f"kept {self._keeper.frames} frames")

    def _after_listening(self, seconds: float) -> Verdict:
        heard, who = self.heard, f"@{self._account.username}"
        if not self._opened:
            return Verdict(
                good=False,
                words=f"Within {seconds:.0f} s there was no connection to {who}.",
                advice="Run it again with a longer --for; if that changes nothing, look at the last step above.",
            )
        bad, good = heard.unreadable, heard.events.total()
        if bad > good:
            return Verdict(
                good=False,
                words=f"{who} is connected, but {bad} messages or frames could not be read and {good} could.",
                advice="The platform has changed its format: update Stagewire. To help us, run this again with "
                "--keep FILE and attach the file to an issue: viewers have invented names in it.",
            )
        if abs(heard.clock or 0.0) > CLOCK:
            return Verdict(
                good=False,
                words=f"{who} is heard, but this computer's clock is {clock_words(heard.clock or 0.0)}.",
                advice="Let the clock be set from the network (NTP): times in statistics would be wrong.",
            )
        if not heard.frames and not good:
            return Verdict(
                good=True,
                words=f"{who} is live and connected; nothing happened there in {seconds:.0f} s.",
                advice="Write a comment in the LIVE and run it again: then it must be seen here.",
            )
        return Verdict(good=True, words=f"{who} is live and heard: {counted(good, 'event')} in {seconds:.0f} s.")


def _advice(e: SourceError | SettingsError) -> str:
    """What to do where the error does not say so itself."""
    match e:
        case base.Offline():
            return "Go live, then run this again. The connector asks once a minute by itself."
        case base.NotFound():
            return "Correct `username` in the settings. An account that may not go live is not found either."
        case base.RateLimited():
            when = time.strftime("%H:%M:%S", time.localtime(e.retry_at))
            return f"Wait until {when}, without trying in between; the connector waits by itself."
        case base.NotSigned():
            return SIGNING
        case base.Refused():
            return (
                "The connector goes on trying by itself. If it stays so, run this through another internet "
                "connection, such as a phone's, to see whether this one's address is the reason."
            )
        case base.Stalled():
            return "Look whether the LIVE still runs on a phone. If it does, run this again."
        case base.Lost():
            return "Check this computer's internet connection, then run this again."
        case _:
            return ""


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
