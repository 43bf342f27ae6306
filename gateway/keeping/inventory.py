"""Which files belong to a venue: what its settings name, and what the gateway wrote into its data folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from gateway.errors import SettingsError
from gateway.keeping.manifest import DATA, ELSEWHERE, SETTINGS
from gateway.settings.load import Config
from gateway.settings.models import Backup, RuleBook, Settings
from gateway.settings.templates import own_templates
from gateway.settings.yamlfile import convert, read

PRICES = "prices.json"
"""In the connector's folder, what it learned. Its outbox is no part of a backup: it holds minutes, for now."""
PASSING = (".", "exports", "before-restore-", "outbox")
"""How names in the data folder begin that are made anew, or were moved aside."""
PASSING_ENDS = (".new", ".db-wal", ".db-shm")
PEOPLE = "page/people.json"
"""In the data folder: who may use the page, with what their passwords leave behind. A secret like those of the
settings."""
NEVER = ("page/secret", "page/people.json.prev", "page/people.lock")
"""What signs the cookies of the page's visitors, and copies: made anew at the next start."""
_FIRST = ("stats", "leaders", "sessions-")


class Found(Struct, frozen=True):
    """A file that the settings name: by which setting, where it is, and what it is called in a backup."""

    setting: str
    path: Path
    name: str


def venue_of(path: Path) -> Config:
    """The settings alone, so that a venue can be saved whose rules or sounds have mistakes just now. Raises
    ``SettingsError``."""
    tree = read(path)
    settings, mistakes = convert(tree, Settings)
    if settings is None:
        raise SettingsError([text for _, text in mistakes])
    return Config(settings=settings, rules=RuleBook(rules={}), base_dir=path.parent, file=path.name)


def data_folder(config: Config) -> Path:
    return config.base_dir / config.settings.gateway.data


def backup_folder(config: Config) -> Path:
    """Where backups go, also where the settings want none regularly."""
    return config.base_dir / (config.settings.gateway.backup or Backup()).folder


def named(config: Config) -> list[Found]:
    """Settings, rules, their tests, own games, and the files that the settings name, whether they exist or not."""
    s, base = config.settings, config.base_dir
    rules = Path(s.rules_file)
    found = [("settings", config.file)]
    found += [("games", str(path.relative_to(base))) for path in own_templates(base)]
    found += [(f"sounds.{name}.file", sound.file) for name, sound in s.sounds.items()]
    usual = s.rules_file == "rules.yaml"  # which need not exist
    found += [] if usual else [("rules_file", s.rules_file)]
    others = [
        ("rules_file", s.rules_file if usual else None),
        ("tests of the rules", str(rules.with_suffix(".test.yaml"))),
        ("broker.ca_file", s.broker.ca_file),
        ("connector.data", str(Path(s.connector.data) / PRICES)),
        # A show of practice may be one of Stagewire's own, which is a word.
        *((f"accounts.{name}.file", account.file) for name, account in s.accounts.items()),
    ]
    found += [(setting, file) for setting, file in others if file and (base / file).is_file()]
    return _once(config, found)


def secrets(config: Config) -> list[Found]:
    """The files of mode 0600: those that the settings name, and the people of the page."""
    s = config.settings
    files = [
        ("broker.password_file", s.broker.password_file),
        ("connector.tiktok.sign_key_file", s.connector.tiktok.sign_key_file),
        ("connector.euler.key_file", s.connector.euler.key_file),
    ]
    for name, hook in s.webhooks.items():
        files += [(f"webhooks.{name}.url_file", hook.url_file), (f"webhooks.{name}.header_file", hook.header_file)]
    key = s.connector.privacy_key_file
    if (config.base_dir / key).exists():  # made at the first start of a connector that needs it
        files.append(("connector.privacy_key_file", key))
    people = str(Path(s.gateway.data) / PEOPLE)
    if (config.base_dir / people).exists():
        files.append(("people of the page", people))
    return _once(config, [(setting, file) for setting, file in files if file])


def _once(config: Config, files: list[tuple[str, str]]) -> list[Found]:
    """Two settings may name one file."""
    found = [Found(setting, config.base_dir / file, name_of(config, file)) for setting, file in files]
    return list({f.name: f for f in reversed(found)}.values())[::-1]


def name_of(config: Config, file: str) -> str:
    """What a file is called in a backup, by where it is."""
    path, data = _absolute(config.base_dir / file), _absolute(data_folder(config))
    base = _absolute(config.base_dir)
    for folder, at in sorted(((SETTINGS, base), (DATA, data)), key=lambda each: len(each[1].parts), reverse=True):
        if path.is_relative_to(at) and path != at:
            return f"{folder}/{path.relative_to(at).as_posix()}"
    return f"{ELSEWHERE}/{path.relative_to(path.anchor).as_posix()}"


def data_files(config: Config) -> Iterator[tuple[Path, str]]:
    """The data folder but the journal, each with its name in a backup; listed while it is asked for.

    What tells of sessions that run comes before what tells of those that ended: a session that ends meanwhile is
    then in both, as after a power cut, and never in neither. Raises ``OSError`` for a folder that cannot be read.
    """
    data = data_folder(config)
    but = {_absolute(found.path) for found in (*named(config), *secrets(config))}
    but |= {_absolute(data / name) for name in NEVER}
    but |= {_absolute(backup_folder(config)), _absolute(config.base_dir / config.settings.connector.data)}
    told: set[Path] = set()
    for beginnings in (*((b,) for b in _FIRST), ("",)):
        for path in _files(data, beginnings, but):
            if path not in told:
                told.add(path)
                yield path, f"{DATA}/{path.relative_to(data).as_posix()}"


def _files(folder: Path, beginnings: tuple[str, ...], but: set[Path]) -> Iterator[Path]:
    # Backwards, so that the list of the rules in force is taken before the rules that it names.
    for entry in sorted(os.scandir(folder), key=lambda e: e.name, reverse=True):
        path = Path(entry.path)
        if not entry.name.startswith(beginnings) or _absolute(path) in but or _passing(entry.name):
            continue
        if entry.is_dir() and path.resolve() not in (
            here := folder.resolve(),
            *here.parents,
        ):  # a link may lead up
            yield from _files(path, ("",), but)
        elif entry.is_file():
            yield path


def _passing(name: str) -> bool:
    month = name.startswith("journal-") and name.endswith(".db")
    backup = name.startswith("stagewire-") and name.endswith(".tar.gz")
    return month or backup or name.startswith(PASSING) or name.endswith(PASSING_ENDS) or ".damaged-" in name


def _absolute(path: Path) -> Path:
    """Without following links: a backup keeps names as the settings have them."""
    return Path(os.path.abspath(path))  # noqa: PTH100  # Path.absolute keeps ".."
