"""A venue's settings and rules, read and checked together."""

from pathlib import Path

from msgspec import Struct

from gateway.errors import SettingsError
from gateway.settings.check_settings import check_settings
from gateway.settings.load_rules import Broken as Broken
from gateway.settings.load_rules import Rules as Rules
from gateway.settings.load_rules import load_rules as load_rules
from gateway.settings.load_rules import no_rules, shape_mistakes
from gateway.settings.load_rules import parse_rules as parse_rules
from gateway.settings.models import RuleBook, Settings
from gateway.settings.yamlfile import Tree, convert, read


class Config(Struct, frozen=True, kw_only=True):
    """Everything read from a venue's files. Relative paths in it start at ``base_dir``.

    ``rules`` holds only what is good; ``broken``, by its place in the rules file, what does not run and why.
    """

    settings: Settings
    rules: RuleBook
    base_dir: Path
    file: str = "stagewire.yaml"
    """The settings file's name in ``base_dir``."""
    broken: dict[str, Broken] = {}
    fingerprint: str = ""
    """Short hash of what both files say: two gateways with the same one decide alike."""


def load(path: Path, *, strict: bool = False) -> Config:
    """Read and check ``stagewire.yaml`` and its rules. Raises ``SettingsError`` for mistakes in the settings.

    What is broken in the rules is left out and told in ``broken``; ``strict``: it raises as well.
    """
    if not path.exists():
        raise SettingsError(
            [
                f"{path}: there is no such file in {path.parent.absolute()}: go to the folder of your settings, "
                "or name the file with --config; docs/settings.md shows one to begin with"
            ]
        )
    tree = read(path)
    settings, found = convert(tree, Settings)
    if settings is not None:
        found = sorted(tree.mistake(at, words) for at, words in check_settings(settings, path.parent))
    wrong = [text for _, text in found]
    file = _rules_file(path, tree)
    if settings is None:
        raise SettingsError(wrong + (shape_mistakes(file, path.parent) if file else []))
    rules = load_rules(file, settings, path.parent) if file else no_rules(settings)
    if wrong or (strict and rules.mistakes):
        raise SettingsError(wrong + rules.mistakes)
    return Config(
        settings=settings,
        rules=rules.book,
        broken=rules.broken,
        base_dir=path.parent,
        file=path.name,
        fingerprint=rules.fingerprint,
    )


def _rules_file(path: Path, tree: Tree) -> Path | None:
    """The rules' file: the one that is named has to exist, the usual one need not."""
    name = tree.data.get("rules_file") if isinstance(tree.data, dict) else None
    if isinstance(name, str):
        return path.parent / name
    usual = path.parent / "rules.yaml"
    return usual if usual.exists() else None
