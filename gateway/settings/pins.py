"""What the pins of each board can do, as the firmware uses them."""

from msgspec import Struct


class Pins(Struct, frozen=True):
    """One kind of board. ``pwm``: pins with a hardware timer; of these, the ones whose timer a servo or a tone
    takes away."""

    title: str
    digital: range
    pwm: frozenset[int]
    analog: range
    servo_timer: frozenset[int]
    tone_timer: frozenset[int]

    def complaint(self, kind: str, pin: int) -> str:
        """Why a channel of ``kind`` cannot be on ``pin``; "" when it can."""
        if kind == "analog" and pin not in self.analog:
            first, last = self.analog[0], self.analog[-1]
            names = f"A0 to A{len(self.analog) - 1}"
            return f"pin {pin} of {self.title} cannot measure a voltage; use {first} to {last} ({names})"
        if kind != "analog" and pin not in self.digital:
            last = self.digital[-1]
            return f"{self.title} has no digital pin {pin}; use 2 to {last}" + (
                ", or board kind mega" if self.title.startswith("an") else ""
            )
        if kind == "pwm" and pin not in self.pwm:
            return f"pin {pin} of {self.title} cannot do pwm; use {listed(self.pwm)}"
        if kind == "stop" and pin == 13:
            # The on-board LED's resistor holds the pin low: such a stop input never opens.
            return "pin 13 cannot be a stop input: the board's LED pulls it down; use another pin"
        return ""


PINS = {
    "uno": Pins(
        "an Uno or Nano",
        range(2, 20),
        frozenset({3, 5, 6, 9, 10, 11}),
        range(14, 20),
        frozenset({9, 10}),
        frozenset({3, 11}),
    ),
    "mega": Pins(
        "a Mega",
        range(2, 70),
        frozenset({*range(2, 14), 44, 45, 46}),
        range(54, 70),
        frozenset({11, 12}),
        frozenset({9, 10}),
    ),
}


def listed(pins: frozenset[int]) -> str:
    """``3, 5 or 6``."""
    *most, last = map(str, sorted(pins))
    return f"{', '.join(most)} or {last}"
