"""What one set of rules changed in another, in names."""

from msgspec import Struct

from gateway.settings.load import Rules
from gateway.settings.rules import RuleBook


class Changes(Struct, frozen=True, kw_only=True):
    """Rules by their names, other things with their kind, such as ``counters.goal``. ``broken`` is all that does
    not run in the new set, whether it did before or not."""

    added: list[str] = []
    changed: list[str] = []
    removed: list[str] = []
    broken: list[str] = []

    def __str__(self) -> str:
        said = {name: getattr(self, name) for name in self.__struct_fields__}
        return (
            "; ".join(f"{word} {', '.join(names)}" for word, names in said.items() if names) or "nothing changed"
        )


def changes(old: Rules, new: Rules) -> Changes:
    """From one set to the next. What broke is not called removed."""
    before, after = _entries(old.book), _entries(new.book)
    broken = [place.removeprefix("rules.") for place in new.broken]
    changed = [name for name in after if name in before and after[name] != before[name]]
    both = old.book.rules.keys() & new.book.rules.keys()
    if [name for name in old.book.rules if name in both] != [name for name in new.book.rules if name in both]:
        changed.append("the order")
    return Changes(
        added=[name for name in after if name not in before],
        changed=changed,
        removed=[name for name in before if name not in after and name not in broken],
        broken=broken,
    )


def _entries(book: RuleBook) -> dict[str, object]:
    entries: dict[str, object] = {}
    for section in RuleBook.__struct_fields__:
        said = getattr(book, section)
        if isinstance(said, dict):
            entries |= {name if section == "rules" else f"{section}.{name}": entry for name, entry in said.items()}
        elif isinstance(said, list):
            entries |= {f"{section}.{name}": name for name in said}
        elif said is not None:
            entries[section] = said
    return entries
