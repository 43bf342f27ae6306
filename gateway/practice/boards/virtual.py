"""A board on a pseudo-terminal: the gateway opens it as it would a USB port."""

import asyncio
import contextlib
import os
import tty
from collections.abc import Callable

from gateway.drivers.arduino.wire import Boot
from gateway.practice.boards.line import Faults, Line
from gateway.practice.boards.rules import BoardRules

_CHUNK = 4096


class VirtualBoard:
    """The board's side of the wire in Python, with the firmware's rules, and cheap while nothing happens.

    ``on_edge(pin, level, seconds)`` is called at every change of an output pin's electrical level;
    ``seconds`` is the loop's clock. ``faults`` spoil both directions, each with its own dice;
    while ``mute`` is set nothing the board says arrives, as with a broken wire.
    """

    def __init__(self, board_id: str = "VB-1", *, faults: Faults | None = None) -> None:
        self.on_edge: Callable[[int, bool, float], None] = lambda pin, level, seconds: None
        self.mute = False
        self._rules = BoardRules(board_id, lambda pin, level, seconds: self.on_edge(pin, level, seconds))
        self._to_board = Line(faults or Faults(), self._arrived, "to board")
        self._to_gateway = Line(faults or Faults(), self._write, "to gateway")
        self._master = self._slave = -1
        self._port = ""
        self._powered = self._frozen = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def port(self) -> str:
        """Path to open; "" while unplugged. Another one after each ``plug``, as with real adapters."""
        return self._port

    async def start(self) -> None:
        """Power on and plug in."""
        self._powered = True
        self._rules.power_cycle(self._now())
        self.plug()

    async def stop(self) -> None:
        """Power off and let the pseudo-terminal go."""
        self.unplug()
        self._powered = False
        self._rearm()

    # -- what a person can do to it ------------------------------------------------------------

    def plug(self) -> None:
        """Connect the cable; the board runs on its own supply meanwhile."""
        if self._port:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._port = os.ttyname(self._slave)
        asyncio.get_running_loop().add_reader(self._master, self._readable)
        self._work()

    def unplug(self) -> None:
        """Pull the cable: the gateway sees its port vanish."""
        if not self._port:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)  # held open until now, or the master would report an end of file for ever
        self._port = ""
        self._to_board.clear()
        self._to_gateway.clear()

    def reset(self) -> None:
        """The reset button: ids and a stop are remembered, everything else begins anew."""
        self._rules.reset(self._now(), Boot.RESET_PIN)
        self._work()

    def power_cycle(self) -> None:
        """Off and on: only what an EEPROM holds is remembered."""
        self._rules.power_cycle(self._now())
        self._work()

    def freeze(self) -> None:
        """The processor stands still, its watchdog too; pins keep their level."""
        self._frozen = True
        self._rearm()
        if self._port:
            asyncio.get_running_loop().remove_reader(self._master)

    def thaw(self) -> None:
        """Go on where ``freeze`` stopped."""
        self._frozen = False
        self._work()  # first what time alone has changed: the lease is long over
        if self._port:
            asyncio.get_running_loop().add_reader(self._master, self._readable)

    def set_input(self, pin: int, level: bool) -> None:
        """Apply a level to an input pin."""
        self._rules.set_input(pin, level, self._now())
        self._work()

    def set_analog(self, channel: int, millivolts: int) -> None:
        """Apply a voltage to an analog input; A0 is pin 14."""
        self._rules.set_analog(14 + channel, millivolts, self._now())
        self._work()

    def shows(self, pin: int) -> int:
        """What an output shows: the duty of a pwm channel, a servo's pulse in us, a tone's Hz, else 0 or
        255. A servo without pulses and a silent buzzer show 0."""
        return self._rules.movement.shows(pin, self._now())

    # -- the works -----------------------------------------------------------------------------

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _readable(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            self._to_board.feed(os.read(self._master, _CHUNK))

    def _arrived(self, data: bytes) -> None:
        if self._frozen or not self._powered:
            return
        self._rules.receive(data, self._now())
        self._work()

    def _work(self) -> None:
        """Do what is due, send what is to be sent, and wake again when there is more."""
        if not self._powered or self._frozen:
            return
        now = self._now()
        self._rules.tick(now)
        data = self._rules.data_to_send(now)
        if data:
            self._to_gateway.feed(data)
        self._rearm()

    def _rearm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._powered and not self._frozen:
            self._timer = asyncio.get_running_loop().call_at(self._rules.due(), self._work)

    def _write(self, data: bytes) -> None:
        if self._port and not self.mute:
            with contextlib.suppress(BlockingIOError):  # nobody reads: a UART's bytes are lost then too
                os.write(self._master, data)
