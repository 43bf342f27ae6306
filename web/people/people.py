"""The people of a venue, in one file."""

from pathlib import Path


class People:
    """``folder``: where the file stands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
