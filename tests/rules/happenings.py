"""Events to decide on."""

from typing import Any

from gateway import messages as m

NOW = 1_790_000_000.0
BUDI = m.User(id="u-1", name="budi.practice", nickname="Budi")
CONTEXT = {"source": "/t", "time": m.stamp(NOW), "received": m.stamp(NOW), "account": "ayu"}


def event(kind: type[m.Event], data: object, number: int = 0, **more: Any) -> m.Event:
    return kind(**{"id": f"{kind.__name__}-{number}", **CONTEXT, **more}, data=data)  # type: ignore[arg-type]


def comment(text: str = "fire", user: m.User = BUDI, number: int = 0, **more: Any) -> m.Event:
    return event(m.CommentEvent, m.Comment(user=user, text=text), number, **more)


def gift(count: int = 1, total: int = 1, coins: int | None = 1, **more: Any) -> m.Event:
    data = m.Gift(user=BUDI, gift_id="5655", name="Rose", count=count, total=total, coins=coins)
    return event(m.GiftEvent, data, total, **more)


def viewers(count: int, **more: Any) -> m.Event:
    return event(m.ViewersEvent, m.Viewers(count=count), count, **more)


def viewer(n: int, **more: Any) -> m.User:
    return m.User(**{"id": f"v-{n}", "name": f"viewer.{n}", **more})


def present(name: str, gift_id: str, coins: int | None = 1, **more: Any) -> m.Event:
    """A single gift of this name and id."""
    data = m.Gift(user=BUDI, gift_id=gift_id, name=name, count=1, total=1, coins=coins)
    return event(m.GiftEvent, data, **more)


def like(count: int, **more: Any) -> m.Event:
    return event(m.LikeEvent, m.Like(count=count), count, **more)


def live(phase: str = "started", **more: Any) -> m.Event:
    return event(m.LiveEvent, m.Live(phase=phase), **more)  # type: ignore[arg-type]


def press(button: str = "go", number: int = 0, **more: Any) -> m.Event:
    return event(m.PressEvent, m.Press(button=button), number, account="", **more)


def coin(level: bool = True, number: int = 0, **more: Any) -> m.Event:
    data = m.Input(station="cannon", channel="coin", level=level)
    return event(m.InputEvent, data, number, account="", **more)


def topic(name: str, payload: str = "", number: int = 0) -> m.Event:
    return event(m.TopicEvent, m.TopicMessage(topic=name, payload=payload), number, account="")
