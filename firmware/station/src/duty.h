// The duty limit: how long a channel was energised in any window of its length. Counted in the quarter that
// runs and the four before it, of which the oldest has partly left the window; what cannot be known better
// counts as energised.
#pragma once

#include <stdint.h>

#include "wire.h"

namespace duty {

constexpr uint8_t ACCOUNTS = 6;  // channels of a table with such a limit; an Uno has no RAM for more

// A table entry's limit into its account, and back.
void take_limit(uint8_t place, const wire::TableEntry &entry);
void give_limit(uint8_t place, wire::TableEntry &entry);

void begin();  // with a new table in force: nothing was energised
void tick();

// Channel `index`, which has a limit, was energised from `since` until now.
void charge(uint8_t index, uint32_t since_ms);

// Whether it may be energised for another `on_ms` from now. `since_ms`: energised since then and not yet charged;
// now, when it is not.
bool allows(uint8_t index, uint32_t on_ms, uint32_t since_ms);

// Whether it may be energised for `on_ms` so many times, at any time from now; it is not energised now.
bool allows_spread(uint8_t index, uint32_t on_ms, uint16_t times);

uint32_t window_ms(uint8_t index);

}  // namespace duty
