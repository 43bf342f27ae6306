// What a level means on a pin, by kind of channel.
#pragma once

#include <stdint.h>

namespace outputs {

// With a new table in force: takes the pin over and makes it safe, without a blip.
void begin(uint8_t index);

// `hz`: of a tone.
void set(uint8_t index, uint8_t level, uint16_t hz = 0);
void set_servo(uint8_t index, uint16_t us);  // holds that position with a train of pulses

// To the safe level at once. A servo's train ends: its motor is let go.
void make_safe(uint8_t index);
bool is_safe(uint8_t index);  // read back from the pin, or from the timer that drives it

// Shows the board's state on a status LED.
void set_led(uint8_t index, bool on);

}  // namespace outputs
