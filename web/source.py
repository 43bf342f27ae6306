"""The page's end of the bus: an asyncio loop in a thread keeps the venue, any thread may press or read ``rows``.

What makes safe (a stop, a disarm, a pause) is sent at QoS 1 and repeated until the broker has it. What
allows movement (a reset, arming, going live) is sent now or never: found in a queue minutes later, it
would move a machine that nobody is watching.
"""

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from flask_babel import lazy_gettext
from msgspec import Struct

from gateway.bus import Bus, Message
from gateway.errors import BusError, PayloadError, ServiceError, StagewireError
from gateway.logs import PRESSED
from gateway.messages import (
    EstopReset,
    EstopTrip,
    Mode,
    ModeOrder,
    Response,
    encode,
    stamp,
)
from gateway.settings.models import Broker
from gateway.topics import Topics
from web.asking import ANSWER_S, Asking, Params
from web.heard import subscriptions
from web.pressed import Pressed
from web.rows import Rows
from web.stop import Stop, judge
from web.venue import Venue

log = logging.getLogger(__name__)

UPDATE_S = 0.1
"""Changes are gathered this long: at most ten updates a second, however hard it rains likes."""
SETTLE_S = 1.0
"""After a connect, the retained messages are in by then (a local broker needs milliseconds)."""
LOOP_S = 2.0
"""A press must reach the loop within this, or the page says that its own end hangs."""

T = TypeVar("T")


class Source:
    """``start`` before use, ``stop`` once at the end; every method between may be called from any thread.

    ``rows`` is what the page shows.
    """

    def __init__(self, venue: str, broker: Broker, *, base_dir: Path = Path()) -> None:
        self.venue = venue
        self.rows = Rows(secrets.token_hex(4))
        self._broker = broker
        self._base_dir = base_dir
        self._topics = Topics(venue)
        # all below is the loop's
        self._state = Venue(venue)
        self._pressed = Pressed(self._send_trip)
        self._settle: asyncio.TimerHandle | None = None
        self._link = {"connected": False, "words": "connecting to the broker", "since": stamp(time.time())}
        self._commit_due = False
        self._last_commit = 0.0
        self._thread = threading.Thread(target=self._run, name="bus", daemon=True)
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    # -- life --------------------------------------------------------------------------------------

    def start(self) -> None:
        """Raises ``SettingsError`` or ``BusError`` when the password or CA file cannot be used."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Wake every waiter and close the connection. May be called from a signal handler."""
        self.rows.closed = True
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._main.cancel)

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except asyncio.CancelledError:
            pass
        except StagewireError as e:
            self._failure = e
        finally:
            self._ready.set()
            self.rows.close()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        this = asyncio.current_task()
        assert this is not None
        self._main = this
        self._bus = Bus(
            self._broker,
            f"web-{self.venue}-{self.rows.instance}",
            on_message=self._on_message,
            on_state=self._on_state,
            base_dir=self._base_dir,
        )
        self._asking = Asking(self._topics, self._bus.publish)
        for topic_filter in subscriptions(self._topics):
            self._bus.subscribe(topic_filter)
        self._commit()
        self._ready.set()
        await self._bus.run()

    # -- what the page presses -----------------------------------------------------------------------

    def trip(self, name: str, by: str) -> Stop:
        """Stop everything. ``name`` is the press's id: the same press twice is one stop.

        While the broker is away the stop is kept, shown as pending, and sent the moment it is back.
        """
        return self._call(self._trip(name, by))

    def reset(self, trip: str, by: str) -> Stop:
        """End the stop ``trip``; machines stay disarmed. Raises ``PayloadError`` when it does not stand,
        ``BusError`` when it could not be sent."""
        return self._call(self._reset(trip, by))

    def ask(
        self,
        verb: str,
        params: Params,
        by: str,
        gateway: str = "",
        text: str = "",
        patience: float = ANSWER_S,
    ) -> Response:
        """Ask one gateway: ``gateway``, else that of the station in ``params``, else the only one. ``text`` is for
        what is longer than a parameter, such as a rule. ``patience``: seconds that it may take.

        Raises ``PayloadError`` when none is meant, ``BusError`` when it could not be sent or is not answered.
        """
        return self._call(self._ask(verb, params, by, gateway, text, patience), patience + LOOP_S)

    def ask_all(self, verb: str, params: Params, by: str) -> list[Response]:
        """Ask every gateway that is online; their answers. Raises ``BusError`` when one does not answer."""
        return self._call(self._ask_all(verb, params, by), ANSWER_S + LOOP_S)

    def mode(self, mode: Mode, by: str) -> None:
        """Order a mode. Raises ``BusError`` when it could not be sent."""
        self._call(self._order(mode, by))

    def look(self, what: Callable[[Venue], T]) -> T:
        """What the venue says of itself now; ``what`` runs on the loop and must be quick."""
        return self._call(_now(lambda: what(self._state)))

    def order(self, topic: Callable[[Topics], str], body: Struct) -> None:
        """Publish an order, now or never. Raises ``BusError`` when it could not be sent."""
        if not self._call(_now(lambda: self._bus.publish(topic(self._topics), encode(body), qos=0))):
            raise BusError(lazy_gettext("the broker does not answer: nothing was sent"))

    def _call(self, work: Coroutine[Any, Any, T], timeout: float = LOOP_S) -> T:
        if self.rows.closed or not self._thread.is_alive():
            work.close()
            raise ServiceError(lazy_gettext("the page is shutting down"))
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise ServiceError(
                lazy_gettext("the page's own end of the bus hangs; restart `stagewire web`")
            ) from None

    async def _trip(self, name: str, by: str) -> Stop:
        if self._pressed.press(name, by, self._judge()):
            self._touch()
        return self._judge()

    def _send_trip(self, trip: EstopTrip) -> None:
        self._bus.publish(self._topics.estop_trip, encode(trip), qos=1, retain=True)

    async def _reset(self, trip: str, by: str) -> Stop:
        stop = self._judge()
        if stop.trip != trip or stop.phase == "clear":
            raise PayloadError(lazy_gettext("that stop does not stand any more: look at the page again"))
        if not stop.can_reset:
            raise BusError(lazy_gettext("no gateway answers, so nothing can be reset"))
        if not self._bus.publish(self._topics.estop_reset, encode(EstopReset(trip=trip, by=by)), qos=0):
            raise BusError(lazy_gettext("the broker does not answer: the reset was not sent"))
        log.warning("stop %s: reset pressed by %s", trip, by, extra=PRESSED)
        return stop

    async def _ask(self, verb: str, params: Params, by: str, gateway: str, text: str, patience: float) -> Response:
        if not gateway and "station" in params:
            gateway = self._state.gateway_of(str(params["station"]))
            if not gateway:
                raise PayloadError(
                    lazy_gettext("no gateway here has a station %(station)r", station=params["station"])
                )
        gateways = self._online()
        if gateway and gateway not in gateways:
            raise BusError(lazy_gettext("gateway %(gateway)s does not answer: nothing was sent", gateway=gateway))
        if not gateway and len(gateways) > 1:
            raise PayloadError(
                lazy_gettext("say which gateway is meant: %(gateways)s", gateways=", ".join(gateways))
            )
        return (await self._asking.ask([gateway or gateways[0]], verb, params, by, text, patience))[0]

    async def _ask_all(self, verb: str, params: Params, by: str) -> list[Response]:
        return await self._asking.ask(self._online(), verb, params, by)

    def _online(self) -> list[str]:
        """The gateways that can be asked now. Raises ``BusError`` when there are none."""
        found = [g for g in sorted(self._state.ids("gateway")) if self._state.online("gateway", g)]
        if not found or not self._bus.connected:
            raise BusError(lazy_gettext("no gateway answers: nothing was sent"))
        return found

    async def _order(self, mode: Mode, by: str) -> None:
        order = encode(ModeOrder(mode=mode, by=by))
        if not self._bus.publish(self._topics.mode, order, qos=0 if mode == "live" else 1, retain=True):
            raise BusError(lazy_gettext("the broker does not answer: the mode was not sent"))
        log.warning("mode %s ordered by %s", mode, by, extra=PRESSED)

    # -- on the loop ---------------------------------------------------------------------------------

    def _on_message(self, message: Message) -> None:
        answer = self._state.take(message.topic, message.payload, message.retain, time.time())
        if answer is not None:
            self._asking.take(answer)
            return
        state = self._state
        self._pressed.follow(
            message.topic == self._topics.estop_trip, state.trip, lambda: state.gateways().values()
        )
        self._touch()

    def _on_state(self, connected: bool, words: str) -> None:
        if connected != self._link["connected"]:
            self._link["since"] = stamp(time.time())
        self._link |= {"connected": connected, "words": words}
        if self._settle is not None:  # one of an earlier connection would sweep too early
            self._settle.cancel()
        if connected:
            self._state.begin()
            self._settle = self._loop.call_later(SETTLE_S, self._sweep)
            self._pressed.connected()
        self._touch()

    def _sweep(self) -> None:
        self._state.sweep()
        self._touch()

    def _judge(self) -> Stop:
        return judge(
            pending=self._pressed.pending,
            trip=self._state.trip,
            gateways=self._state.gateways(),
            connected=self._bus.connected,
        )

    def _touch(self) -> None:
        """Something changed: commit now if the last commit is long enough ago, else when it is."""
        if not self._commit_due:
            self._commit_due = True
            self._loop.call_at(max(self._loop.time(), self._last_commit + UPDATE_S), self._commit)

    def _commit(self) -> None:
        self._commit_due = False
        self._last_commit = self._loop.time()
        changed = self._state.drain()
        changed["stop", "venue"] = self._judge()
        changed["link", "broker"] = self._link
        changed["mode", "venue"] = self._state.mode
        self.rows.put(changed)


async def _now(work: Callable[[], T]) -> T:
    return work()
