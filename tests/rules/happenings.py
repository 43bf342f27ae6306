"""Events to decide on."""

from gateway import messages as m

NOW = 1_790_000_000.0
BUDI = m.User(id="u-1", name="budi.practice", nickname="Budi")
CONTEXT = {"source": "/t", "time": m.stamp(NOW), "received": m.stamp(NOW), "account": "ayu"}


def event(kind: type[m.Event], data: object, number: int = 0, **more: object) -> m.Event:
    return kind(**{"id": f"{kind.__name__}-{number}", **CONTEXT, **more}, data=data)  # type: ignore[arg-type]


def comment(text: str = "fire", user: m.User = BUDI, number: int = 0, **more: object) -> m.Event:
    return event(m.CommentEvent, m.Comment(user=user, text=text), number, **more)


def gift(count: int = 1, total: int = 1, coins: int | None = 1, **more: object) -> m.Event:
    data = m.Gift(user=BUDI, gift_id="5655", name="Rose", count=count, total=total, coins=coins)
    return event(m.GiftEvent, data, total, **more)


def viewers(count: int, **more: object) -> m.Event:
    return event(m.ViewersEvent, m.Viewers(count=count), count, **more)
