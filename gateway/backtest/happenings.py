"""Events made of what a test says."""

from typing import Any

from gateway import messages as m
from gateway.settings.expectations import Given, Viewer, Who
from gateway.settings.values import duration


class Happenings:
    """``account``: whose LIVE it is where a test does not say. Streaks and inputs go on from one to the next."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._number = 0
        self._totals: dict[tuple[str, str], int] = {}
        self._inputs: dict[tuple[str, str], int] = {}

    def event(self, given: Given, now: float) -> m.Event:
        """The event that ``given`` stands for, received ``now``."""
        self._number += 1
        at = m.stamp(now)
        account = given.account or self._account
        venue: dict[str, Any] = {"id": f"test-{self._number}", "source": "test", "time": at, "received": at}
        live: dict[str, Any] = {**venue, "account": account}
        match given:
            case Given(gift=gift) if gift is not None:
                return m.GiftEvent(**live, data=self._gift(given, account))
            case Given(comment=said) if said is not None:
                return m.CommentEvent(**live, data=m.Comment(user=_user(said.user), text=said.text))
            case Given(question=said) if said is not None:
                return m.QuestionEvent(**live, data=m.Question(user=_user(said.user), text=said.text))
            case Given(like=int(count)):
                return m.LikeEvent(**live, data=m.Like(count=count))
            case Given(follow=person) if person is not None:
                return m.FollowEvent(**live, data=m.Person(user=_user(person.user)))
            case Given(share=person) if person is not None:
                return m.ShareEvent(**live, data=m.Person(user=_user(person.user)))
            case Given(subscribe=person) if person is not None:
                return m.SubscribeEvent(**live, data=m.Person(user=_user(person.user)))
            case Given(join=person) if person is not None:
                return m.JoinEvent(**live, data=m.Person(user=_user(person.user)))
            case Given(viewers=int(count)):
                return m.ViewersEvent(**live, data=m.Viewers(count=count))
            case Given(envelope=chest) if chest is not None:
                return m.EnvelopeEvent(**live, data=m.Envelope(user=_user(chest.user), coins=chest.coins))
            case Given(battle=phase) if phase is not None:
                return m.BattleEvent(**live, data=m.Battle(battle="test", phase=phase))
            case Given(live=phase) if phase is not None:
                return m.LiveEvent(**live, room=f"test-{self._number}", data=m.Live(phase=phase))
            case Given(gap=str(length)):
                begin = m.stamp(now - duration(length))
                return m.GapEvent(**live, data=m.Gap(start=begin, end=at, why="a test"))
            case Given(button=str(button)):
                return m.PressEvent(**venue, data=m.Press(button=button, by="a test"))
            case Given(topic=topic) if topic is not None:
                return m.TopicEvent(**venue, data=m.TopicMessage(topic=topic.topic, payload=topic.payload))
            case Given(input=change) if change is not None:
                key = change.station, change.channel
                self._inputs[key] = count = self._inputs.get(key, 0) + change.level
                data = m.Input(station=change.station, channel=change.channel, level=change.level, count=count)
                return m.InputEvent(**venue, data=data)
        raise ValueError(f"{given!r} is no event")

    def _gift(self, given: Given, account: str) -> m.Gift:
        assert given.gift is not None
        gift, total = given.gift, given.gift.count
        if gift.streak is not None:
            key = account, gift.streak
            self._totals[key] = total = self._totals.get(key, 0) + gift.count
        return m.Gift(
            user=_user(gift.user),
            gift_id=gift.id or gift.name,
            name=gift.name,
            count=gift.count,
            total=total,
            coins=gift.coins,
            streak=gift.streak or "",
            ended=gift.ended,
        )


def _user(who: Who) -> m.User:
    v = who if isinstance(who, Viewer) else Viewer(name=who)
    return m.User(
        id=v.name,
        name=v.name,
        nickname=v.name,
        follower=v.follower,
        moderator=v.moderator,
        subscriber=v.subscriber,
        fan_level=v.fan_level,
        gifter_level=v.gifter_level,
    )
