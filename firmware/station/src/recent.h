// The last RECENT_IDS command ids and what became of them, in RAM that survives a reset: the same id never
// moves anything twice.
#pragma once

#include <stdint.h>

#include "wire.h"

namespace recent {

// After a reset: whatever was still running was interrupted. `kept` is false when the RAM lost its power. Returns
// whether it still knows them all; of a damaged memory nothing is believed.
bool begin(bool kept);

// UnknownId for an id never seen, or forgotten.
wire::RunStatus find(uint32_t id);

// A new id; forgets the oldest one that is not running. Returns its place, which it keeps while it runs.
uint8_t remember(uint32_t id, wire::RunStatus status);

// What became of one that ran. Until the next remember() its place is still its own.
void settle(uint8_t place, wire::RunStatus status);
uint32_t id(uint8_t place);
wire::RunStatus status(uint8_t place);

}  // namespace recent
