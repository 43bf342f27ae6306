// The last RECENT_IDS command ids and what became of them, in RAM that survives a reset: the same id never
// moves anything twice.
#pragma once

#include <stdint.h>

#include "wire.h"

namespace recent {

// After a reset: whatever was still running was interrupted. `kept` is false when the RAM lost its power.
void begin(bool kept);

// UnknownId for an id never seen, or forgotten.
wire::RunStatus find(uint32_t id);

// A new id; forgets the oldest one that is not running.
void remember(uint32_t id, wire::RunStatus status);

// What became of an id that was remembered.
void settle(uint32_t id, wire::RunStatus status);

}  // namespace recent
