"""Taking one viewer out of what was kept, each kind of it in its own way. Pure.

Sums stay: a gift is still a gift of so many coins. Who gave it, and what they wrote, is gone.
"""

from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any, TypeVar, assert_never

import msgspec
from msgspec.structs import replace

from gateway import messages as m
from gateway.keeping.viewer import ERASED, Viewer
from gateway.rules.runs import Act, Clock, Count, Debt, Kept, Note, Run, Todo
from gateway.stats.kept import Leaders
from gateway.text import normalise

Message = TypeVar("Message", bound=m.Event | m.Command | m.Ack | m.Decided)

NOBODY = m.User(id=ERASED)
WORDS = ("comment", "question")
"""What a viewer says in words of their own."""


class Forget:
    """Forgets ``viewer``. ``key`` is drawn anew for each erasure and thrown away after it: an id that holds the
    platform id becomes another one, the same wherever it stands, and nobody can work out which it was.
    ``words``: what the viewer wrote and a rule noted."""

    def __init__(self, viewer: Viewer, key: bytes, words: Collection[str] = ()) -> None:
        self.viewer, self._key, self._words = viewer, key, words

    # -- records of the journal ------------------------------------------------------------------------

    def message(self, message: Message) -> Message:
        """The record without them; the same object where nothing is theirs."""
        after: Any = self._message(message)
        return message if after == message else after

    def _message(self, message: Any) -> Any:
        match message:
            case m.Command():
                return self._command(message)
            case m.Ack():
                return replace(
                    message,
                    id=self.id(message.id),
                    cause=self.id(message.cause),
                    user=self._shown(message.user),
                    reason=self.text(message.reason),
                )
            case m.Decided():
                reasons = [replace(r, words=self.text(r.words)) for r in message.reasons]
                return replace(message, event=self.id(message.event), reasons=reasons)
            case _:
                return replace(self._event(message), id=self.id(message.id))

    def _event(self, event: m.Event) -> m.Event:
        match event:
            case m.GiftEvent(data=gift):
                to = ERASED if self._is(gift.to) else gift.to
                gift = replace(gift, user=self._user(gift.user), streak=self.id(gift.streak), to=to)
                return replace(event, data=gift)
            case m.CommentEvent(data=comment):
                text, plain = self._words_of(comment.user, comment.text, comment.plain)
                comment = replace(comment, user=self._user(comment.user), text=text, plain=plain)
                return replace(event, data=comment)
            case m.QuestionEvent(data=question):
                text, plain = self._words_of(question.user, question.text, question.plain)
                question = replace(question, user=self._known(question.user), text=text, plain=plain)
                return replace(event, data=question)
            case (
                m.LikeEvent()
                | m.FollowEvent()
                | m.ShareEvent()
                | m.JoinEvent()
                | m.SubscribeEvent()
                | m.EnvelopeEvent()
            ):
                return replace(event, data=replace(event.data, user=self._known(event.data.user)))
            case m.BattleEvent(data=battle):
                sides = [replace(s, id=ERASED) if s.id == self.viewer.id else s for s in battle.sides]
                return replace(event, data=replace(battle, sides=sides))
            case m.TopicEvent(data=message):
                return replace(event, data=replace(message, payload=self.text(message.payload)))
            case m.LiveEvent(data=live):
                return replace(event, data=replace(live, title=self.text(live.title)))
            case m.ViewersEvent() | m.GapEvent():
                return event  # nobody's
            case m.InputEvent() | m.PressEvent() | m.TickEvent() | m.SessionEvent():
                return event  # the venue's own
            case _:
                assert_never(event)

    def _command(self, command: m.Command) -> m.Command:
        own = command.viewer == self.viewer.id
        return replace(
            command,
            id=self.id(command.id),
            cause=self.id(command.cause),
            run=self.id(command.run),
            user="" if own else self._shown(command.user),
            viewer="" if own else command.viewer,
            params=self._params(command.params, own=own, words=command.trigger in WORDS),
        )

    def _params(self, params: Mapping[str, m.Param], *, own: bool, words: bool) -> dict[str, m.Param]:
        """Of what they said themselves no text stays: it may be in it, whole, in part or changed."""
        return {
            name: ("" if own and words else self.text(value, own=own)) if isinstance(value, str) else value
            for name, value in params.items()
        }

    # -- what rules remember -----------------------------------------------------------------------------

    def state(self, kept: Mapping[str, bytes]) -> dict[str, bytes | None]:
        """What to change of the rules' state (``rules.state.State``): key to its new value, None for what goes."""
        changes: dict[str, bytes | None] = {}
        for full, value in kept.items():
            changes |= self._entry(full, value)
        return changes

    def _entry(self, full: str, value: bytes) -> dict[str, bytes | None]:
        table, _, key = full.partition(":")
        match table:
            case "fired_for" | "budgets" | "sequences" | "seen" | "given" | "credits":
                return {full: None} if self.viewer.id in key.split("/")[1:] else {}
            case "combos":
                happened = msgspec.json.decode(value, type=tuple[tuple[float, str], ...])
                theirs = any(v == self.viewer.id for _, v in happened)
                new = tuple((t, ERASED if v == self.viewer.id else v) for t, v in happened)
                return {full: msgspec.json.encode(new)} if theirs else {}
            case "notes":
                text = msgspec.json.decode(value, type=str)
                new_text = "" if any(w in text for w in self._words) else self.text(text)
                return {full: msgspec.json.encode(new_text) if new_text else None} if new_text != text else {}
            case "runs":
                run = msgspec.json.decode(value, type=Run)
                return self._moved("runs", full, run, self.run(run))
            case "owed":
                debt = msgspec.json.decode(value, type=Debt)
                return self._moved("owed", full, debt, replace(debt, run=self.run(debt.run)))
            case _:
                return {}

    @staticmethod
    def _moved(table: str, full: str, before: Run | Debt, after: Run | Debt) -> dict[str, bytes | None]:
        if after == before:
            return {}
        key = (after.run if isinstance(after, Debt) else after).id
        return {full: None, f"{table}:{key}": msgspec.json.encode(after)}

    def run(self, run: Run) -> Run:
        """What it still gives, it gives: to nobody in particular."""
        cause, own = run.cause, run.cause.viewer == self.viewer.id
        words = cause.trigger in WORDS

        def act(a: Act) -> Act:
            return replace(a, params=self._params(a.params, own=own, words=words))

        def todo(t: Todo) -> list[Todo]:
            match t.effect:
                case Act() as a:
                    return [replace(t, effect=act(a))]
                case Note() as n:
                    return [
                        replace(t, effect=replace(n, text="" if own and words else self.text(n.text, own=own)))
                    ]
                case Count(key=key):
                    return [] if self.viewer.id in key.split("/")[1:] else [t]  # their own credit is gone
                case Clock() | None:
                    return [t]
            assert_never(t.effect)

        return replace(
            run,
            id=self.id(run.id),
            cause=replace(
                cause,
                event=self.id(cause.event),
                user="" if own else self._shown(cause.user),
                viewer="" if own else cause.viewer,
            ),
            todo=tuple(new for t in run.todo for new in todo(t)),
            open={self.id(i): act(a) for i, a in run.open.items()},
            reason=self.text(run.reason),
            kept=tuple(Kept(act(k.act), self.id(k.id)) for k in run.kept),
        )

    # -- statistics --------------------------------------------------------------------------------------

    def contributions(
        self, given: list[m.Contribution], others: m.Contribution
    ) -> tuple[list[m.Contribution], m.Contribution]:
        """What they gave counts among the others' from now on."""
        theirs = [c for c in given if c.viewer == self.viewer.id]
        if not theirs:
            return given, others
        return [c for c in given if c.viewer != self.viewer.id], together([others, *theirs])

    def session(self, record: m.SessionRecord) -> m.SessionRecord:
        given, others = self.contributions(record.contributions, record.others)
        return replace(record, contributions=given, others=others)

    def leaders(self, leaders: Leaders) -> Leaders:
        given, others = self.contributions(leaders.contributions, leaders.others)
        return replace(leaders, contributions=given, others=others)

    # -- the parts ---------------------------------------------------------------------------------------

    def id(self, text: str) -> str:
        """An id in which the platform id stands becomes another one, part by part (``event/rule/0``)."""
        if self.viewer.id not in text:
            return text
        return "/".join(map(self._other, text.split("/")))

    def _other(self, part: str) -> str:
        if not self.viewer.in_id.search(part):
            return part
        return f"{ERASED}-{blake2b(part.encode(), key=self._key, digest_size=10).hexdigest()}"

    def text(self, text: str, *, own: bool = False) -> str:
        """Other people's words without their names; ``own``: words made of what this viewer did."""
        if not text:
            return text
        return (self.viewer.named if own else self.viewer.mentioned).sub(_masked, text)

    def _words_of(self, user: m.User | None, text: str, plain: str) -> tuple[str, str]:
        if user is not None and user.id == self.viewer.id:
            return "", ""
        masked = self.text(text)
        # What is compared may tell what the eye does not see (a name in other letters, stretched).
        seen = self.text(plain)
        return (text, plain) if (masked, seen) == (text, plain) else (masked, self.text(normalise(masked)))

    def _user(self, user: m.User) -> m.User:
        return NOBODY if user.id == self.viewer.id else user

    def _known(self, user: m.User | None) -> m.User | None:
        return user and self._user(user)

    def _shown(self, shown: str) -> str:
        """Of an ack nothing else tells whose it is."""
        return "" if shown in self.viewer.called else shown

    def _is(self, named: str) -> bool:
        return named != "" and (named == self.viewer.id or named in self.viewer.called)


def together(given: list[m.Contribution]) -> m.Contribution:
    """All of them as one, of nobody."""
    numbers = ("coins", "gifts", "likes", "comments", "shares", "follows")
    sums = {name: min(sum(getattr(c, name) for c in given), 2**63 - 1) for name in numbers}
    return m.Contribution(viewer="", **sums)


def _masked(found: Any) -> str:
    return f"@{ERASED}" if found[0][0] in "@＠﹫" else ERASED
