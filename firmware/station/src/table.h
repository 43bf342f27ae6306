// The channel table in force: what came over the wire or lies in the EEPROM, packed into an Uno's RAM.
#pragma once

#include <stdint.h>

#include "hal.h"
#include "wire.h"

namespace table {

constexpr uint8_t LAST_GROUP = 15;
constexpr uint16_t SERVO_LEAST_US = 400, SERVO_MOST_US = 2600;
constexpr uint16_t TONE_LEAST_HZ = 31, TONE_MOST_HZ = 10000;

struct __attribute__((packed)) Entry {
    uint8_t pin : 7, duty_limited : 1;
    uint8_t kind : 4, flags : 4;
    uint8_t group : 4, motion_place : 4;  // of one that moves: how many before it do
    uint8_t safe;
    uint16_t arg;  // pwm: ramp ms; servo: us/s; tone: Hz; input: debounce ms; analog: threshold
    union {
        struct __attribute__((packed)) {
            uint32_t max_on_ms, rest_ms;
        };
        uint16_t hysteresis;  // analog
    };

    bool is(wire::ChannelKind k) const { return kind == uint8_t(k); }
    bool active_low() const { return flags & wire::ChannelFlag::ActiveLow; }
    bool is_output() const;
    bool moves() const { return is(wire::ChannelKind::Pwm) || is(wire::ChannelKind::Servo); }
};

constexpr uint8_t ALL_GOOD = 254;   // of commit()
constexpr uint8_t BAD_TABLE = 255;  // count or CRC

// At boot: the table from the EEPROM, if there is a good one.
void begin();

// Loading a new table. From its first entry on no table is in force.
void load(const wire::TableEntry &entry);
uint8_t commit(uint8_t count, uint32_t crc);  // ALL_GOOD, BAD_TABLE or the first bad entry's index

uint8_t count();  // 0: no table is in force
uint32_t crc();
const Entry &entry(uint8_t index);

// How many entries before `index` have a duty limit too.
uint8_t duty_place(uint8_t index);

// An entry as it came over the wire, but for fields that its kind has no use for.
wire::TableEntry unpacked(uint8_t index);

}  // namespace table
