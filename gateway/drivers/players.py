"""Programs that play a sound file, and which of them this machine has."""

import os
import shutil
from pathlib import Path

from msgspec import Struct

from gateway.errors import DriverError
from gateway.settings.outputs import SOUND_FILES, player_words


class Player(Struct, frozen=True, kw_only=True):
    """A program of Debian's ``package``. ``full``: what ``{volume}`` is at 100 percent; a program without
    ``{volume}`` plays as loud as the mixer says. ``server``: it is of use only where this socket is, below
    XDG_RUNTIME_DIR."""

    words: tuple[str, ...]
    plays: tuple[str, ...]
    package: str
    full: float = 100
    server: str = ""

    def line(self, file: Path, volume: float) -> list[str]:
        """Its command line; ``volume`` in percent."""
        share = volume * self.full / 100
        told = f"{share:.2f}" if self.full == 1 else f"{share:.0f}"
        return [word.replace("{volume}", told).replace("{file}", str(file)) for word in self.words]

    @property
    def present(self) -> bool:
        if self.server and not Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere"), self.server).exists():
            return False
        return shutil.which(self.words[0]) is not None


PLAYERS = (
    Player(
        words=("pw-play", "--volume={volume}", "{file}"),
        plays=SOUND_FILES,
        package="pipewire-bin",
        full=1,
        server="pipewire-0",
    ),
    Player(
        words=("paplay", "--volume={volume}", "{file}"),
        plays=SOUND_FILES,
        package="pulseaudio-utils",
        full=65536,
        server="pulse/native",
    ),
    Player(
        words=("play", "-q", "-v", "{volume}", "{file}"), plays=(".wav", ".ogg", ".flac"), package="sox", full=1
    ),
    Player(words=("aplay", "-q", "{file}"), plays=(".wav",), package="alsa-utils"),
    Player(words=("mpg123", "-q", "-f", "{volume}", "{file}"), plays=(".mp3",), package="mpg123", full=32768),
    Player(
        words=("ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-volume", "{volume}", "{file}"),
        plays=SOUND_FILES,
        package="ffmpeg",
    ),
)
"""In the order in which they are looked for: quick to start before slow, with a volume before without."""
_ADVICE = {".wav": "sox", ".mp3": "mpg123", ".ogg": "sox", ".flac": "sox"}


def find_player(file: Path, wanted: str | None) -> Player:
    """What plays ``file``: ``wanted``, the setting ``sound_player``, or else the first there is.

    Raises ``DriverError``, which says what to install.
    """
    kind = file.suffix.lower()
    if wanted is not None:
        own = Player(words=tuple(player_words(wanted)), plays=SOUND_FILES, package="")
        if own.present:
            return own
        raise DriverError(f"sound_player: there is no program {own.words[0]!r} here; install it, or name another")
    for player in PLAYERS:
        if kind in player.plays and player.present:
            return player
    raise DriverError(f"no program here plays {kind}: run `sudo apt-get install {_ADVICE.get(kind, 'ffmpeg')}`")
