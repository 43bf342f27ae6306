"""Where the rules of a file stand, line by line, and how lines are put between them and taken out."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ruamel.yaml.nodes import MappingNode, Node

from gateway.errors import SettingsError
from gateway.settings.nodes import Plain, compose, empty, first_key, plain
from gateway.settings.yamlfile import did_you_mean

BY_HAND = "edit the file itself for that"
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
"""A line as YAML 1.2 knows it, with its end."""
Said = list[tuple[str, Plain]]
"""The rules by name, in their order."""


class PlacedRule(NamedTuple):
    """Where a rule stands: lines (from 0) of the comment above it, its name, and the first that is not its own."""

    name: str
    key: Node
    value: Node
    head: int
    start: int
    end: int


class RulesText:
    """A rules file, and where its rules stand when it is read; ``lines`` are then edited."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: list[str] = LINE.findall(text)
        self._eol = "\r\n" if "\r\n" in text else "\n"
        self.rules: list[PlacedRule] = []
        self._apart: list[bool] = []
        self._rest: list[tuple[Plain, Plain]] = []
        self._margin = 0
        self._begin = self._bound = len(self.lines)
        root = compose(text)
        if root is not None and (not isinstance(root, MappingNode) or root.flow_style):
            raise SettingsError([f"the rules file is not written as blocks, such as `rules:`: {BY_HAND}"])
        self._key, self._value = self._find(root) if root is not None else (None, None)
        self.column, self._step = self._margin + 2, 2
        if isinstance(self._value, MappingNode) and self._value.value:
            self._read(self._value)
        elif self._value is not None and not empty(self._value):
            raise SettingsError([f"`rules` is not a block of rules by their names: {BY_HAND}"])

    @property
    def names(self) -> list[str]:
        return [rule.name for rule in self.rules]

    def rule(self, name: str) -> PlacedRule:
        for rule in self.rules:
            if rule.name == name:
                return rule
        raise SettingsError([f"there is no rule {name!r} in the rules file{did_you_mean(name, self.names)}"])

    def _find(self, root: MappingNode) -> tuple[Node | None, Node | None]:
        """``rules`` and what it holds, and between which lines; what else the file says is kept to compare."""
        self._margin = root.start_mark.column
        at = None
        for i, (key, value) in enumerate(root.value):
            if key.value != "rules":
                self._rest.append((plain(key), plain(value)))
                continue
            if at is not None:
                raise SettingsError(["`rules` stands twice in the rules file: make one block of both first"])
            at = i
            self._begin = key.start_mark.line + 1
            if i + 1 < len(root.value):
                self._bound = root.value[i + 1][0].start_mark.line
        return root.value[at] if at is not None else (None, None)

    def _read(self, value: MappingNode) -> None:
        """Find each rule's lines; blank ones and comments behind it, as far left as its name, are not its own."""
        starts = [k.start_mark for k, _ in value.value]
        if value.flow_style or any(self.lines[at.line][: at.column].strip() for at in starts):
            raise SettingsError([f"the rules are not written each on lines of its own: {BY_HAND}"])
        self.column = starts[0].column
        end = self._begin
        for (key, body), bound in zip(value.value, [*(at.line for at in starts[1:]), self._bound], strict=True):
            start = head = key.start_mark.line
            while head > end and 0 <= self._comment(head - 1) <= self.column:
                head -= 1
            self._apart.append(any(map(self._blank, range(end, start))))
            end = bound
            while end > start + 1 and (self._blank(end - 1) or 0 <= self._comment(end - 1) <= self.column):
                end -= 1
            self.rules.append(PlacedRule(str(key.value), key, body, head, start, end))
            if isinstance(body, MappingNode) and not body.flow_style and first_key(body).line > start:
                self._step = max(1, first_key(body).column - self.column)
        if len(set(self.names)) < len(self.rules):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise SettingsError([f"there are two rules {twice!r} in the rules file: rename one of them first"])

    def _comment(self, line: int) -> int:
        """The column of the line's comment; -1 when it is something else."""
        content = self.lines[line].lstrip(" ")
        return len(self.lines[line]) - len(content) if content.startswith("#") else -1

    def _blank(self, line: int) -> bool:
        return not self.lines[line].strip()

    def ended(self, line: str) -> str:
        return line.rstrip("\r\n") + self._eol

    def indented(self, body: Sequence[str], value: MappingNode) -> list[str]:
        """The lines of a rule, as deep as this file has them. Within {} any depth does."""
        lines = []
        for line in body:
            content = line.lstrip(" ")
            deeper = 0 if value.flow_style else max(0, len(line) - len(content) - first_key(value).column)
            lines.append(" " * (self.column + self._step + deeper) + content if content else "")
        return lines

    def append(self, block: Sequence[str]) -> None:
        """Write a rule as the last one."""
        if self._key is None:
            if self.lines:
                self.lines[-1] = self.ended(self.lines[-1])
                if not self._blank(len(self.lines) - 1):
                    self.lines.append(self._eol)
            self.lines.append(self.ended(" " * self._margin + "rules:"))
            self.lines += [self.ended(line) for line in block]
            return
        if not self.rules:
            self.write_beside_rules("")
        self.insert(block, None)

    def insert(self, block: Sequence[str], before: PlacedRule | None) -> None:
        """Write a rule before another one, set off by a blank line where the others are."""
        block = [self.ended(line) for line in block]
        if before is not None:
            apart = [self._eol] if self._spaced(self.rules.index(before)) else []
            self.lines[before.head : before.head] = [*block, *apart]
            return
        floor = self.rules[-1].end if self.rules else self._begin
        at = self._bound
        while at > floor and self._comment(at - 1) <= self._margin:  # what is commented out deeper is ours, too
            at -= 1
        apart = [self._eol] if at > floor or self._spaced(len(self.rules)) else []
        if at:
            self.lines[at - 1] = self.ended(self.lines[at - 1])
        self.lines[at:at] = [*apart, *block]

    def _spaced(self, at: int) -> bool:
        """Whether a blank line shall stand beside a rule that comes to this place: as beside its neighbour."""
        return len(self.rules) > 1 and self._apart[min(max(at, 1), len(self.rules) - 1)]

    def cut(self, rule: PlacedRule) -> None:
        """Take out a rule, and the blank line that set it off."""
        start, end = rule.head, rule.end
        if rule is not self.rules[-1]:
            while self._blank(end):
                end += 1
        else:
            while start > self._begin and self._blank(start - 1):
                start -= 1
        del self.lines[start:end]

    def write_beside_rules(self, words: str) -> None:
        """What stands in the line ``rules:`` instead of no rules."""
        assert self._key is not None and self._value is not None  # noqa: PT018 - one state: there is `rules:`
        line, value = self._key.start_mark.line, self._value
        start = end = self.lines[line].index(":", self._key.end_mark.column) + 1
        if empty(value) and value.start_mark.line == line == value.end_mark.line:
            end = max(start, value.end_mark.column)
        self.lines[line] = self.lines[line][:start] + words + self.lines[line][end:]

    def replace(self, start: int, end: int, words: str) -> None:
        """Other words between two places of the text as it was read."""
        self.lines = [self.text[:start] + words + self.text[end:]]

    def edited(self, expected: Callable[[Said], Said]) -> str:
        """The new text, once it is proved to say what it has to and nothing else."""
        text = "".join(self.lines)
        try:
            new = RulesText(text)
        except SettingsError as e:
            words = f"this edit does not fit the way the file is written: {BY_HAND}"
            raise SettingsError([words, *e.mistakes]) from None
        if new._rest != self._rest or new._said() != expected(self._said()):
            raise SettingsError([f"this edit would change more than it should: {BY_HAND}"])
        return text

    def _said(self) -> Said:
        return [(rule.name, plain(rule.value)) for rule in self.rules]
