// One pattern at a time: up to 32 steps of channel, level and time, played on the board by itself.
#pragma once

#include <stdint.h>

#include "wire.h"

namespace pattern {

void begin();  // nothing is loaded, nothing plays
// While one plays it is refused, and so is every pattern with a step of this index until that comes again.
void load(const wire::PatternStep &step);

// Takes an order, or says why not: Started stands for taken. Then every step is checked against its channel's
// limits, one channel in each tick so that no pass gets long; at the end it begins, or is refused and nothing
// has moved. Arming and stop are the caller's to check.
wire::RunStatus run(const wire::PatternRun &order);
bool checks();  // as long as it does, no other order may be carried out
void cancel(uint32_t id);  // 0: whichever plays

// Everything was made safe: nothing plays any more.
void ended(wire::RunStatus why);

void tick();  // after channels::tick(), so that what ends makes way for what begins
bool due_soon();

// Whether a pattern that plays has a step for this channel, or for another one of its group.
bool holds(uint8_t index);
bool holds_group(uint8_t index);

// Takes what is to be told: that it began, or why not; that it ended.
bool take_told(wire::Result &result);
uint32_t began(uint32_t id);  // 0 for any other id

}  // namespace pattern
