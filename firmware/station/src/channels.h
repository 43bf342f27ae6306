// The channel table in force and its outputs: levels, timing, limits. The board enforces every limit itself,
// whatever it is asked.
#pragma once

#include <stdint.h>

#include "board_time.h"
#include "wire.h"

namespace channels {

enum class Phase : uint8_t { Idle, On, Resting };

struct Output {
    Phase phase;
    wire::RunStatus ended;      // of the last run while it waits to be reported, else Started
    board_time::Instant since;  // the last edge
    uint32_t id;
    uint32_t on_ms;
};

struct Input {
    uint32_t raw_since;   // ms of the last raw change: the true time of an edge
    uint32_t changed_at;  // of the last change of `level`
    uint32_t count;       // active edges
    uint8_t raw, level;
    bool due;     // to be sent
    bool untold;  // not yet acknowledged
};

// What a channel remembers; which of the two follows from its kind.
union Slot {
    Output output;
    Input input;
};

// At boot: brings the table from the EEPROM into force.
void begin(char *board_id);

constexpr uint8_t ALL_GOOD = 254;   // of load_commit()
constexpr uint8_t BAD_TABLE = 255;  // count or CRC

// Loading a new table. From its first entry on no table is in force; outputs of the old one stay driven at
// their safe level.
void load_entry(const wire::TableEntry &entry);
uint8_t load_commit(uint8_t count, uint32_t crc);  // ALL_GOOD, BAD_TABLE or the first bad entry's index

uint8_t count();
uint32_t table_crc();
const wire::TableEntry &entry(uint8_t index);
Slot &slot(uint8_t index);

// Begins a run or says why not. Arming and stop are the caller's to check.
wire::RunStatus run(const wire::Run &order);
void cancel(uint32_t id);  // 0: all

// Every output to its safe level now; whatever ran ends as `why`.
void make_safe(wire::RunStatus why);

void tick();

// Whether a run ends within two milliseconds, so that resting would make it late.
bool due_soon();

// Bit n: channel n is away from its safe level, read back from its pin.
uint16_t energised();

// Takes one run that ended and was not yet reported.
bool take_ended(wire::Result &result);

// When a run that is on began; 0 for any other id.
uint32_t began(uint32_t id);

}  // namespace channels
