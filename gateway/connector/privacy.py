"""Viewers as pseudonyms: the same viewer is the same pseudonym all over a venue, and nobody can tell who it is."""

import contextlib
import hashlib
import logging
import os
import re
import secrets
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, assert_never

from msgspec.structs import replace

from gateway import messages as m
from gateway.errors import SettingsError
from gateway.settings.secrets import read_secret
from gateway.text import normalise

log = logging.getLogger(__name__)

NOBODY = ("", "0")
"""Ids of viewers whom the platform does not name; they stay as they are."""
DIGEST = 10
"""Bytes of a pseudonym: among ten million viewers two share one with a chance of 1 in 24 billion."""
SHORTEST_KEY = 32
"""Characters; a shorter key could be guessed, and with it all ids, which are only numbers."""
REMEMBERED = 20_000
"""Pseudonyms kept at hand, some 5 MB; the others are computed anew."""
_SETTING = "connector.privacy_key_file"
_MENTION = re.compile(r"[@＠﹫][\w.]+")
_TELLING = 4
"""A shorter @name inside a longer nickname is chance, not a name."""

E = TypeVar("E", bound=m.Event)


class Pseudonyms:
    """Takes from an event what says who a viewer is; call it with the event.

    Ids (also a streak's name, those of other hosts and of a gift's receiver) become keyed hashes, the @name is
    emptied, the nickname stays for showing unless it shows the @name or the id. Who is mentioned with an @ in a
    comment or a question is masked there. Whoever has the same ``key`` gets the same pseudonyms.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.sha256(key).digest()
        self._hash = lru_cache(REMEMBERED)(self._digest)

    def __call__(self, event: E) -> E:
        match event:
            case m.GiftEvent(data=gift):
                to, streak = self.id(gift.to), self._hash("s", gift.streak) if gift.streak else ""
                return replace(event, data=replace(gift, user=self._user(gift.user), streak=streak, to=to))
            case m.CommentEvent(data=comment):
                text, plain = _masked(comment.text, comment.plain)
                return replace(event, data=replace(comment, user=self._user(comment.user), text=text, plain=plain))
            case m.QuestionEvent(data=question):
                text, plain = _masked(question.text, question.plain)
                return replace(
                    event, data=replace(question, user=self._known(question.user), text=text, plain=plain)
                )
            case m.BattleEvent(data=battle):
                sides = [s if s.own else replace(s, id=self.id(s.id)) for s in battle.sides]
                return replace(event, data=replace(battle, sides=sides))
            case (
                m.LikeEvent()
                | m.FollowEvent()
                | m.ShareEvent()
                | m.JoinEvent()
                | m.SubscribeEvent()
                | m.EnvelopeEvent()
            ):
                return replace(event, data=replace(event.data, user=self._known(event.data.user)))
            case m.ViewersEvent() | m.LiveEvent() | m.GapEvent():
                return event
            case m.InputEvent() | m.PressEvent() | m.TopicEvent() | m.TickEvent() | m.SessionEvent():
                return event  # the gateway's own: nobody's
            case _:
                assert_never(event)

    def id(self, raw: str) -> str:
        """The pseudonym of a platform id."""
        return raw if raw in NOBODY else self._hash("p", raw)

    def _user(self, user: m.User) -> m.User:
        pseudonym = self.id(user.id)
        nickname = user.nickname
        if nickname and _tells(nickname, user):
            nickname = f"Viewer {pseudonym[1:5]}"
        return replace(user, id=pseudonym, name="", nickname=nickname)

    def _known(self, user: m.User | None) -> m.User | None:
        return None if user is None else self._user(user)

    def _digest(self, kind: str, raw: str) -> str:
        person = kind.encode()  # so that a streak's name says nothing of its viewer's pseudonym
        return kind + hashlib.blake2b(raw.encode(), key=self._key, digest_size=DIGEST, person=person).hexdigest()


def venue_key(path: Path) -> bytes:
    """The venue's key, made at the first start. Raises ``SettingsError`` when it cannot be used."""
    if not path.exists():
        _make(path)
    secret = read_secret(path, _SETTING)
    if len(secret) < SHORTEST_KEY:
        raise SettingsError(
            [
                f"{_SETTING}: the key in {path} is too short ({len(secret)} characters, at least "
                f"{SHORTEST_KEY} are needed): remove the file, and a good one is made at the next start"
            ]
        )
    return secret.encode()


def _make(path: Path) -> None:
    """Write a new key, unless somebody else does at the same moment: then theirs counts."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as f:
            f.write(secrets.token_hex(32) + "\n")
            f.flush()
            os.fsync(f.fileno())
        try:
            os.link(draft, path)  # appears whole, and fails where there is one already
        except FileExistsError:
            return
        except OSError:  # a file system without links
            draft.replace(path)
        log.info(
            "%s: made a new key for the viewers' pseudonyms. Give every connector of this venue the same "
            "file, and keep it: with another one every viewer is somebody new",
            path,
        )
    except OSError as e:
        raise SettingsError([f"{_SETTING}: {path} cannot be made: {e.strerror}"]) from None
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()


def _tells(nickname: str, user: m.User) -> bool:
    shown, name = unicodedata.normalize("NFKC", nickname).casefold(), user.name.casefold()
    return (
        (name != "" and shown.lstrip("@") == name)
        or (len(name) >= _TELLING and name in shown)
        or (user.id not in NOBODY and user.id in shown)
    )


def without_mentions(text: str) -> str:
    """A viewer's words without those whom they mention."""
    return _MENTION.sub("@…", text)


def _masked(text: str, plain: str) -> tuple[str, str]:
    masked = without_mentions(text)
    return (text, plain) if masked == text else (masked, normalise(masked))
