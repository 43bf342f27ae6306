// What each message from the gateway means.
#pragma once

#include "frame.h"
#include "wire.h"

namespace orders {

// Whether it was an order, carried out now.
bool take(const frame::Frame &f);

// Whether another order may be carried out, as far as its own answers allow.
bool ready();

// Posts every ending that waits to be reported; false while some still wait for room.
bool tell_ended();

void gather(wire::Stats &stats);

}  // namespace orders
