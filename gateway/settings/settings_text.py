"""The text of a settings file, checked as a whole without being in force, and kept from telling secrets."""

import re
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from gateway.errors import SettingsError
from gateway.settings.check_settings import check_settings
from gateway.settings.load_rules import load_rules
from gateway.settings.models import Settings
from gateway.settings.yamlfile import Key, mistakes_in, parse

_LINE = re.compile(r":(\d+): ")
_SECRET = re.compile(
    r"""(?ix) (?:^|[\s{,"'\#]) (?P<name>[\w-]*(?:password|passwd|passphrase|secret|token|[_-]key)) ["']?
    \s*:\s* (?!null\b|~) [^\s\#{\[]
    | ://[^\s/"']*:[^\s/"']*@
    | [?&][\w-]*(?:password|secret|token|key|signature)=[^\s&"']""",
)
"""A setting that holds a secret itself, commented out or not, or an address with one in it. What ends in ``_file``
only says where one stands."""


class Flaw(Struct, frozen=True, kw_only=True):
    """A mistake: the line that it stands in, the setting's path, and in ``text`` all of it with file and line."""

    line: int
    path: list[Key] = []
    text: str


class Checked(Struct, frozen=True, kw_only=True):
    """``settings``: None with any mistake. ``rules``: the mistakes that the venue's rules have under them."""

    settings: Settings | None = None
    mistakes: list[Flaw] = []
    rules: list[str] = []


def check_text(text: str, path: Path) -> Checked:
    """Check ``text`` as if it stood in the settings file ``path``, with the rules that stand beside that."""
    try:
        tree = parse(text, str(path))
    except SettingsError as e:
        return Checked(mistakes=[Flaw(line=_line(words), text=words) for words in e.mistakes])
    found = mistakes_in(tree.data, Settings)
    settings = None
    if not found:
        settings = msgspec.convert(tree.data, Settings)
        found = list(check_settings(settings, path.parent))
    flaws = [(tree.mistake(at, words), at) for at, words in found]
    if flaws or settings is None:
        flaws.sort(key=lambda flaw: flaw[0])
        return Checked(mistakes=[Flaw(line=line, path=at, text=words) for (line, words), at in flaws])
    rules = path.parent / settings.rules_file
    named = isinstance(tree.data, dict) and "rules_file" in tree.data
    if not named and not rules.exists():
        return Checked(settings=settings)
    return Checked(settings=settings, rules=load_rules(rules, settings, path.parent).mistakes)


def no_secret(text: str, file: str) -> str:
    """The text itself. Raises ``SettingsError`` when a secret stands in it, which nobody is shown."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _SECRET.search(line):
            name = found["name"] or "an address with a password or key in it"
            raise SettingsError(
                [
                    f"{file}:{number}: {name}: this looks like a secret, so the file is not shown. Put it into "
                    "a file of its own, of mode 0600, name that here (password_file, key_file, url_file), and "
                    "choose a new secret"
                ]
            )
    return text


def restarts(old: Settings, new: Settings) -> list[str]:
    """Which programs have to start again to come from one to the other; accounts are followed without that."""

    def differ(*names: str) -> bool:
        return any(getattr(old, name) != getattr(new, name) for name in names)

    def gateway(settings: Settings) -> Settings:
        return structs.replace(settings, accounts={}, web=new.web, connector=new.connector)

    needed = {
        "gateway": gateway(old) != gateway(new),
        "connector": differ("venue", "broker", "connector"),
        "page": differ("venue", "timezone", "broker", "web", "statistics") or old.gateway.data != new.gateway.data,
    }
    return [name for name, does in needed.items() if does]


def _line(words: str) -> int:
    found = _LINE.search(words)
    return int(found[1]) if found else 1
