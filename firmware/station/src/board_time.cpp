#include "board_time.h"

#include "hal.h"

namespace board_time {
namespace {
Instant current;
uint32_t last_us;  // hal::micros() at current.ms, so that the fraction never accumulates an error
}  // namespace

void begin(uint32_t ms) {
    current.ms = ms;
    current.four_us = 0;
    last_us = hal::micros();
}

const Instant &now() { return current; }

const Instant &update() {
    uint32_t since = hal::micros() - last_us;
    while (since >= 1000) {  // once or never in a healthy pass
        since -= 1000;
        last_us += 1000;
        current.ms++;
    }
    current.four_us = since / 4;
    return current;
}

bool passed(const Instant &start, uint32_t ms) {
    const uint32_t since = current.ms - start.ms;
    return since > ms || (since == ms && current.four_us >= start.four_us);
}

}  // namespace board_time
