"""``stagewire trace``: what became of one event, in words."""

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NoReturn, assert_never

import click
import msgspec

from gateway.errors import StagewireError
from gateway.journal import JournalReader
from gateway.messages import (
    EVENT_CLASSES,
    KINDS,
    Ack,
    Battle,
    Comment,
    Envelope,
    Event,
    Gap,
    Gift,
    Input,
    Like,
    Live,
    Outcome,
    Person,
    Press,
    Question,
    Reason,
    SessionOrder,
    Status,
    Tick,
    TopicMessage,
    Trace,
    TracedCommand,
    User,
    Viewers,
    encode,
    seconds,
)
from gateway.text import clean
from gateway.trace import from_journal

AS_IN_RULES = {"button": "press", "timer": "tick", "time": "tick"}
"""What rules call an event, where the event is called otherwise."""
LONGEST = 200
"""Characters shown of what a viewer wrote."""


@click.command()
@click.argument("event", nargs=-1, required=True, metavar="ID|last [KIND]")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, for programs.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False),
              help="The gateway's data folder, or a copy of it. Default: the one in the settings.")  # fmt: skip
@click.option("--config", "-c", type=click.Path(path_type=Path, dir_okay=False), default="stagewire.yaml",
              envvar="STAGEWIRE_CONFIG", show_default=True, help="The venue's settings file.")  # fmt: skip
def trace(event: tuple[str, ...], as_json: bool, data: Path | None, config: Path) -> None:
    """What an event set in motion: which rules looked, what was sent, what the boards answered.

    Names an event or a command by its ID. "last" is the newest event that a rule had something to say of, and
    "last gift" the newest gift, whatever became of it; so for every other kind of event.
    """
    from gateway.settings.load import load

    try:
        if data is None:
            loaded = load(config)
            data = loaded.base_dir / loaded.settings.gateway.data
        reader = JournalReader(data)
        empty = not reader.last(1)
        for path, why in reader.damaged.items():
            click.secho(f"{path} cannot be read ({why}): what stands in it is missing here", fg="yellow", err=True)
        if empty:
            _fail(f"there is nothing in {data}: is this the gateway's data folder, and did the gateway run?")
        wanted = _id(reader, event)
        found = from_journal(reader, wanted)
    except (StagewireError, OSError) as e:
        _fail(str(e))
    if found is None:
        _fail(
            f"no event or command has the id {wanted!r} in {data}. An event's id stands in its message on the "
            "bus; a command's is the event's with the rule behind it. The newest: stagewire trace last"
        )
    if as_json:
        click.echo(msgspec.json.format(encode(found), indent=2))
        return
    for line in lines(found):
        click.echo(line)


def _fail(words: str) -> NoReturn:
    click.secho(words, fg="red", err=True)
    sys.exit(1)


def _id(reader: JournalReader, words: tuple[str, ...]) -> str:
    """The id that is meant by the command's words."""
    match words:
        case ("last",):
            newest = reader.last(1, kind="decision") or reader.last(1, kind="event")
        case ("last", word) if (kind := AS_IN_RULES.get(word, word)) in EVENT_CLASSES:
            newest = reader.last(1, kind="event", type_=kind)
        case ("last", *other):
            known = ", ".join((*EVENT_CLASSES, *AS_IN_RULES))
            _fail(f"there is no kind of event {' '.join(other)!r}; there are {known}")
        case _:
            return " ".join(words)
    if not newest:
        _fail(f"no {words[-1].replace('last', 'event')} has come yet")
    return newest[0].id


def lines(trace: Trace) -> Iterator[str]:
    """The trace in words; times count from when the event was received, or else from the first that is known."""
    yield from _heading(trace)
    zero = _zero(trace)
    if trace.decided is None or not trace.decided.reasons:
        if trace.event is not None and not trace.commands:
            yield _line("", "no rule fired or was held back (rules that only count are not always kept)")
    else:
        decided = _since(zero, trace.decided.time)
        for reason in trace.decided.reasons:
            yield _line(decided, _reason(reason))
            decided = ""
    for traced in trace.commands:
        yield from _command(traced, zero)
    if trace.more:
        yield _line("", f"and {trace.more} commands more")


def _heading(trace: Trace) -> Iterator[str]:
    event = trace.event
    if event is None:
        orders = [t.command for t in trace.commands if t.command.cause in ("", t.command.id)]
        words = f"an order by {orders[0].user or 'somebody'}" if orders else "an event that is not kept any more"
        yield click.style(clean(words, LONGEST), bold=True)
        return
    where = f" on {event.account}" if event.account else ""
    marks = "".join(f" ({word})" for word, on in (("practice", event.simulated), ("too late", event.stale)) if on)
    yield click.style(clean(what(event), LONGEST) + where + marks, bold=True)
    at = datetime.fromtimestamp(seconds(event.received)).astimezone()
    time = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} {at:%Z}"
    yield f"{KINDS[type(event)]}, received {time}, id {clean(event.id, LONGEST)}"


def what(event: Event) -> str:
    """Who did what, as a person would say it."""
    match event.data:
        case Gift(coins=coins) as gift:
            # A streak's last message often only ends it: then what the whole streak was says something.
            count, words = (gift.count, "") if gift.count else (gift.total, "the end of ")
            price = "" if coins is None else f" ({coins * count} coin{'' if coins * count == 1 else 's'})"
            to = f" to {gift.to}" if gift.to else ""
            return f"{words}{count} x {gift.name}{price} by {_who(gift.user)}{to}"
        case Comment() | Question() as said:
            return f"{_who(said.user)}: {said.text}"
        case Like() as like:
            return f"{like.count} like{'' if like.count == 1 else 's'} by {_who(like.user)}"
        case Person() as person:
            return f"{KINDS[type(event)]} by {_who(person.user)}"
        case Viewers() as viewers:
            return f"{viewers.count} viewers"
        case Envelope() as envelope:
            return f"a chest of {envelope.coins or 'some'} coins by {_who(envelope.user)}"
        case Battle() as battle:
            return f"a battle: {battle.phase}, " + " to ".join(str(side.points) for side in battle.sides)
        case Live() as live:
            return f"the LIVE {live.phase}"
        case Gap() as gap:
            return f"nothing was heard for {seconds(gap.end) - seconds(gap.start):.1f} s: {gap.why}"
        case Input() as change:
            return f"input {change.channel} of {change.station}: {'on' if change.level else 'off'}"
        case Press() as press:
            return f"button {press.button}, pressed by {press.by or 'somebody'}"
        case TopicMessage() as message:
            return f"{message.topic}: {message.payload}"
        case SessionOrder() as order:
            return f"the session was {order.phase} by {order.by or 'somebody'}"
        case Tick() as tick:
            return f"timer {tick.timer} ended" if tick.timer else f"it was time for rule {tick.rule}"
    assert_never(event.data)


def _who(user: User | None) -> str:
    return (user.nickname or user.name or user.id) if user else "somebody"


def _reason(reason: Reason) -> str:
    said, colour = _said(reason)
    words = f" - {reason.words}" if reason.words else ""
    return click.style(clean(f"rule {reason.rule}: {said}{words}", LONGEST), fg=colour)


def _said(reason: Reason) -> tuple[str, str | None]:
    match reason.outcome:
        case Outcome.FIRED:
            often = {0: "", 1: " once", 2: " twice"}.get(reason.times, f" {reason.times} times")
            return f"fired{often}", "green"
        case Outcome.NO_MATCH:
            return "does not match", None
        case Outcome.WAITING:
            return "counts on", None
        case Outcome.NOT_MEANT:
            return "not meant", None
        case Outcome.COOLDOWN | Outcome.BUSY | Outcome.BUDGET:
            return "not now", "yellow"
        case Outcome.STALE:
            return "too late", "yellow"
    assert_never(reason.outcome)


def _command(traced: TracedCommand, zero: float | None) -> Iterator[str]:
    """One line for the command, one for each hop that is known."""
    command, last = traced.command, traced.steps[-1] if traced.steps else None
    params = ", ".join(f"{name}={value}" for name, value in command.params.items())
    head = click.style(clean(f"{command.station}: {command.action} {params}", LONGEST), bold=True)
    yield _line("", f"{head}  {clean(command.id, LONGEST)}")
    if last is None:
        yield _line("", "  no answer is known (yet)")
        return
    times = last.times
    for hop, at in (("queued", times.decided), ("sent", times.sent)):
        if at is not None:
            yield _line(_since(zero, at), f"  {hop}")
    if times.moved is not None:
        exact = f"{last.latency_ms:+.1f} ms" if last.latency_ms is not None else _since(zero, times.moved)
        yield _line(exact, "  moved")
    words = f" - {last.reason}" if last.reason else ""
    status = click.style(clean(last.status.value + words, LONGEST), fg=_colour(last))
    yield _line(_since(zero, times.ended) if times.ended is not None else "", f"  {status}")


def _colour(ack: Ack) -> str | None:
    match ack.status:
        case Status.DONE:
            return "green"
        case Status.FAILED | Status.REJECTED:
            return "red"
        case Status.EXPIRED | Status.CANCELLED | Status.BLOCKED | Status.DROPPED:
            return "yellow"
        case Status.ACCEPTED | Status.QUEUED | Status.RUNNING:
            return None
    assert_never(ack.status)


def _zero(trace: Trace) -> float | None:
    """Seconds since 1970 from which times are told."""
    if trace.event is not None:
        return seconds(trace.event.received)
    told = (
        at
        for traced in trace.commands
        for at in (traced.command.received, *(step.times.decided or step.times.ended for step in traced.steps))
    )
    first = next((at for at in told if at is not None), None)
    return None if first is None else seconds(first)


def _since(zero: float | None, at: str) -> str:
    if zero is None:
        return ""
    after = seconds(at) - zero
    return f"{after * 1000:+.0f} ms" if abs(after) < 10 else f"{after:+.1f} s"


def _line(at: str, words: str) -> str:
    return f"{at:>11}  {words}"
