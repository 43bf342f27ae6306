"""Who is there on an evening of docs/rules.md, and what they do."""

from gateway import messages as m
from tests.rules.happenings import BUDI, event

SARI = m.User(id="u-2", name="sari.practice", nickname="Sari", follower=True)
TOMO = m.User(id="u-3", name="tomo.practice", nickname="Tomo", gifter_level=20)
MODERATOR = m.User(id="u-4", name="mod.practice", moderator=True)
NOISY = m.User(id="u-5", name="noisy.neighbour", follower=True)


def gift(
    count: int = 1,
    total: int = 1,
    coins: int | None = 1,
    *,
    user: m.User = BUDI,
    name: str = "Rose",
    id_: str = "5655",
    ended: bool = True,
) -> m.Event:
    data = m.Gift(user=user, gift_id=id_, name=name, count=count, total=total, coins=coins, ended=ended)
    return event(m.GiftEvent, data)


def lion(coins: int = 1000, user: m.User = BUDI, count: int = 1) -> m.Event:
    return gift(count, count, coins, user=user, name="Lion", id_="6369")


def likes(count: int) -> m.Event:
    return event(m.LikeEvent, m.Like(count=count))


def question(text: str) -> m.Event:
    return event(m.QuestionEvent, m.Question(user=BUDI, text=text))


def press(button: str) -> m.Event:
    return event(m.PressEvent, m.Press(button=button), account="")


def coin_slot(level: bool) -> m.Event:
    return event(m.InputEvent, m.Input(station="cannon", channel="coin", level=level), account="")


def door(payload: str) -> m.Event:
    return event(m.TopicEvent, m.TopicMessage(topic="home/hall/door", payload=payload), account="")


def live(phase: str, room: str = "") -> m.Event:
    return event(m.LiveEvent, m.Live(phase=phase), room=room)  # type: ignore[arg-type]  # a closed set of texts


def battle(phase: str) -> m.Event:
    return event(m.BattleEvent, m.Battle(battle="1", phase=phase))  # type: ignore[arg-type]  # a closed set of texts


def of(kind: type[m.Event], count: int = 1) -> m.Event:
    return event(kind, m.Person(user=BUDI if count == 1 else None, count=count))
