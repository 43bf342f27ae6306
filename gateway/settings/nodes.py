"""YAML as a tree of nodes that know where they stand, and what such a tree says."""

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from gateway.errors import SettingsError
from gateway.settings.not_yaml import not_yaml
from gateway.settings.yamlfile import MAX_VALUES, check_depth

Plain = tuple[object, ...]
"""What a node says, without how it is written: (kind, value), ("seq", items...) or ("map", pairs...)."""


def compose(text: str) -> Node | None:
    """The root; None for an empty text. Raises ``SettingsError`` for what is not YAML, and for aliases that say
    more than any venue means: spelled out they would fill the memory."""
    try:
        check_depth(text)
        root: Node | None = YAML(typ="safe", pure=True).compose(text)
        if root is not None:
            _size(root, {})
    except MarkedYAMLError as e:
        line, words = not_yaml(e)
        raise SettingsError([f"line {line}: {words}"]) from None
    except (YAMLError, RecursionError) as e:
        raise SettingsError([f"not YAML: {str(e).splitlines()[0]}"]) from None
    return root


def plain(node: Node) -> Plain:
    """What the node says."""
    if isinstance(node, MappingNode):
        return ("map", *((plain(k), plain(v)) for k, v in node.value))
    if isinstance(node, SequenceNode):
        return ("seq", *map(plain, node.value))
    return (str(node.tag).rpartition(":")[2], node.value)


def first_key(node: MappingNode) -> StringMark:
    """Where the first key of a mapping that has one stands: behind an anchor or a tag, where the node begins."""
    mark: StringMark = node.value[0][0].start_mark
    return mark


def empty(node: Node) -> bool:
    """Whether the node is nothing, or holds nothing."""
    return not node.value or plain(node)[0] == "null"


def _size(node: Node, sizes: dict[int, int]) -> int:
    """How many values a node has with its aliases spelled out."""
    known = sizes.get(id(node))
    if known is None:
        sizes[id(node)] = MAX_VALUES + 1  # met again before it is counted: it is inside itself
        parts: list[Node] = node.value if isinstance(node, SequenceNode) else []
        if isinstance(node, MappingNode):
            parts = [part for pair in node.value for part in pair]
        known = sizes[id(node)] = 1 + sum(_size(part, sizes) for part in parts)
    if known > MAX_VALUES:
        line = node.start_mark.line + 1
        raise SettingsError([f"line {line}: aliases (*) that say more than {MAX_VALUES} values"])
    return known
