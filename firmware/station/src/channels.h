// What the channels of the table in force are doing: runs, their timing and their limits. The board enforces
// every limit itself, whatever it is asked.
#pragma once

#include <stdint.h>

#include "board_time.h"
#include "table.h"
#include "wire.h"

namespace channels {

// Homing: a servo's run is over, it goes home; another run may take it from there, but its train of pulses is
// energised all the while, and counts as one. Resting: off for less than its rest time.
enum class Phase : uint8_t { Idle, On, Homing, Resting };

struct __attribute__((packed)) Output {
    uint8_t run : 5;            // which of recent.h's ids; that of a pattern's step is the pattern's
    uint8_t phase : 2;
    uint8_t untold : 1;         // the run has ended, and the gateway was not told
    board_time::Instant since;  // the last edge; a servo's train began or ended
    uint32_t on_ms;             // from there to the end of this phase
    uint8_t level;
};
static_assert(wire::RECENT_IDS == 32, "5 bits");

struct __attribute__((packed)) Input {
    uint32_t count;       // active edges
    uint32_t changed_at;  // the true time of the last change of `level`
    uint16_t stable_ms;   // since the last raw change; never more than 65535
    uint8_t raw : 2, level : 2;
    uint8_t due : 1;     // to be sent
    uint8_t untold : 1;  // not yet acknowledged
};

// What a channel remembers; which of the two follows from its kind.
union Slot {
    Output output;
    Input input;
};

// With a new table in force: nothing runs, every output is safe.
void begin();

Slot &slot(uint8_t index);

// Begins a run or says why not. Arming and stop are the caller's to check.
wire::RunStatus run(const wire::Run &order);
void renew(uint32_t id, uint32_t on_ms);
void cancel(uint32_t id);  // 0: all

// For a pattern, which has checked all of this before: begins a step at its appointed time.
void begin_step(uint8_t index, uint8_t level, uint32_t on_ms, uint8_t run, const board_time::Instant &at);

// Ends what is on: a servo goes home.
void end(uint8_t index, wire::RunStatus why);

// Every output to its safe level now, servos let go where they are; whatever ran ends as `why`.
void make_safe(wire::RunStatus why);

void tick();

// Whether a run ends within two milliseconds, so that resting would make it late.
bool due_soon();

// Bit n: channel n is away from its safe level, read back from its pin.
uint16_t energised();

// Whether a run or its way home is on, and since when.
bool energised_since(uint8_t index, uint32_t &since_ms);

// How long until this channel could begin another run; 0: now. Not for one that is on.
uint32_t rest_left(uint8_t index);

// Whether another channel of this one's group is energised.
bool group_energised(uint8_t index);

// Takes one run that ended and was not yet reported.
bool take_ended(wire::Result &result);

// When a run that is on began; 0 for any other id.
uint32_t began(uint32_t id);

}  // namespace channels
