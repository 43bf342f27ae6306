"""Which source an account gets. Each is imported when it is needed: TikTokLive alone takes 2 s and 60 MB."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from gateway.connector.sources.base import Pace, Source, Stream
from gateway.errors import SourceError
from gateway.settings import models
from gateway.settings.secrets import read_secret


class Sources:
    """Makes the sources of one connector; what they share, such as the budget of signatures, is made once.

    Calling it raises ``SourceError`` when a source's library is not installed, and ``SettingsError`` when its
    key cannot be read.
    """

    def __init__(self, settings: models.Connector, base_dir: Path, pace: Pace) -> None:
        self._settings = settings
        self._base_dir = base_dir
        self._pace = pace

    def stream(self, name: str, account: models.Account) -> Stream:
        """What every event of the account says of where it comes from."""
        simulated = account.source in ("replay", "practice") or (
            account.source == "tiktok" and self._settings.tiktok.simulated
        )
        return Stream(name, f"{account.source}/@{account.username}", simulated)

    def __call__(self, stream: Stream, account: models.Account) -> Source:
        match account.source:
            case "tiktok":
                return self._tiktok(stream, account.username)
            case other:
                raise SourceError(f"account {stream.account!r}: there is no source {other!r}")

    @cached_property
    def _tiktok(self) -> Callable[[Stream, str], Source]:
        addresses, pace = self._settings.tiktok, self._pace
        file = addresses.sign_key_file
        key = read_secret(self._base_dir / file, "connector.tiktok.sign_key_file") if file else None
        try:
            from gateway.connector.sources.tiktok.signing import Signing
            from gateway.connector.sources.tiktok.source import TikTokSource
        except ImportError as e:
            raise SourceError(
                f"TikTokLive is not installed ({e}): run `pip install 'stagewire[connector]'`"
            ) from e
        signing = Signing(key)
        return lambda stream, username: TikTokSource(stream, username, addresses, signing, pace)
