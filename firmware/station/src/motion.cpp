#include "motion.h"

#include "outputs.h"
#include "table.h"

namespace motion {
namespace {

// Positions are 8.8 fixed point levels for pwm, sixteenths of a microsecond for servos.
struct __attribute__((packed)) Place {
    uint16_t at;
    union {
        uint16_t step;  // pwm: of this run, per millisecond; 0: at once
        uint16_t low_us;
    };
    uint16_t high_us;
};

Place places[PLACES];
uint8_t clock;  // milliseconds into the servos' frame

constexpr uint8_t SIXTEENTH = 4;  // bits

bool is_servo(const table::Entry &entry) { return entry.is(wire::ChannelKind::Servo); }

uint16_t position(const Place &p, uint8_t level) {
    return (p.low_us + uint16_t(uint32_t(p.high_us - p.low_us) * level / 255)) << SIXTEENTH;
}

// Each servo takes its step at another millisecond of the frame: all at once would make a pass too long.
bool frame_over(uint8_t place, uint8_t ms) { return uint8_t(clock + FRAME_MS - place) % FRAME_MS < ms; }

// One step from `at` towards `target`, never past it.
uint16_t towards(uint16_t at, uint16_t target, uint32_t step) {
    if (at < target) return uint32_t(target - at) <= step ? target : at + step;
    return uint32_t(at - target) <= step ? target : at - step;
}

void advance_pwm(uint8_t index, Place &p, uint8_t level, uint8_t ms, uint32_t left_ms) {
    const uint16_t home = uint16_t(table::entry(index).safe) << 8;
    const uint8_t before = p.at >> 8;
    uint16_t target = uint16_t(level) << 8;
    if (p.step) {
        const uint16_t way = p.at > home ? p.at - home : home - p.at;
        // The way back must fit what is left. Said without a division: this runs every millisecond.
        if (left_ms < 0xFFFF && left_ms * p.step <= way) target = home;
        p.at = towards(p.at, target, uint32_t(p.step) * ms);
    } else {
        p.at = target;
    }
    if (p.at >> 8 != before) outputs::set(index, p.at >> 8);
}

}  // namespace

void take_range(uint8_t place, const wire::TableEntry &entry) {
    places[place].low_us = entry.arg0;
    places[place].high_us = entry.arg1;
}

void give_range(uint8_t place, wire::TableEntry &entry) {
    entry.arg0 = places[place].low_us;
    entry.arg1 = places[place].high_us;
}

void begin() {
    for (uint8_t i = 0; i < table::count(); i++) {
        const table::Entry &entry = table::entry(i);
        if (!entry.moves()) continue;
        Place &p = places[entry.motion_place];
        p.at = is_servo(entry) ? position(p, entry.safe) : uint16_t(entry.safe) << 8;
    }
}

uint32_t home_ms(uint8_t index) {
    const table::Entry &entry = table::entry(index);
    if (!is_servo(entry)) return 0;
    if (!entry.arg) return HOME_MS;
    const Place &p = places[entry.motion_place];
    return uint32_t(p.high_us - p.low_us) * 1000 / entry.arg + FRAME_MS + HOME_MS;
}

void start(uint8_t index, uint8_t level, uint16_t ramp_ms) {
    const table::Entry &entry = table::entry(index);
    Place &p = places[entry.motion_place];
    if (is_servo(entry)) {
        if (!entry.arg) p.at = position(p, level);
        return outputs::set_servo(index, p.at >> SIXTEENTH);
    }
    const uint8_t way = level > entry.safe ? level - entry.safe : entry.safe - level;
    p.at = uint16_t(entry.safe) << 8;
    p.step = ramp_ms ? (uint16_t(way) << 8) / ramp_ms : 0;
    if (ramp_ms && !p.step) p.step = 1;
    advance_pwm(index, p, level, 0, 0xFFFFFFFF);
}

void advance(uint8_t index, uint8_t level, uint8_t ms, uint32_t left_ms) {
    const table::Entry &entry = table::entry(index);
    Place &p = places[entry.motion_place];
    if (!is_servo(entry)) return advance_pwm(index, p, level, ms, left_ms);
    if (!frame_over(entry.motion_place, ms)) return;
    const uint16_t target = position(p, level);
    const uint16_t step = (uint32_t(entry.arg) << SIXTEENTH) * FRAME_MS / 1000;
    p.at = entry.arg ? towards(p.at, target, step ? step : 1) : target;
    outputs::set_servo(index, p.at >> SIXTEENTH);
}

void tick(uint8_t ms) { clock = (clock + ms) % FRAME_MS; }

}  // namespace motion
