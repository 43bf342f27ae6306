"""Which source an account gets. Each is imported when it is needed: TikTokLive alone takes 2 s and 60 MB."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import assert_never

from gateway.connector.budget import Budget, Turns
from gateway.connector.sources.base import Pace, Source, Stream
from gateway.errors import SettingsError, SourceError
from gateway.settings import models
from gateway.settings.secrets import secret

SIGN_KEY = "STAGEWIRE_SIGN_KEY"
"""Environment: the signing service's key, in place of ``sign_key_file``."""
LOCAL_POLL = 5.0
"""Seconds between two questions to a program on this PC, such as TikFinity: they cost nothing."""
EULER_KEY = "STAGEWIRE_EULER_KEY"
"""Environment: Euler Stream's key, in place of ``connector.euler.key_file``."""


@contextmanager
def settled_memory() -> Iterator[None]:
    """Garbage collection leaves alone what is there at the beginning, which is after the first sources were made.

    TikTokLive is 140 000 objects that never go; looking at them costs 70 ms each time, in which all accounts wait.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class Sources:
    """Makes the sources of one connector; what they share, such as the budget of signatures, is made once.

    Calling it raises ``SourceError`` when a source's library is not installed, and ``SettingsError`` when its
    key cannot be read. ``budget``: who gives out the turns at the signing service.
    """

    def __init__(
        self, settings: models.Connector, base_dir: Path, pace: Pace, budget: Budget | None = None
    ) -> None:
        self._settings = settings
        self._base_dir = base_dir
        self._pace = pace
        self._budget = budget or Turns(pace.sign)

    def stream(self, name: str, account: models.Account) -> Stream:
        """What every event of the account says of where it comes from."""
        simulated = account.source in ("replay", "practice") or (
            account.source == "tiktok" and self._settings.tiktok.simulated
        )
        return Stream(name, f"{account.source}/@{account.username}", simulated)

    def pace(self, account: models.Account) -> Pace:
        """How patiently this account is asked for: what is on this PC may be asked often."""
        if account.source in ("tikfinity", "practice", "replay"):
            return replace(self._pace, poll=min(self._pace.poll, LOCAL_POLL))
        return self._pace

    def __call__(self, stream: Stream, account: models.Account) -> Source:
        match account.source:
            case "tiktok":
                return self._tiktok(stream, account.username)
            case "euler":
                return self._euler(stream, account.username)
            case "tikfinity":
                return self._tikfinity(stream, account.username)
            case "replay":
                from gateway.connector.sources.replay import ReplaySource

                if account.file is None:
                    raise SourceError(
                        f"account {stream.account!r}: source replay needs `file`, a session that was recorded "
                        "with `stagewire record`"
                    )
                return ReplaySource(stream, self._base_dir / account.file, account.speed)
            case "practice":
                return self._practice(stream, account)
            case _:
                assert_never(account.source)

    @cached_property
    def _tiktok(self) -> Callable[[Stream, str], Source]:
        addresses, pace = self._settings.tiktok, self._pace
        key = secret(SIGN_KEY, self._base_dir, addresses.sign_key_file, "connector.tiktok.sign_key_file")
        try:
            from gateway.connector.sources.tiktok.signing import Signing
            from gateway.connector.sources.tiktok.source import TikTokSource
        except ImportError as e:
            raise SourceError(
                f"TikTokLive is not installed ({e}): run `pip install 'stagewire[connector]'`"
            ) from e
        signing = Signing(key, self._budget)
        return lambda stream, username: TikTokSource(stream, username, addresses, signing, pace)

    @cached_property
    def _euler(self) -> Callable[[Stream, str], Source]:
        euler, pace = self._settings.euler, self._pace
        key = secret(EULER_KEY, self._base_dir, euler.key_file, "connector.euler.key_file")
        try:
            from gateway.connector.sources.euler import EulerSource
            from gateway.connector.sources.socket import is_local
        except ImportError as e:
            raise _missing(e) from e
        if key is not None and not (euler.url.startswith("wss://") or is_local(euler.url)):
            raise SettingsError(["connector.euler.url: must begin with wss://, else everybody can read the key"])
        return lambda stream, username: EulerSource(stream, username, euler.url, key, pace)

    @cached_property
    def _tikfinity(self) -> Callable[[Stream, str], Source]:
        url, pace = self._settings.tikfinity.url, self._pace
        try:
            from gateway.connector.sources.tikfinity import TikFinitySource
        except ImportError as e:
            raise _missing(e) from e
        return lambda stream, username: TikFinitySource(stream, username, url, pace)

    def _practice(self, stream: Stream, account: models.Account) -> Source:
        try:
            from gateway.connector.sources.practice import PracticeSource
        except ImportError as e:
            raise _missing(e) from e
        return PracticeSource(stream, account.file, self._base_dir, self.pace(account))


def _missing(e: ImportError) -> SourceError:
    return SourceError(
        f"the connector's libraries are not installed ({e}): run `pip install 'stagewire[connector]'`"
    )
