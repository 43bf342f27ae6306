// The stop, in RAM that survives a reset: once stopped, only ResetStop naming the same trip ends it.
#pragma once

#include <stdint.h>

namespace latch {

constexpr uint32_t OWN_INPUT = 0;  // the trip of a stop that the board's stop input made

void begin(bool kept);
void trip(uint32_t id);
bool reset(uint32_t id);  // false: not stopped, or by another trip
bool stopped();
uint32_t id();  // 0 while not stopped

}  // namespace latch
