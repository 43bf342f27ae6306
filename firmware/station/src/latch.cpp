#include "latch.h"

#include "hal.h"

namespace latch {
namespace {

constexpr uint16_t STOPPED = 0x57A9;
constexpr uint16_t RUNNING = 0xA856;

uint32_t trip_id KEPT_OVER_RESET;
uint16_t mark KEPT_OVER_RESET;  // anything but RUNNING is a stop: damaged RAM must not end one

}  // namespace

void begin(bool kept) {
    if (!kept && mark != STOPPED) {  // a stop that is still to be read in RAM that is not to be trusted goes on
        mark = RUNNING;
        trip_id = 0;
    } else if (mark != RUNNING) {
        mark = STOPPED;
    }
}

void trip(uint32_t id) {
    mark = STOPPED;
    trip_id = id;
}

bool reset(uint32_t id) {
    if (!stopped() || id != trip_id) return false;
    trip_id = 0;
    mark = RUNNING;
    return true;
}

bool stopped() { return mark != RUNNING; }

uint32_t id() { return trip_id; }

}  // namespace latch
