"""The one error tree. Library errors are translated into it where they enter."""


class StagewireError(Exception):
    """Root of every error that Stagewire raises on purpose.

    The text is for the person in the room: what is wrong, where, what was
    expected and what to do.
    """


class SettingsError(StagewireError):
    """A settings file cannot be used; ``mistakes`` holds every one found, in file order."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


class BusError(StagewireError):
    """The broker refused us or cannot be reached."""


class PayloadError(StagewireError):
    """A message on the bus does not follow the contract."""


class WireError(StagewireError):
    """Bytes on a wire to a board do not form a valid frame or message."""


class DriverError(StagewireError):
    """A board, pin or device cannot be opened or does not answer."""


class SourceError(StagewireError):
    """A LIVE's source refused us, is unreachable, or broke its protocol."""


class StorageError(StagewireError):
    """A file of the data folder cannot be read or written."""


class PeopleError(StagewireError):
    """What somebody wants of the page's list of people cannot be."""


class ServiceError(StagewireError):
    """A service could not start or did not stop in time."""
