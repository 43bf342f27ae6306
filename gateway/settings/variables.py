"""The names that expressions and texts of rules may read, and what kind of value each is."""

from gateway.settings.expressions import Kind
from gateway.settings.rules import RuleBook
from gateway.settings.stages import METRICS

ALWAYS: dict[str, Kind] = {
    "user": "text",
    "account": "text",
    "follower": "bool",
    "moderator": "bool",
    "subscriber": "bool",
    "fan_level": "number",
    "gifter_level": "number",
    "times": "number",
    "n": "number",
    "coins": "number",
    "count": "number",
    "total": "number",
    "value": "number",
    "gift": "text",
    "text": "text",
    "args": "text",
    "arg1": "text",
    "arg2": "text",
    "arg3": "text",
    "payload": "text",
    **{f"live_{metric}": "number" for metric in METRICS},
}
"""``user``: the viewer's shown name; ``times``: how many the event made (the gifts of a message, the hundreds of
likes), ``n``: which of them this is, from 1; ``coins``: the price of one gift, 0 where it is not known, ``count``
and ``total`` as the event says them, ``value``: coins * count; ``text``: the plain comment or question, ``args``
and ``arg1`` to ``arg3``: what follows its first word; ``payload``: of a topic; ``live_...``: the account's LIVE.
"""


def variables(book: RuleBook) -> dict[str, Kind]:
    """Every name that the rules of ``book`` may read. All of them may stand everywhere: where there is no viewer,
    gift, comment or message, they are 0, an empty text, or false.

    Counters by their name (a viewer's own, where each has theirs), ``stage_NAME``: the number of its level from 0,
    ``timer_NAME``: seconds left, 0 when it does not run, ``note_NAME``: the text that is kept; ``-`` in a name is
    written ``_``.
    """
    return {
        **ALWAYS,
        **{variable("stages", name): "number" for name in book.stages},
        **{variable("timers", name): "number" for name in book.timers},
        **{variable("notes", name): "text" for name in book.notes},
        **{variable("counters", name): "number" for name in book.counters},
    }


def variable(section: str, name: str) -> str:
    """How a counter, timer, note or stage is called in expressions; ``section`` is where it stands in the file."""
    prefix = {"counters": "", "timers": "timer_", "notes": "note_", "stages": "stage_"}[section]
    return prefix + name.replace("-", "_")
