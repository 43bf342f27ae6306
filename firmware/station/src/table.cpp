#include "table.h"

#include <string.h>

#include "duty.h"
#include "frame.h"
#include "motion.h"
#include "store.h"

namespace table {
namespace {

using wire::ChannelKind;

Entry entries[wire::MAX_CHANNELS];
uint8_t in_force;  // how many; 0 while none is
uint32_t crc_in_force;

// The table being loaded takes the place of the one in force: two would not fit beside each other.
uint8_t loaded;  // entries that came, in order
uint8_t verdict;
uint32_t load_crc;

uint8_t how_many(ChannelKind kind, uint8_t before) {
    uint8_t found = 0;
    for (uint8_t i = 0; i < before; i++) found += entries[i].is(kind);
    return found;
}

bool pin_taken(uint8_t index) {
    for (uint8_t i = 0; i < index; i++)
        if (entries[i].pin == entries[index].pin) return true;
    return false;
}

// The servos' pulses and the tone each take a timer; pwm pins on it would fall still.
bool timer_taken(uint8_t timer, uint8_t index) {
    return (timer == hal::SERVO_TIMER && how_many(ChannelKind::Servo, index)) ||
           (timer == hal::TONE_TIMER && how_many(ChannelKind::Tone, index));
}

bool pwm_on(uint8_t timer, uint8_t index) {
    for (uint8_t i = 0; i < index; i++)
        if (entries[i].is(ChannelKind::Pwm) && hal::timer_of(entries[i].pin) == timer) return true;
    return false;
}

bool good_output(const wire::TableEntry &e, uint8_t index) {
    if (e.group > LAST_GROUP) return false;
    if (e.duty_permille > 1000 || (e.duty_permille && !e.duty_window_s)) return false;
    if (entries[index].duty_limited && duty_place(index) >= duty::ACCOUNTS) return false;
    if (entries[index].moves() && entries[index].motion_place >= motion::PLACES) return false;
    switch (ChannelKind(e.kind)) {
    case ChannelKind::Pwm:
        return hal::timer_of(e.pin) != hal::NO_TIMER && !timer_taken(hal::timer_of(e.pin), index);
    case ChannelKind::Servo:
        return !(e.flags & wire::ChannelFlag::ActiveLow) && e.arg0 >= SERVO_LEAST_US && e.arg0 < e.arg1 &&
               e.arg1 <= SERVO_MOST_US && how_many(ChannelKind::Servo, index) < hal::SERVOS &&
               !pwm_on(hal::SERVO_TIMER, index);
    case ChannelKind::Tone:
        return !(e.flags & wire::ChannelFlag::ActiveLow) && e.safe == 0 && e.arg0 >= TONE_LEAST_HZ &&
               e.arg0 <= TONE_MOST_HZ && !how_many(ChannelKind::Tone, index) && !pwm_on(hal::TONE_TIMER, index);
    default:
        return e.safe == 0 || e.safe == 255;
    }
}

// A limit that this board cannot keep is refused, never ignored.
bool acceptable(const wire::TableEntry &e, uint8_t index) {
    if (!hal::is_digital_pin(e.pin) || pin_taken(index)) return false;
    switch (ChannelKind(e.kind)) {
    case ChannelKind::Pulse:
    case ChannelKind::Level:
    case ChannelKind::Pwm:
    case ChannelKind::Servo:
    case ChannelKind::Tone:
        return good_output(e, index);
    case ChannelKind::Input:
    case ChannelKind::Status:
        return true;
    case ChannelKind::Analog:
        return hal::is_analog_pin(e.pin) && e.arg0 <= 1023 && e.arg1 <= e.arg0;
    case ChannelKind::Stop:
        return !hal::has_led(e.pin);
    default:
        return false;
    }
}

// Puts an entry behind those that came before it.
void append(const wire::TableEntry &e) {
    Entry &entry = entries[loaded];
    memset(&entry, 0, sizeof entry);
    entry.pin = e.pin & 0x7F;
    entry.kind = e.kind & 0x0F;
    entry.flags = e.flags & 0x0F;
    entry.group = e.group & LAST_GROUP;
    entry.motion_place = how_many(ChannelKind::Pwm, loaded) + how_many(ChannelKind::Servo, loaded);
    entry.safe = e.safe;
    entry.arg = e.arg0;
    if (entry.is_output()) {
        entry.duty_limited = e.duty_permille && e.duty_permille < 1000;
        entry.max_on_ms = e.max_on_ms;
        entry.rest_ms = e.rest_ms;
    } else if (entry.is(ChannelKind::Analog)) {
        entry.hysteresis = e.arg1;
    }
    if (verdict == ALL_GOOD && (e.kind > 0x0F || !acceptable(e, loaded))) verdict = loaded;
    if (verdict == ALL_GOOD) {
        if (entry.duty_limited) duty::take_limit(duty_place(loaded), e);
        if (entry.is(ChannelKind::Servo)) {
            entry.arg = e.arg2;
            motion::take_range(entry.motion_place, e);
        }
    }
    loaded++;
}

void enforce(uint8_t count, uint32_t crc) {
    in_force = count;
    crc_in_force = crc;
    loaded = 0;
    verdict = ALL_GOOD;
}

}  // namespace

bool Entry::is_output() const { return kind >= uint8_t(ChannelKind::Pulse) && kind <= uint8_t(ChannelKind::Tone); }

void begin() {
    wire::TableEntry e;
    const uint8_t count = store::table_count();
    enforce(0, 0);
    for (uint8_t i = 0; i < count; i++) {
        store::table_entry(i, e);
        append(e);
    }
    if (verdict == ALL_GOOD)
        enforce(count, store::table_crc());
    else
        enforce(0, 0);  // written by a newer firmware
}

void load(const wire::TableEntry &e) {
    if (e.index == 0) {
        store::forget_table();
        enforce(0, 0);
        load_crc = frame::CRC_START;
    }
    if (e.index != loaded || loaded == wire::MAX_CHANNELS) {
        verdict = BAD_TABLE;
        return;
    }
    append(e);
    load_crc = frame::crc_add(load_crc, &e, sizeof e);
}

uint8_t commit(uint8_t count, uint32_t crc) {
    const uint32_t found = loaded ? ~load_crc : 0;
    const uint8_t bad = count != loaded || crc != found ? BAD_TABLE : verdict;
    loaded = 0;
    verdict = ALL_GOOD;
    if (bad != ALL_GOOD) return bad;
    enforce(count, crc);
    store::save_table();
    return ALL_GOOD;
}

uint8_t count() { return in_force; }

uint32_t crc() { return crc_in_force; }

const Entry &entry(uint8_t index) { return entries[index]; }

uint8_t duty_place(uint8_t index) {
    uint8_t found = 0;
    for (uint8_t i = 0; i < index; i++) found += entries[i].duty_limited;
    return found;
}

wire::TableEntry unpacked(uint8_t index) {
    const Entry &entry = entries[index];
    wire::TableEntry e = {index, entry.kind, entry.pin, entry.flags, entry.group, entry.safe, 0, 0, 0, 0, entry.arg, 0, 0};
    if (entry.is_output()) {
        e.max_on_ms = entry.max_on_ms;
        e.rest_ms = entry.rest_ms;
    } else if (entry.is(ChannelKind::Analog)) {
        e.arg1 = entry.hysteresis;
    }
    if (entry.duty_limited) duty::give_limit(duty_place(index), e);
    if (entry.is(ChannelKind::Servo)) {
        e.arg2 = entry.arg;
        motion::give_range(entry.motion_place, e);
    }
    return e;
}

}  // namespace table
