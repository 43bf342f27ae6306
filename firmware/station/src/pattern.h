// One pattern at a time: up to 32 steps of channel, level and time, played on the board by itself.
#pragma once

#include <stdint.h>

#include "wire.h"

namespace pattern {

void begin();  // nothing is loaded, nothing plays
void load(const wire::PatternStep &step);

// Begins to play or says why not: every step is checked against its channel's limits before the first edge.
// Arming and stop are the caller's to check.
wire::RunStatus run(const wire::PatternRun &order);
void cancel(uint32_t id);  // 0: whichever plays

// Everything was made safe: nothing plays any more.
void ended(wire::RunStatus why);

void tick();  // after channels::tick(), so that what ends makes way for what begins
bool due_soon();

// Whether a pattern that plays has a step for this channel, or for another one of its group.
bool holds(uint8_t index);
bool holds_group(uint8_t index);

bool take_ended(wire::Result &result);
uint32_t began(uint32_t id);  // 0 for any other id

}  // namespace pattern
