// Levels that change by and by: the ramp of a pwm channel, the way of a servo.
#pragma once

#include <stdint.h>

#include "wire.h"

namespace motion {

constexpr uint8_t PLACES = 8;  // pwm and servo channels together; an Uno has no RAM for more

// After the commanded position is home, a servo is held this long to get there: the slowest need 0.5 s for
// their whole way.
constexpr uint16_t HOME_MS = 500;
constexpr uint8_t FRAME_MS = 20;  // of servo pulses; a position changes no oftener

// A servo's pulse at 0 and at 255, in microseconds: from its table entry, and back.
void take_range(uint8_t place, const wire::TableEntry &entry);
void give_range(uint8_t place, wire::TableEntry &entry);

// With a new table in force: servos are taken to be home, where their last run left them.
void begin();

// How long a servo may take from anywhere to home, and until it is let go there.
uint32_t home_ms(uint8_t index);

// `index` is a channel that moves. A run begins: from where it is to `level`; `ramp_ms` for pwm.
void start(uint8_t index, uint8_t level, uint16_t ramp_ms);

// Once a millisecond, before any advance(): how many passed since the last time.
void tick(uint8_t ms);

// Drives the output to where it is `ms` later in a run with `left_ms` to go. A pwm channel is back at its safe
// level when nothing is left.
void advance(uint8_t index, uint8_t level, uint8_t ms, uint32_t left_ms);

}  // namespace motion
