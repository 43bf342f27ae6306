// The board's clock: milliseconds since boot in 32 bits (wraps after 49.7 days) and the microseconds within.
#pragma once

#include <stdint.h>

namespace board_time {

struct __attribute__((packed)) Instant {
    uint32_t ms;
    uint8_t four_us;  // 0 to 249: the chip's own clock is no finer
};

void begin(uint32_t ms = 0);
const Instant &now();      // as of the last update
const Instant &update();

// Whether `ms` milliseconds have passed since `start`. Right across the wrap for spans under 49.7 days, so
// whoever waits must ask often and then stop asking.
bool passed(const Instant &start, uint32_t ms);

}  // namespace board_time
