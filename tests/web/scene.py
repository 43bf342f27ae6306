"""A small venue in the middle of a LIVE, said on the bus as a connector and a gateway would. Invented people."""

import time
from typing import Any

from gateway.messages import (
    KINDS,
    AccountState,
    AccountStats,
    Ack,
    BoardProof,
    Comment,
    CommentEvent,
    EstopProof,
    EstopTrip,
    Event,
    FollowEvent,
    GatewayInfo,
    GatewayState,
    Gift,
    GiftEvent,
    Like,
    LikeEvent,
    Person,
    ShareEvent,
    StationInfo,
    StationState,
    Status,
    User,
    stamp,
)
from gateway.topics import OFFLINE, ONLINE
from tests.web.peer import Peer, T

GATEWAY = "pi-1"
STATIONS = {"cannon": "Confetti cannon", "drum": "Drum", "lamp": "Lamp"}


def user(name: str) -> User:
    return User(id=f"u-{name}", name=name, nickname=name)


def event(kind: type[Any], data: Any, name: str, ago: float = 0.0, account: str = "mira") -> Event:
    at = stamp(time.time() - ago)
    made: Event = kind(id=name, source="test", time=at, received=at, account=account, simulated=True, data=data)
    return made


def say_event(peer: Peer, e: Event) -> None:
    peer.say(T.account_event(e.account, KINDS[type(e)]), e, retain=False)


def station(name: str, **changes: Any) -> StationState:
    base: dict[str, Any] = {"online": True, "armed": True, "board": name, "done": 12}
    return StationState(station=name, **(base | changes))


def proof(trip: EstopTrip | None, confirmed: bool = True, silent: dict[str, str] | None = None) -> EstopProof:
    """A gateway's word on ``trip``; ``silent``: boards that have not proved it, and why."""
    why = silent or {}
    return EstopProof(
        gateway=GATEWAY,
        tripped=trip is not None,
        trip=trip,
        confirmed=trip is not None and confirmed and not why,
        boards=[
            BoardProof(station=s, confirmed=confirmed and s not in why, detail=why.get(s, "")) for s in STATIONS
        ]
        if trip
        else [],
    )


def open_gateway(peer: Peer, armed: bool = True, online: bool = True) -> None:
    peer.say(T.gateway_availability(GATEWAY), ONLINE if online else OFFLINE)
    peer.say(
        T.gateway_info(GATEWAY),
        GatewayInfo(
            gateway=GATEWAY, version="0.1.0", started=stamp(time.time()), config="c0ffee", stations=list(STATIONS)
        ),
    )
    peer.say(
        T.gateway_state(GATEWAY),
        GatewayState(
            gateway=GATEWAY,
            armed=armed,
            events=1204,
            gifts=87,
            actions=96,
            not_done=3,
            latency_p50_ms=3.4,
            latency_p99_ms=8.7,
        ),
    )
    peer.say(T.gateway_estop(GATEWAY), proof(None))
    for name, title in STATIONS.items():
        peer.say(T.station_availability(name), ONLINE)
        peer.say(T.station_info(name), StationInfo(station=name, title=title, driver="arduino", actions={}))
        peer.say(T.station_state(name), station(name, armed=armed))


def open_accounts(peer: Peer) -> None:
    now = time.time()
    live = AccountState(
        account="mira",
        username="mira.on.air",
        phase="live",
        since=stamp(now - 2520),
        room="7300000000000000001",
        viewers=214,
        simulated=True,
    )
    waiting = AccountState(
        account="club",
        username="club_night",
        phase="waiting",
        since=stamp(now - 310),
        detail="Not live now. Looking again in 40 s.",
        simulated=True,
    )
    totals = AccountStats(
        account="mira",
        session="mira-1",
        average_viewers=191.6,
        unique_viewers=318,
        usd=21.55,
        gifts=87,
        coins=4310,
        likes=18240,
        comments=342,
        viewers=214,
        peak_viewers=260,
        simulated=True,
    )
    peer.say(T.account_state("mira"), live)
    peer.say(T.account_state("club"), waiting)
    peer.say(T.account_stats("mira"), totals)
    peer.say(T.account_stats("club"), AccountStats(account="club", simulated=True))


def act(peer: Peer, name: str, where: str, action: str, status: Status, **more: Any) -> None:
    """A result on the bus."""
    peer.say(
        T.station_result(where), Ack(id=name, station=where, action=action, status=status, **more), retain=False
    )


def play(peer: Peer) -> None:
    """A minute of a LIVE: events, and what became of them."""
    say_event(peer, event(FollowEvent, Person(user=user("Dewi")), "e1", 41))
    say_event(peer, event(LikeEvent, Like(user=user("Budi"), count=34), "e2", 33))
    say_event(peer, event(CommentEvent, Comment(user=user("Noor"), text="boom please, once more!"), "e3", 27))
    rose = Gift(
        user=user("Tomás"), gift_id="5655", name="Rose", count=3, total=5, coins=1, streak="s1", ended=False
    )
    say_event(peer, event(GiftEvent, rose, "e4", 19))
    say_event(peer, event(ShareEvent, Person(user=user("Aoife")), "e5", 12))
    hat = Gift(user=user("Liên"), gift_id="6090", name="Confetti", count=1, total=1, coins=100)
    say_event(peer, event(GiftEvent, hat, "e6", 4))
    say_event(peer, event(LikeEvent, Like(user=user("Budi"), count=51), "e7", 2))
    act(peer, "a1", "drum", "beat", Status.DONE, user="Noor", rule="boom", latency_ms=4.1)
    act(peer, "a2", "lamp", "flash", Status.DONE, user="Tomás", rule="rose", latency_ms=2.9)
    act(peer, "a3", "lamp", "flash", Status.BLOCKED, user="Tomás", rule="rose", reason="resting for another 1.2 s")
    act(peer, "a4", "cannon", "fire", Status.DONE, user="Liên", rule="confetti", latency_ms=3.2)
    act(peer, "a5", "drum", "beat", Status.RUNNING, user="Liên", rule="confetti", latency_ms=3.6)
    peer.say(T.station_state("drum"), station("drum", running="beat", outputs=1, queue=2))
