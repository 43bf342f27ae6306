#include "outputs.h"

#include "hal.h"

namespace outputs {
namespace {

// Pulse and level channels know two levels: any level but 0 is on.
bool pin_level(const wire::TableEntry &entry, uint8_t level) {
    return (level != 0) != bool(entry.flags & wire::ChannelFlag::ActiveLow);
}

}  // namespace

bool is_output(const wire::TableEntry &entry) {
    switch (wire::ChannelKind(entry.kind)) {
    case wire::ChannelKind::Pulse:
    case wire::ChannelKind::Level:
        return true;
    default:
        return false;
    }
}

void set(const wire::TableEntry &entry, uint8_t level) { hal::drive(entry.pin, pin_level(entry, level)); }

void make_safe(const wire::TableEntry &entry) { set(entry, entry.safe); }

bool is_safe(const wire::TableEntry &entry) {
    return hal::driven_high(entry.pin) == pin_level(entry, entry.safe);
}

void set_led(const wire::TableEntry &entry, bool on) { hal::drive(entry.pin, pin_level(entry, on)); }

}  // namespace outputs
