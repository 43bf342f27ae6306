#include "outputs.h"

#include "hal.h"
#include "table.h"

namespace outputs {
namespace {

using table::Entry;
using wire::ChannelKind;

// Pulse and level channels know two levels: any level but 0 is on.
bool pin_level(const Entry &entry, uint8_t level) { return (level != 0) != entry.active_low(); }

uint8_t pin_duty(const Entry &entry, uint8_t level) { return entry.active_low() ? 255 - level : level; }

}  // namespace

void begin(uint8_t index) {
    const Entry &entry = table::entry(index);
    hal::claim(entry.pin, entry.is(ChannelKind::Pwm));
    if (entry.is(ChannelKind::Servo) || entry.is(ChannelKind::Tone)) hal::drive(entry.pin, false);
    make_safe(index);
}

void set(uint8_t index, uint8_t level, uint16_t hz) {
    const Entry &entry = table::entry(index);
    if (entry.is(ChannelKind::Pwm))
        hal::pwm(entry.pin, pin_duty(entry, level));
    else if (entry.is(ChannelKind::Tone))
        hal::tone(entry.pin, level ? hz : 0);
    else
        hal::drive(entry.pin, pin_level(entry, level));
}

void set_servo(uint8_t index, uint16_t us) { hal::servo(table::entry(index).pin, us); }

void make_safe(uint8_t index) {
    const Entry &entry = table::entry(index);
    if (entry.is(ChannelKind::Servo))
        hal::servo(entry.pin, 0);
    else
        set(index, entry.safe);
}

bool is_safe(uint8_t index) {
    const Entry &entry = table::entry(index);
    switch (ChannelKind(entry.kind)) {
    case ChannelKind::Servo:
        return !hal::servo_on(entry.pin);
    case ChannelKind::Tone:
        return !hal::tone_on(entry.pin);
    case ChannelKind::Pwm:
        return hal::pwm_duty(entry.pin) == pin_duty(entry, entry.safe);
    default:
        return hal::driven_high(entry.pin) == pin_level(entry, entry.safe);
    }
}

void set_led(uint8_t index, bool on) {
    const Entry &entry = table::entry(index);
    hal::drive(entry.pin, pin_level(entry, on));
}

}  // namespace outputs
