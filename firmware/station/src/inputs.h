// Inputs: debounced, edges counted, every change told until acknowledged; analog ones against a threshold; and
// the stop input.
#pragma once

#include <stdint.h>

#include "wire.h"

namespace inputs {

// A stop input counts as open or closed after this long without a change: contacts bounce and cables pick up
// spikes. Fixed, so that no table can make it slow.
constexpr uint8_t STOP_FILTER_MS = 3;

void begin();  // with the table in force
void tick();
bool stop_open();  // any stop input: pressed, unplugged or cut

// Takes one change that is due to be sent. Changes that come while one waits are told as one; `count` keeps
// the edges.
bool take_changed(wire::InputChanged &changed);
void told(const wire::InputChanged &changed);  // the gateway acknowledged it
void tell_again();                             // a new session: what was not acknowledged is due once more

}  // namespace inputs
